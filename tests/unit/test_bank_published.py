"""Every entry of the bank against its published matrix, and what every entry must say."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from unit.bank_tools import (
    BANK,
    ENTRIES,
    GENERATED,
    KERNELS,
    RAW,
    RAW_ENTRIES,
    SETS,
    exact,
    floats,
    load,
    total,
    turned,
)
from unit.published_kernels import PUBLISHED

from imgconv.model.facts import examine

FAMILIES = (
    *("blur", "contrast", "derivatives", "edges", "emboss", "laplacian", "lines"),
    *("morphology", "pass", "presets", "rank", "sharpen", "smoothing", "texture"),
)
TURNING_GENERATORS = {"motion", "haar", "gabor", "savgol", "farid_derivative"}

# Of kernels without a middle: which tap is the pixel itself.
EVEN_ANCHORS = {
    **dict.fromkeys(("roberts_x", "roberts_y"), (0, 0)),
    **dict.fromkeys(("forward_difference_x", "forward_difference_y"), (0, 0)),
    "backward_difference_x": (0, 1),
    "backward_difference_y": (1, 0),
    **dict.fromkeys(("haar_edge_x", "haar_edge_y", "haar_checker"), (1, 1)),
}

# The source documents, as they print them.
SOURCE_DOCUMENTS = {
    "small_blur": np.full((7, 7), Fraction(1, 49)),
    "large_blur": np.full((21, 21), Fraction(1, 441)),
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "sobel_x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "sobel_y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
}

# The list in shared/rules.md that is not a kernel with weights.
REQUIRED_GENERATORS = {
    *("box", "disk", "motion", "binomial", "gaussian", "log", "dog", "unsharp", "high_boost"),
    *("gabor", "savgol", "laplacian_alpha", "haar", "farid_derivative"),
}
REQUIRED_SETS = {
    **dict.fromkeys(("sobel", "scharr", "prewitt", "roberts", "farid"), "root_sum_squares"),
    **dict.fromkeys(("kirsch", "robinson3", "robinson5", "prewitt_compass"), "max"),
    **dict.fromkeys(("frei_chen_edge", "frei_chen_line"), "root_sum_squares"),
    "line": "max_abs",
}


def published(name):
    """Give scale times weights as published."""
    rows, scale, _ = PUBLISHED[name]
    return [[scale * weight for weight in row] for row in rows]


def test_the_two_lists_have_the_same_names():
    assert set(KERNELS) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_weights_and_offset_are_the_published_ones(name):
    kernel = KERNELS[name]
    assert exact(kernel) == published(name)
    assert kernel.offset == PUBLISHED[name][2]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_stated_sum_is_that_of_the_published_weights(name):
    stated = Fraction(RAW_ENTRIES[name]["sum"])
    assert stated == sum(map(sum, published(name)))
    assert KERNELS[name].sum == stated


@pytest.mark.parametrize("name", PUBLISHED)
def test_symmetry_rank_and_range_are_those_of_the_published_weights(name):
    weights = np.array(published(name), object)
    facts = examine(KERNELS[name])
    pictures = {
        "left-right": weights[:, ::-1],
        "top-bottom": weights[::-1],
        "transpose": weights.T,
        "half-turn": weights[::-1, ::-1],
    }
    assert set(facts.symmetry) == {
        prefix + side
        for side, picture in pictures.items()
        for prefix, sign in (("", 1), ("anti-", -1))
        if picture.shape == weights.shape and (picture == sign * weights).all()
    }
    assert facts.rank == np.linalg.matrix_rank(weights.astype(float))
    assert facts.low == PUBLISHED[name][2] + 255 * sum(w for w in weights.flat if w < 0)
    assert facts.high == PUBLISHED[name][2] + 255 * sum(w for w in weights.flat if w > 0)


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_of_rank_1_gives_its_factors(name):
    kernel = KERNELS[name]
    assert kernel.is_separable == (np.linalg.matrix_rank(floats(kernel)) == 1)
    if kernel.factors:
        column, row = kernel.factors
        assert [[a * b * Fraction(kernel.scale) for b in row] for a in column] == exact(kernel)


@pytest.mark.parametrize("name", KERNELS)
def test_the_anchor_is_the_middle_or_the_published_one(name):
    rows, columns = KERNELS[name].shape
    even = rows % 2 == 0 or columns % 2 == 0
    assert even == (name in EVEN_ANCHORS)
    assert KERNELS[name].anchor == EVEN_ANCHORS.get(name, (rows // 2, columns // 2))


@pytest.mark.parametrize("name", SOURCE_DOCUMENTS)
def test_the_kernels_of_the_source_documents(name):
    kernel = load(name)
    assert exact(kernel) == np.array(SOURCE_DOCUMENTS[name], object).tolist()
    assert (kernel.name, kernel.offset) == (name, 0)


def test_there_are_at_least_120_entries():
    assert len(BANK) == len(ENTRIES) == len(RAW_ENTRIES) >= 120
    assert sum(map(len, RAW.values())) == len(RAW_ENTRIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_a_file_with_entries(family):
    assert RAW[family]
    assert {name for name, entry in ENTRIES.items() if entry.family == family} == set(RAW[family])


def test_no_family_is_unknown():
    assert set(RAW) == set(FAMILIES)


def test_generators_and_sets_are_complete():
    assert set(GENERATED) == REQUIRED_GENERATORS
    assert REQUIRED_SETS.items() <= {name: ENTRIES[name].combine.value for name in SETS}.items()


@pytest.mark.parametrize("name", SETS)
def test_members_of_a_set_are_kernels_in_the_stated_order(name):
    loaded = load(name)
    assert [kernel.name for kernel in loaded.kernels] == RAW_ENTRIES[name]["set"]
    assert [exact(kernel) for kernel in loaded.kernels] == [
        published(member) for member in RAW_ENTRIES[name]["set"]
    ]
    assert loaded.combine.value == RAW_ENTRIES[name]["combine"]


def test_names_and_aliases_are_unique():
    names = [n for name, entry in ENTRIES.items() for n in (name, *entry.aliases)]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize(
    ("alias", "name"), [(alias, name) for name in ENTRIES for alias in ENTRIES[name].aliases]
)
def test_an_alias_finds_its_entry(alias, name):
    assert BANK.entry(alias) is ENTRIES[name]
    assert load(alias).name == name


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_says_what_it_is_and_where_it_comes_from(name):
    raw = RAW_ENTRIES[name]
    entry = ENTRIES[name]
    for key in ("description", "source"):
        assert len(raw[key].split()) >= 2
        assert getattr(entry, key).split() == raw[key].split()
    assert raw["description"].endswith(".")
    assert raw["tags"]
    assert list(entry.tags) == raw["tags"]


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_that_is_not_symmetric_says_which_way_it_looks(name):
    symmetric = all(form == exact(KERNELS[name]) for form in turned(exact(KERNELS[name])))
    assert symmetric == (not KERNELS[name].orientation)


@pytest.mark.parametrize("name", GENERATED)
def test_a_generator_of_kernels_that_are_not_symmetric_says_which_way_they_look(name):
    assert bool(load(name).orientation) == (name in TURNING_GENERATORS)


def test_frei_chen_is_orthonormal():
    basis = np.array([floats(KERNELS[f"frei_chen_w{i}"]).ravel() for i in range(1, 10)])
    # sqrt(2)/4 is rounded to 15 bits, an error of 7.3e-6 in four taps of length up to 0.36.
    np.testing.assert_allclose(basis @ basis.T, np.eye(9), atol=3e-5)


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("high_pass_3", {"identity": 1, "blur": -1}),
        ("band_pass_5", {"binomial_3": 1, "binomial_5": -1}),
        ("high_pass_binomial_5", {"identity": 1, "binomial_5": -1}),
        ("unsharp_5", {"identity": 2, "binomial_5": -1}),
        ("sharpen", {"identity": 1, "laplacian": -1}),
        ("sharpen_8", {"identity": 1, "laplacian_8": -1}),
        ("sharpen_diagonal", {"identity": 1, "immerkaer": 1}),
        ("immerkaer", {"laplacian_8": 1, "laplacian": -3}),
        ("laplacian_9", {"laplacian": Fraction(1, 2), "laplacian_8": Fraction(1, 6)}),
        ("outline", {"laplacian_8": -1}),
    ],
)
def test_entries_that_are_sums_of_others(whole, parts):
    size = max(KERNELS[name].shape[0] for name in (whole, *parts))
    mixed = sum(factor * padded(name, size) for name, factor in parts.items())
    assert (padded(whole, size) == mixed).all()


def padded(name, size):
    """Give a kernel in the middle of a larger square of zeros."""
    weights = np.array(exact(KERNELS[name]), object)
    return np.pad(weights, (size - len(weights)) // 2, constant_values=Fraction(0))


def test_sums_of_families():
    low_pass = {total(KERNELS[name]) for name in RAW["blur"] if name in KERNELS}
    assert low_pass == {total(KERNELS[name]) for name in RAW["sharpen"] if name in KERNELS} == {1}
    assert {
        total(KERNELS[n])
        for f in ("laplacian", "lines", "derivatives")
        for n in RAW[f]
        if n in KERNELS
    } == {0}
