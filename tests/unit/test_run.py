"""Recipes: the order of things, chains, depth and range, alpha."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv import filter_image, load_step
from imgconv.io.config.recipes import format_recipe, recipe_from
from imgconv.model.errors import ArgumentError
from imgconv.ops.color.gray import invert, to_gray
from imgconv.ops.color.threshold import binarize
from imgconv.ops.linear.correlate import correlate
from imgconv.ops.pipeline.run import run_recipe

ROW = np.array([[0, 0, 100, 100, 250, 250]], np.uint8)


def test_a_chain_is_one_after_the_other(camera):
    chained = filter_image(camera, kernels=["gaussian:1", "sobel_x"], range="abs")
    between = correlate(camera, np.asarray(filter_kernel("gaussian:1")))
    np.testing.assert_array_equal(chained, correlate(between, sobel(), output_range="abs"))


def sobel():
    return [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


def filter_kernel(spec):
    from imgconv import load_kernel

    kernel = load_kernel(spec)
    return [[kernel.scale * w for w in row] for row in kernel.weights]


def test_a_wider_depth_holds_from_the_first_kernel_on():
    """The derivative's negative half is there for the blur."""
    wide = filter_image(ROW, kernels=["1 0 -1", "1 1"], depth="i16")
    narrow = filter_image(ROW, kernels=["1 0 -1", "1 1"])
    assert wide.min() < 0
    assert narrow.max() == 0


def test_a_narrower_depth_applies_at_the_last():
    image = ROW.astype(np.uint16) * 257
    result = filter_image(image, kernels=["1", "1"], depth="u8", range="full")
    np.testing.assert_array_equal(result, ROW)
    clipped = run_recipe(image, recipe_from({"kernels": ["1"], "depth": "u8"}))
    assert clipped.clipped_share == pytest.approx(4 / 6)


def test_the_greatest_clipped_share_of_a_chain_counts():
    outcome = run_recipe(ROW, recipe_from({"kernels": ["10", "1/10"]}))
    assert outcome.clipped_share == pytest.approx(4 / 6)


def test_tone_comes_before_the_kernels_and_may_come_after(astronaut):
    before = filter_image(astronaut, kernels=["outline"], binarize="otsu")
    np.testing.assert_array_equal(before, correlate(binarize(astronaut), outline()))
    after = filter_image(
        astronaut, gray="bt601", kernels=["outline"], binarize="100", binarize_after=True
    )
    filtered = correlate(to_gray(astronaut), outline())
    np.testing.assert_array_equal(after, binarize(filtered, "100"))


def outline():
    return [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]


def test_invert_follows_binarize(astronaut):
    first = filter_image(astronaut, binarize="otsu", invert=True)
    np.testing.assert_array_equal(first, invert(binarize(astronaut)))
    last = filter_image(
        astronaut, kernels=["blur"], binarize="90", binarize_after=True, invert=True
    )
    blurred = filter_image(astronaut, kernels=["blur"])
    np.testing.assert_array_equal(last, invert(binarize(blurred, "90")))


def test_depth_alone_converts():
    result = filter_image(ROW, depth="u16", range="full")
    np.testing.assert_array_equal(result, ROW.astype(np.uint16) * 257)


def test_alpha_that_is_kept_is_that_under_the_anchor():
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (9, 8, 4), dtype=np.uint8)
    result = filter_image(image, kernels=["blur"], stride="2,3", size="valid", alpha="keep")
    np.testing.assert_array_equal(result[..., 3], image[1:-1:2, 1:-1:3, 3])
    np.testing.assert_array_equal(
        result[..., :3], correlate(image[..., :3], [["1/9"] * 3] * 3, stride=(2, 3), size="valid")
    )
    deep = filter_image(image, kernels=["blur"], depth="u16", range="full", alpha="keep")
    np.testing.assert_array_equal(deep[..., 3], image[..., 3].astype(np.uint16) * 257)
    negative = filter_image(image, invert=True)
    np.testing.assert_array_equal(negative[..., 3], image[..., 3])


