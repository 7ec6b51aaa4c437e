"""The hash of a recipe: what it was before steps had any order, and its own for new orders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imgconv import Kernel, Recipe
from imgconv.io.config.recipe_hash import recipe_hash
from imgconv.io.config.recipes import recipe_from

RECORDED = json.loads((Path(__file__).parent / "data" / "recipe_hashes.json").read_text())
"""Recipes with the hashes that imgconv 0.1.0 gave them before it had steps."""


@pytest.mark.parametrize(("options", "format", "recorded"), RECORDED, ids=str)
def test_a_recipe_of_before_keeps_its_hash(options, format, recorded):
    assert recipe_hash(recipe_from(options), format) == recorded


def test_the_recorded_hashes_differ():
    assert len({recorded for _, _, recorded in RECORDED}) == len(RECORDED) >= 40


@pytest.mark.parametrize(
    ("steps", "options"),
    [
        (["gray", "blur", "binarize:otsu"], {"binarize-after": True, "binarize": "otsu"}),
        (["gray", "binarize:otsu", "blur"], {"binarize": "otsu"}),
        (["gray", "invert", "linear", "blur", "encode"], {"invert": True, "linear": True}),
    ],
)
def test_steps_in_an_order_of_before_have_its_hash(steps, options):
    before = recipe_from({"kernels": ["blur"], "gray": "bt601", **options})
    assert recipe_hash(recipe_from({"steps": steps}), None) == recipe_hash(before, None)


def test_every_new_order_has_a_hash_of_its_own():
    orders = [
        ["blur", "gray"],
        ["blur", "gray", "sobel_x"],
        ["gray", "blur", "sobel_x"],
        ["blur", "binarize:otsu", "sobel_x"],
        ["blur", "binarize:100", "sobel_x"],
        ["blur", "invert"],
        ["invert", "gray", "blur"],
        ["blur", "invert", "binarize:otsu"],
        ["invert", "invert", "blur"],
        ["linear", "blur", "encode", "sobel_x"],
        ["linear", "blur"],
        ["convert"],
        ["convert", "blur"],
        ["binarize:otsu", "blur", "binarize:otsu"],
    ]
    hashes = {recipe_hash(recipe_from({"steps": steps}), None) for steps in orders}
    hashes |= {recorded for _, _, recorded in RECORDED}
    assert len(hashes) == len(orders) + len(RECORDED)


def test_defaults_are_hashed_too():
    """So that the hash tells when one is changed."""
    steps = recipe_from({"steps": ["gray", "invert", "median"]}).steps
    assert [step.exact for step in steps] == [
        ("step gray:method=bt601",),
        ("step invert:",),
        ("step median:size=3,shape=box,footprint=",),
    ]


def test_a_new_order_hashes_weights_and_not_names():
    named = recipe_from({"steps": ["blur", "invert"]})
    matrix = Kernel([[1] * 3] * 3, scale="1/9", name="another")
    same = Recipe(steps=(matrix, named.steps[1]))
    assert recipe_hash(named, None) == recipe_hash(same, None)
    other = Recipe(steps=(Kernel([[1] * 3] * 3, scale="1/8"), named.steps[1]))
    assert recipe_hash(named, None) != recipe_hash(other, None)
