"""Smoothing, local contrast and edges as steps of recipes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import BORDERS, images

import imgconv
from imgconv import KernelBank, filter_image, load_step
from imgconv.io.config.recipes import recipe_from
from imgconv.model.errors import ArgumentError, ImgconvError, KernelError, LimitError
from imgconv.ops.contrast.clahe import clahe
from imgconv.ops.contrast.local_normalize import local_normalize
from imgconv.ops.contrast.unsharp import unsharp_mask
from imgconv.ops.edges.canny import canny
from imgconv.ops.edges.gradient import nonmax
from imgconv.ops.edges.hysteresis import hysteresis
from imgconv.ops.edges.zero_crossing import zero_crossing
from imgconv.ops.pipeline.bands import Stream
from imgconv.ops.smoothing.bilateral import bilateral
from imgconv.ops.smoothing.guided import guided
from imgconv.ops.smoothing.nlmeans import nlmeans

LOCAL = ["bilateral:5,30,2", "guided:2,20", "nlmeans:20,3,5", "local_normalize:5",
         "unsharp_threshold:1,2,3"]  # fmt: skip
WHOLE = ["canny", "nonmax", "hysteresis", "zero_crossing", "clahe:2,1,1"]
BORDER_NAMES = (*BORDERS, "ignore")


class Held:
    def __init__(self, image):
        self.image, self.shape, self.dtype = image, image.shape, image.dtype

    def read(self, start, stop):
        return self.image[start:stop]


@pytest.mark.parametrize("spec", LOCAL)
@pytest.mark.sampled(3)
@settings(max_examples=40, deadline=None)
@given(
    image=images(max_side=12, channels=(None, 1, 3, 4)),
    border=st.sampled_from(BORDER_NAMES),
    alpha=st.sampled_from(["auto", "filter"]),
    size=st.sampled_from(["same", "full", "2"]),
    stride=st.sampled_from(["1", "2"]),
    height=st.integers(1, 5),
)
def test_bands_are_the_whole(spec, image, border, alpha, size, stride, height):
    if image.dtype == np.float32:
        image = np.clip(image, -100, 100)
    recipe = recipe_from(
        {"steps": [spec, "median"], "padding": border, "alpha": alpha, "size": size,
         "stride": stride}
    )  # fmt: skip
    if spec.startswith("nlmeans") and border == "ignore":
        with pytest.raises(ArgumentError, match="pixels outside cannot be left out"):
            filter_image(image, recipe)
        return
    try:
        whole = filter_image(image, recipe)
    except ImgconvError as error:
        with pytest.raises(type(error), match="no output pixel"):
            Stream(lambda: Held(image), recipe, height=height)
        return
    bands = list(Stream(lambda: Held(image), recipe, height=height, threads=1).bands())
    np.testing.assert_array_equal(np.concatenate(bands), whole)


def test_steps_are_the_functions_of_arrays(astronaut):
    image = np.ascontiguousarray(astronaut[100:160, 150:230])
    blurred = canny(image, 50, 150, sigma="1.4", aperture=5, l2=True)
    for border in ("reflect101", "wrap"):
        for spec, expected in (
            ("bilateral:7,30,2", bilateral(image, 7, 30, 2, border=border)),
            ("guided:3,15", guided(image, 3, 15, border=border)),
            ("nlmeans:12,3,9", nlmeans(image, 12, patch=3, search=9, border=border)),
            ("local_normalize:9,3", local_normalize(image, 9, floor=3, border=border)),
            ("unsharp_threshold:1,1.5,4", unsharp_mask(image, 1, "1.5", 4, border=border)),
            ("clahe:3,2,4", clahe(image, 3, (2, 4))),
            ("canny:50,150", cv2.Canny(image, 50, 150)),
            (
                "canny:50,150,1.4,5,true",
                blurred.image,
            ),
            ("nonmax", nonmax(image)),
            ("hysteresis:100,200", hysteresis(image, 100, 200)),
            ("zero_crossing:3,128", zero_crossing(image, 3, level=128)),
        ):
            got = filter_image(image, steps=[spec], padding=border)
            np.testing.assert_array_equal(got, expected, spec)


@pytest.mark.parametrize("channels", [None, 3, 4])
def test_unsharp_without_a_threshold_is_the_kernel(channels):
    shape = (30, 40) if channels is None else (30, 40, channels)
    image = np.random.default_rng(6).integers(0, 256, shape, np.uint8)
    for padding in BORDER_NAMES:
        np.testing.assert_array_equal(
            filter_image(image, steps=["unsharp_threshold:2,1.5"], padding=padding),
            filter_image(image, steps=["unsharp:2,1.5"], padding=padding),
        )


def test_found_thresholds_are_reported(tmp_path, camera):
    from imgconv.ops.pipeline.run import run_recipe

    outcome = run_recipe(camera, recipe_from({"steps": ["canny"]}))
    assert outcome.threshold == canny(camera).high
    assert outcome.notes == (f"canny: thresholds {outcome.threshold / 2:g} and 226",)
    assert run_recipe(camera, recipe_from({"steps": ["canny:50,150"]})).notes == ()


def test_marr_and_hildreth_in_one_recipe(camera):
    image = camera[100:180, 150:240]
    edges = filter_image(image, steps=["log:sigma=2", "zero_crossing:2"], depth="f32")
    assert edges.dtype == np.float32
    assert 0.02 < (edges > 0).mean() < 0.3


def test_alpha_stays(astronaut):
    image = np.dstack([astronaut[:40, :50], np.random.default_rng(1).integers(0, 256, (40, 50))])
    image = image.astype(np.uint8)
    for spec in [*LOCAL, "hysteresis", "zero_crossing", "clahe"]:
        result = filter_image(image, steps=[spec])
        np.testing.assert_array_equal(result[..., 3], image[..., 3], spec)
        colours = filter_image(np.ascontiguousarray(image[..., :3]), steps=[spec])
        np.testing.assert_array_equal(result[..., :3], colours, spec)
    assert filter_image(image, steps=["canny"]).ndim == 2


@pytest.mark.parametrize("spec", WHOLE)
def test_what_needs_the_whole_image_says_so(spec, camera):
    with pytest.raises(LimitError, match=f"step {spec.split(':')[0]}.* needs the whole image"):
        Stream(lambda: Held(camera), recipe_from({"steps": [spec]}), height=9)


def test_each_stands_in_the_bank_with_its_defaults():
    bank = KernelBank.standard()
    found = [e for e in bank.entries() if e.kind == "step"]
    assert {e.family for e in found} == {"rank", "morphology", "edges", "smoothing", "contrast"}
    for entry in found:
        assert bank[entry.name] == load_step(entry.name)
        assert entry.source
        assert entry.tags
        if entry.family in ("smoothing", "contrast"):
            assert "xact" in entry.description


def test_compared_with_opencv(camera):
    image = camera[:60, :70]
    for spec, call, most in (
        ("canny:50,150", "cv2.Canny", 0),
        # OpenCV's vectors and what is left of a row differ in their last bit.
        ("bilateral:5,30,2", "cv2.bilateralFilter", 1),
        ("clahe", "cv2.createCLAHE", 0),
    ):
        found = imgconv.compare(image, steps=[spec])
        assert found.calls == (call,)
        assert found.difference.max_abs_diff <= most


def test_unsharp_names_the_step_that_has_a_threshold():
    with pytest.raises(KernelError, match="unsharp has no option 'threshold'") as caught:
        load_step("unsharp:1,1,threshold=4")
    assert caught.value.hint == "use unsharp_threshold, which has threshold"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("canny:aperture=4", "aperture 4 is not a size of Sobel's kernels"),
        ("canny:low=much", "'much' is not a number"),
        ("canny:sigma=-1", "sigma is -1; 0 is no blur"),
        ("nonmax:9", "aperture 9 is not"),
        ("bilateral:4", "size 4 is not an odd number"),
        ("bilateral:5,0", "sigma_color is 0; more than 0 is needed"),
        ("guided:0", "radius is 0; it runs from 1 to 127"),
        ("nlmeans:5,4", "patch 4 is not an odd number"),
        ("clahe:0", "clip is 0; more than 0 is needed"),
        ("clahe:2,0", "0 x 8 tiles; 1 x 1 is the least"),
        ("unsharp_threshold:1,1,-2", "threshold -2 is negative"),
    ],
)
def test_wrong_options(spec, words):
    with pytest.raises(KernelError, match=words):
        load_step(spec)


def test_a_dilation_is_refused(camera):
    with pytest.raises(ArgumentError, match="bilateral has no dilation"):
        filter_image(camera[:9, :9], steps=["bilateral"], dilation=2)