def test_convolve_flips_and_anchor_moves(camera):
    image = camera[:40, :30]
    flipped = filter_image(image, kernels=["1 2; 3 5"], convolve=True, depth="u16")
    np.testing.assert_array_equal(
        flipped, correlate(image, [[5, 3], [2, 1]], anchor=(0, 0), depth="u16")
    )
    moved = filter_image(image, kernels=["1 2; 3 5"], anchor="0,1", depth="u16")
    np.testing.assert_array_equal(
        moved, correlate(image, [[1, 2], [3, 5]], anchor=(0, 1), depth="u16")
    )


def test_steps_stand_in_place_of_a_recipe(camera):
    image = camera[:40, :30]
    want = filter_image(image, recipe_from({"steps": ["gaussian:2", "sobel"], "border": "wrap"}))
    got = filter_image(image, ["gaussian:2", "sobel"], border="wrap")
    np.testing.assert_array_equal(got, want, strict=True)
    one = filter_image(image, "gaussian:2")
    np.testing.assert_array_equal(one, filter_image(image, load_step("gaussian:2")), strict=True)
    with pytest.raises(ArgumentError, match="the steps are given twice"):
        filter_image(image, "blur", steps=["blur"])
    with pytest.raises(ArgumentError, match="steps is a list of steps"):
        filter_image(image, 7)


def test_binarize_after_needs_binarize():
    with pytest.raises(ArgumentError, match="when to binarize, not how"):
        recipe_from({"binarize-after": True})
    with pytest.raises(ArgumentError, match="a recipe or options, not both"):
        filter_image(ROW, recipe_from({}), kernels=["1"])


def test_a_recipe_is_written_as_it_is_read(tmp_path):
    from imgconv import read_recipe

    options = {
        "kernels": ["gaussian:sigma=1.4", "1/9 -2; 3 4", "sobel:output=orientation", "emboss.T"],
        "convolve": True,
        "fuse": True,
        "gray": "bt709",
        "binarize": "sauvola:window=31",
        "binarize-after": True,
        "invert": True,
        "padding": "constant",
        "border-value": "7",
        "anchor": "1,0",
        "stride": "1,2",
        "dilation": "3",
        "size": "1,2,3,4",
        "depth": "i16",
        "rounding": "truncate",
        "range": "abs",
    }
    recipe = recipe_from(options)
    path = tmp_path / "recipe.yaml"
    path.write_text(format_recipe(recipe))
    assert read_recipe(path) == recipe
    changed = read_recipe(path, options={"depth": "u8", "kernels": ["blur"]})
    assert changed.settings.depth.value == "u8"
    assert [step.name for step in changed.steps] == ["blur"]


def test_a_nameless_kernel_is_written_whole(tmp_path):
    from imgconv import Kernel, Recipe, read_recipe

    kernel = Kernel([[1, "1/3"], [0, -2]], scale="1/7", offset=3, anchor=(0, 1))
    path = tmp_path / "recipe.yaml"
    path.write_text(format_recipe(Recipe(steps=(kernel,))))
    assert read_recipe(path).steps == (kernel,)


def test_full_refers_to_the_image_in_a_chain_too():
    white = np.full((2, 2), 255, np.uint8)
    for kernels in (["1"], ["1", "1"]):
        assert (filter_image(white, kernels=kernels, depth="u16", range="full") == 65535).all()
        assert (filter_image(white, kernels=kernels, depth="f32", range="full") == 1).all()


def test_options_that_are_not_known_are_refused():
    with pytest.raises(ArgumentError, match="unknown option 'kernel'"):
        filter_image(ROW, kernel="blur")
    by_name = filter_image(ROW, kernels="blur", border="wrap")
    np.testing.assert_array_equal(by_name, filter_image(ROW, kernels=["blur"], padding="wrap"))


def test_numpy_s_integers_are_exact():
    from imgconv import Kernel

    huge = np.int64(2**62)
    assert Kernel([[huge, huge, "1/3"]]).sum == 2 * 2**62 + Kernel([["1/3"]]).sum
    result = correlate(ROW, [[np.int64(1), np.int16(2)]])
    np.testing.assert_array_equal(result, correlate(ROW, [[1, 2]]))
