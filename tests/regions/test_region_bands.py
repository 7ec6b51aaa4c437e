"""Selections on bands of rows: the bits of the whole run, and no row read twice or in vain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import BORDERS, images

from imgconv.io.config.recipes import recipe_from
from imgconv.model.errors import ArgumentError, ImgconvError
from imgconv.model.kernel import Kernel
from imgconv.model.region import Region
from imgconv.ops.pipeline.bands import Stream
from imgconv.ops.pipeline.run import run_recipe
from imgconv.ops.regions.masks import Masks
from regions.test_regions import rectangles

STEPS = ("gaussian:0.8", "sobel_x", "median", "1 -2; 3 1", "invert", "gray", "linear", "open:3")


class Held:
    """A source that notes what is read of it."""

    def __init__(self, image):
        self.image, self.shape, self.dtype = image, image.shape, image.dtype
        self.spans = []

    def read(self, start, stop):
        assert 0 <= start < stop <= self.shape[0]
        self.spans.append((start, stop))
        return self.image[start:stop]


def streamed(image, recipe, height, mask=None, source=None):
    rows = None if mask is None else lambda start, stop: mask[start:stop]
    opened = source or Held(image)
    stream = Stream(lambda: opened, recipe, height=height, threads=1, mask=rows)
    return np.concatenate(list(stream.bands()))


@settings(max_examples=30, deadline=None)
@given(images(max_side=14, channels=(None, 3, 4)), st.data())
def test_bands_give_the_bits_of_the_whole_run(image, data):
    steps = data.draw(st.lists(st.sampled_from(STEPS), max_size=3))
    options = {
        "padding": data.draw(st.sampled_from(BORDERS)),
        "feather": data.draw(st.integers(0, 3)),
        "region": data.draw(st.lists(rectangles(image.shape), min_size=1, max_size=2)),
    }
    mask = None
    if data.draw(st.booleans()):
        mask = data.draw(hnp.arrays(np.uint16, image.shape[:2]))
        options["mask"] = "m"
    try:
        recipe = recipe_from({"steps": steps, **options})
        whole = run_recipe(image, recipe, threads=1, masks=Masks(mask)).image
    except ImgconvError:
        assume(False)
    height = data.draw(st.integers(1, image.shape[0]))
    np.testing.assert_array_equal(streamed(image, recipe, height, mask), whole)


@pytest.mark.parametrize("border", ["reflect101", "replicate", "constant"])
def test_each_row_is_read_once_in_order(border):
    image = np.random.default_rng(1).integers(0, 256, (200, 9), np.uint8)
    regions = ["20,2,8,5", "100,0,30,9", "195,3,5,2"]
    recipe = recipe_from({"steps": ["box:7", "1 1; 1 1"], "region": regions, "padding": border})
    source = Held(image)
    made = streamed(image, recipe, 10, source=source)
    np.testing.assert_array_equal(made, run_recipe(image, recipe).image)
    assert [start for start, _ in source.spans[1:]] == [stop for _, stop in source.spans[:-1]]
    assert (source.spans[0][0], source.spans[-1][1]) == (0, 200)


def test_rows_without_a_selected_pixel_are_not_filtered(monkeypatch):
    from imgconv.ops.pipeline import lazy_rows

    image = np.random.default_rng(1).integers(0, 256, (300, 20), np.uint8)
    recipe = recipe_from({"steps": [Kernel(np.ones((5, 5)))], "region": "100,5,20,5"})
    filtered = []
    original = lazy_rows.run_step

    def noted(band, planned, context):
        filtered.append((context.part.start, context.part.stop))
        return original(band, planned, context)

    monkeypatch.setattr(lazy_rows, "run_step", noted)
    streamed(image, recipe, 10)
    assert filtered == [(100, 110), (110, 120)]


def test_what_is_refused_is_refused_before_a_row_is_read():
    image = np.zeros((9, 9), np.uint8)
    source = Held(image)
    for options, words in (({"region": "0,0,10,2"}, "reaches outside"), ({"depth": "i16"}, "u8")):
        recipe = recipe_from({"steps": ["blur"], "region": "0,0,2,2", **options})
        with pytest.raises(ArgumentError, match=words):
            Stream(lambda: source, recipe, height=3)
    assert source.spans == []


def test_dask_arrays():
    import dask
    import dask.array as da

    from imgconv import filter_dask_array

    image = np.random.default_rng(4).integers(0, 256, (60, 30, 3), np.uint8)
    recipe = recipe_from({"steps": ["gaussian:2"], "region": ["3,4,20,9", "40,0,20,30"]})
    lazy = filter_dask_array(da.from_array(image, chunks=(16, 30, 3)), recipe)
    with dask.config.set(scheduler="sync"):
        np.testing.assert_array_equal(lazy.compute(), run_recipe(image, recipe).image)
    masked = recipe_from({"steps": ["blur"], "mask": "m.png"})
    with pytest.raises(ArgumentError, match="which is not read here"):
        filter_dask_array(da.from_array(image, chunks=(16, 30, 3)), masked)


def test_a_border_that_reads_the_other_end():
    image = np.random.default_rng(5).integers(0, 256, (50, 8), np.uint8)
    recipe = recipe_from({"steps": ["blur"], "padding": "wrap", "region": [Region(49, 0, 1, 8)]})
    np.testing.assert_array_equal(streamed(image, recipe, 7), run_recipe(image, recipe).image)
