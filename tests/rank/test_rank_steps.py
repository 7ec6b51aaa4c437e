"""Order statistics and morphology as steps of recipes: specs, bands, alpha, explanations."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import images

import imgconv
from imgconv import KernelBank, filter_image, load_step
from imgconv.io.config.recipes import format_recipe, recipe_from
from imgconv.model.errors import ImgconvError, KernelError
from imgconv.ops.pipeline.bands import Stream
from imgconv.ops.rank import morphology
from imgconv.ops.rank.statistics import median, mode, rank_filter
from rank.windows import ALL_BORDERS

RANKS = ["median:4x3", "rank:disk,3,0.2", "min:cross,3", "max:2x3", "range", "midpoint:diamond,5",
         "mode:2"]  # fmt: skip
MORPHOLOGY = [
    "erode:2x3",
    "dilate:footprint=1 0 1; 0 1 1",
    "open:3,2",
    "close:footprint=1 1 0",
    "morph_gradient:2",
    "inner_gradient:cross,3",
    "outer_gradient:1x3",
    "top_hat:footprint=0 1; 1 1,iterations=2",
    "black_hat:disk,3",
    "hit_or_miss:0 -1 -1; 1 1 -1; 0 1 0",
    "dilate:footprint=1 2; 3 4,weighted=true",
]


class Held:
    def __init__(self, image):
        self.image, self.shape, self.dtype = image, image.shape, image.dtype

    def read(self, start, stop):
        return self.image[start:stop]


@pytest.mark.parametrize("spec", RANKS + MORPHOLOGY)
@pytest.mark.sampled(4)
@settings(max_examples=40, deadline=None)
@given(
    image=images(max_side=10, channels=(None, 1, 3, 4)),
    border=st.sampled_from(ALL_BORDERS),
    alpha=st.sampled_from(["auto", "filter"]),
    size=st.sampled_from(["same", "full", "2"]),
    stride=st.sampled_from(["1", "2", "1,3"]),
    dilation=st.sampled_from(["1", "2,1"]),
    convolve=st.booleans(),
    height=st.integers(1, 5),
)
def test_bands_are_the_whole(spec, image, border, alpha, size, stride, dilation, convolve, height):
    recipe = recipe_from(
        {"steps": [spec, "invert", "median"], "padding": border, "alpha": alpha, "size": size,
         "stride": stride, "dilation": dilation, "convolve": convolve}
    )  # fmt: skip
    try:
        whole = filter_image(image, recipe)
    except ImgconvError as error:
        with pytest.raises(type(error), match="no output pixel"):
            Stream(lambda: Held(image), recipe, height=height)
        return
    bands = list(Stream(lambda: Held(image), recipe, height=height, threads=1).bands())
    np.testing.assert_array_equal(np.concatenate(bands), whole)


@pytest.mark.parametrize("spec", RANKS + MORPHOLOGY)
@pytest.mark.sampled(4)
@settings(max_examples=25, deadline=None)
@given(
    image=images(max_side=7, channels=(None, 3)),
    border=st.sampled_from(ALL_BORDERS),
    convolve=st.booleans(),
    data=st.data(),
)
def test_explanations_arrive_at_what_was_written(spec, image, border, convolve, data):
    """An explanation works the value out by itself, and raises where the step wrote another."""
    at = tuple(data.draw(st.integers(0, n - 1)) for n in image.shape[:2])
    with np.errstate(over="ignore", invalid="ignore"):
        result = filter_image(image, steps=[spec], padding=border, convolve=convolve)
        found = imgconv.explain(image, steps=[spec], padding=border, convolve=convolve, at=at)
    np.testing.assert_array_equal(np.ravel(result[at]), np.ravel(found.value))
    assert found.stages[0].lines()
    assert found.as_dict()["at"] == list(at)


def test_an_explanation_shows_the_window_in_order():
    image = np.array([[7, 1, 9], [4, 5, 200], [3, 8, 2]], np.uint8)
    lines = imgconv.explain(image, steps=["median"], at=(1, 1)).stages[0].lines()
    assert lines[2] == "  in order: 1 2 3 4 [5] 7 8 9 200"
    assert lines[3] == "    number 5 is 5, at 1,1"
    lines = imgconv.explain(image, steps=["dilate:2"], at=(2, 2)).stages[0].lines()
    assert lines[1] == "  greatest of the image: 200, at 3,2 (outside: reflect101 reads 1,2)"
    lines = imgconv.explain(image, steps=["top_hat"], at=(1, 2), padding="ignore").stages[0].lines()
    assert lines[1].endswith("greatest of the eroded values: 2, at 2,1")
    assert lines[2:] == ["  least of the image: 2, at 2,2", "  200 minus 2", "  written: 198"]


@pytest.mark.parametrize("spec", RANKS + MORPHOLOGY)
def test_a_spec_is_read_back(spec):
    step = load_step(spec)
    assert load_step(step.spec) == step
    recipe = recipe_from({"steps": [spec]})
    assert step.spec in format_recipe(recipe)


def test_footprints_come_from_any_kernel(tmp_path):
    image = np.random.default_rng(3).integers(0, 256, (12, 13), np.uint8)
    (tmp_path / "se.csv").write_text("0,1,0\n1,1,1\n0,1,0\n")
    cross = filter_image(image, steps=["median:cross,3"])
    for spec in (f"median:footprint={tmp_path / 'se.csv'}", "median:footprint=laplacian"):
        np.testing.assert_array_equal(filter_image(image, steps=[spec]), cross)
    with pytest.raises(KernelError, match="'sobel' is a set of kernels; a footprint is a single"):
        load_step("median:footprint=sobel")
    with pytest.raises(KernelError, match="weighted needs a footprint"):
        load_step("dilate:3,weighted=true")


def test_what_a_step_depends_on_is_in_its_exact_text(tmp_path):
    path = tmp_path / "se.csv"
    path.write_text("0,1\n1,1\n")
    before = load_step(f"erode:footprint={path}").exact
    path.write_text("1,1\n1,1\n")
    assert load_step(f"erode:footprint={path}").exact != before
    assert load_step("hit_or_miss:1 -1").exact != load_step("hit_or_miss:-1 1").exact


def test_steps_are_the_functions_of_arrays():
    image = np.random.default_rng(4).integers(0, 256, (20, 21, 3), np.uint8)
    for border in ALL_BORDERS:
        for spec, expected in (
            ("median:4x3", median(image, "4x3", border=border)),
            ("rank:5,0.1", rank_filter(image, 5, "0.1", border=border)),
            ("mode:3", mode(image, 3, border=border)),
            ("open:3,2", morphology.opening(image, 3, border=border, iterations=2)),
            ("black_hat:4", morphology.black_hat(image, 4, border=border)),
        ):
            got = filter_image(image, steps=[spec], padding=border)
            np.testing.assert_array_equal(got, expected)


def test_alpha_stays_unless_it_is_filtered():
    image = np.random.default_rng(5).integers(0, 256, (12, 13, 4), np.uint8)
    for spec in RANKS + MORPHOLOGY:
        kept = filter_image(image, steps=[spec], padding="ignore")
        np.testing.assert_array_equal(kept[..., 3], image[..., 3], spec)
        colours = filter_image(np.ascontiguousarray(image[..., :3]), steps=[spec], padding="ignore")
        np.testing.assert_array_equal(kept[..., :3], colours, spec)
        every = filter_image(image, steps=[spec], padding="ignore", alpha="filter")
        last = filter_image(np.ascontiguousarray(image[..., 3]), steps=[spec], padding="ignore")
        np.testing.assert_array_equal(every[..., 3], last, spec)


def test_each_stands_in_the_bank_with_its_defaults():
    bank = KernelBank.standard()
    for family in ("rank", "morphology"):
        entries = [entry for entry in bank.entries() if entry.family == family]
        assert len(entries) == {"rank": 7, "morphology": 10}[family]
        for entry in entries:
            assert bank[entry.name] == load_step(entry.name)
            assert entry.source
            assert entry.tags


def test_what_opencv_does_not_have(camera):
    image = camera[:50, :60]
    for spec, words in (
        ("mode", "OpenCV has no function for it"),
        ("rank:3,1/4", "OpenCV has no rank filter but the median"),
        ("inner_gradient", "OpenCV has the whole gradient only"),
        ("canny", "cv2.Canny blurs nothing and finds no thresholds"),
    ):
        found = imgconv.compare(image, steps=[spec])
        assert (found.calls, len(found.notes)) == ((), 1)
        assert found.notes[0].endswith(f"was done as here: {words}")
        beside = imgconv.compare(image, steps=[spec, "blur"])
        assert beside.calls == ("cv2.filter2D",)
        assert beside.notes == found.notes
    assert imgconv.compare(image, steps=["gray", "blur"]).notes == ()


def test_compared_with_opencv_and_why_they_differ(camera):
    image = camera[:50, :60]
    for spec, call in (
        ("erode:5", "cv2.erode"),
        ("dilate:disk,5", "cv2.dilate"),
        ("open:3", "cv2.morphologyEx"),
        ("top_hat:5", "cv2.morphologyEx"),
        ("median:5", "cv2.medianBlur"),
    ):
        padding = "replicate" if spec == "median:5" else "ignore"
        found = imgconv.compare(image, steps=[spec], padding=padding)
        assert found.calls == (call,)
        assert found.difference.max_abs_diff == 0
    pattern = imgconv.compare(image, steps=["hit_or_miss"])
    assert pattern.notes == (
        "cv2.morphologyEx: it looks for patterns in black and white; of grays it makes something "
        "else",
    )
    border = imgconv.compare(image, steps=["dilate:9"], padding="constant", border_value=255)
    assert [cause.name for cause in border.causes] == ["border"]
    turned = imgconv.compare(image, steps=["dilate:footprint=0 1 1"], padding="ignore")
    names = [cause.name for cause in turned.causes]
    assert "flip" in names
    assert "unexplained" not in names
    element = np.array([[0, 1, 1]], np.uint8)
    np.testing.assert_array_equal(
        filter_image(image, steps=["dilate:footprint=0 1 1"], padding="ignore", convolve=True),
        cv2.dilate(image, element),
    )
    assert (
        "no rank filter" in load_step("rank:3,0.2").opencv(imgconv.Form(imgconv.Depth.U8)).why_not
    )
