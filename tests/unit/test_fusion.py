"""Fusing a chain changes no bit, and says what it did."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv.io.config.recipes import recipe_from
from imgconv.model.output import Depth
from imgconv.model.steps.base import Form
from imgconv.ops.pipeline.run import run_recipe


def chain_of(recipe, depth):
    """Give the steps that are applied, and what fusing said."""
    plan = recipe.planned(Form(depth))
    return [planned.step for planned in plan.steps], plan.notes


@pytest.mark.parametrize("size", ["same", "valid"])
@pytest.mark.parametrize("depth", ["i16", "f32"])
def test_the_same_bits(camera, size, depth):
    options = {
        "kernels": ["sobel_x", "1 2 1", "emboss"],
        "padding": "wrap",
        "depth": depth,
        "size": size,
        "dilation": "2,1",
    }
    fused = recipe_from({**options, "fuse": True})
    chain, notes = chain_of(fused, Depth.U8)
    assert len(chain) == 1
    assert all(note.startswith("fused") for note in notes)
    image = camera[:60, :70]
    np.testing.assert_array_equal(
        run_recipe(image, fused).image, run_recipe(image, recipe_from(options)).image
    )


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"padding": "replicate", "depth": "i16"}, "border replicate is applied between"),
        ({"padding": "wrap"}, "values from -1020 to 1020 do not fit u8"),
        ({"padding": "wrap", "depth": "i16", "stride": "2"}, "a stride skips"),
        ({"kernels": ["blur", "sobel_x"], "padding": "wrap"}, "is rounded"),
        ({"kernels": ["sobel", "blur"], "padding": "wrap"}, "a set of kernels is not linear"),
    ],
)
def test_not_where_it_would(camera, options, why):
    options = {"kernels": ["sobel_x", "1 2 1"], "fuse": True, **options}
    recipe = recipe_from(options)
    chain, notes = chain_of(recipe, Depth.U8)
    assert len(chain) == 2
    assert why in notes[0]
    plain = recipe_from({**options, "fuse": None})
    image = camera[:40, :40]
    np.testing.assert_array_equal(run_recipe(image, recipe).image, run_recipe(image, plain).image)


def test_floats_are_not_fused():
    recipe = recipe_from({"kernels": ["1 1", "1 1"], "fuse": True, "padding": "wrap"})
    assert "rounded to float32" in chain_of(recipe, Depth.F32)[1][0]


@pytest.mark.parametrize("size", ["full", "1,2,0,3"])
def test_a_wrapped_image_that_grows_is_not_fused(size):
    options = {"kernels": ["1 1", "1;1"], "padding": "wrap", "depth": "i16", "size": size}
    chain, _ = chain_of(recipe_from({**options, "fuse": True}), Depth.U8)
    assert len(chain) == 2
