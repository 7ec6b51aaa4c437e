"""A step kind of another package: the manual's example, installed and run everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

import imgconv

MANUAL = (Path(imgconv.__file__).parent / "manual" / "steps.md").read_text()
MODULE = re.search(r"```python\n(# midrange\.py\n.*?)```", MANUAL, re.DOTALL)[1]
ENTRY = re.search(r'entry-points\."imgconv\.steps"\]\n(.*?)```', MANUAL, re.DOTALL)[1]


@pytest.fixture
def package(tmp_path):
    """Give a folder in which the package lies as an installer leaves it."""
    place = tmp_path / "site"
    facts = place / "midrange-1.0.dist-info"
    facts.mkdir(parents=True)
    (place / "midrange.py").write_text(MODULE)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: midrange\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[imgconv.steps]\n" + ENTRY.replace('"', ""))
    return place


@pytest.fixture
def run(package, tmp_path):
    def call(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "imgconv", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(package)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    return call


def midrange(image, side, border="edge"):
    """Give the step's definition, on an image padded by NumPy."""
    half = side // 2
    seen = np.lib.stride_tricks.sliding_window_view(np.pad(image, half, border), (side, side))
    return seen.min(axis=(-2, -1)) // 2 + seen.max(axis=(-2, -1)) // 2


def test_the_example_is_short():
    assert len([line for line in MODULE.splitlines() if line]) <= 20


def test_apply_batch_and_bands(run, tmp_path):
    image = np.random.default_rng(3).integers(0, 256, (300, 3000), np.uint8)
    (tmp_path / "photos").mkdir()
    imgconv.write_image(tmp_path / "photos" / "a.png", image)
    expected = midrange(image, 5)
    steps = ("-k", "midrange:5", "--padding", "replicate")

    run("apply", "photos/a.png", "a.png", *steps)
    np.testing.assert_array_equal(imgconv.read_image(tmp_path / "a.png"), expected)

    run("batch", "-r", "photos", "out", *steps)
    np.testing.assert_array_equal(imgconv.read_image(tmp_path / "out" / "a.png"), expected)
    again = run("batch", "-r", "photos", "out", *steps)
    assert "0 done, 0 failed, 1 skipped" in again.stderr

    tifffile.imwrite(tmp_path / "a.tif", image, tile=(16, 16))
    done = run("apply", "a.tif", "b.zarr", *steps, "--max-memory", "512M")
    run("apply", "b.zarr", "b.png", "-k", "convert")
    np.testing.assert_array_equal(imgconv.read_image(tmp_path / "b.png"), expected)
    assert "Error" not in done.stderr


def test_it_stands_in_recipes_and_has_its_own_hash(run, tmp_path):
    printed = run("apply", "-k", "gray", "-k", "midrange:size=5", "--print-recipe").stdout
    assert printed.startswith('steps: [gray, "midrange:size=5"]\n')
    (tmp_path / "r.yaml").write_text(printed)
    assert run("apply", "--recipe", "r.yaml", "--print-recipe").stdout == printed
    program = (
        "from imgconv.io.config.recipe_hash import recipe_hash\n"
        "from imgconv import recipe_from\n"
        "for size in ('3', '5', 'size=5'):\n"
        "    print(recipe_hash(recipe_from({'steps': [f'midrange:{size}']}), None))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    three, five, again = done.stdout.split()
    assert three != five == again


def test_bands_are_those_of_the_whole(package, monkeypatch):
    monkeypatch.syspath_prepend(str(package))
    from imgconv.io.kernels.spec import load_step
    from imgconv.model.recipe import Recipe
    from imgconv.model.steps import registry
    from imgconv.ops.pipeline.bands import Stream
    from imgconv.ops.pipeline.run import run_recipe

    registry._from_elsewhere.cache_clear()
    image = np.random.default_rng(5).integers(0, 256, (40, 23), np.uint8)

    class Held:
        shape, dtype = image.shape, image.dtype

        def read(self, start, stop):
            return image[start:stop]

    try:
        settings = imgconv.Settings(border=imgconv.Border.WRAP, stride=(2, 3))
        recipe = Recipe(steps=(load_step("midrange:5"), load_step("blur")), settings=settings)
        whole = run_recipe(image, recipe).image
        bands = list(Stream(Held, recipe, height=3).bands())
    finally:
        registry._from_elsewhere.cache_clear()
    np.testing.assert_array_equal(np.concatenate(bands), whole)
    first = midrange(image, 5, "wrap")[::2, ::3]
    blurred = imgconv.correlate(first, "blur", border="wrap", stride=(2, 3))
    np.testing.assert_array_equal(whole, blurred)


def test_a_kind_that_no_package_has(run):
    done = run("apply", "x.png", "y.png", "-k", "midrang", code=3)
    assert "no kernel is called 'midrang'" in done.stderr


def test_a_built_in_name_needs_no_packages(monkeypatch):
    from imgconv.io.kernels.spec import load_step
    from imgconv.model.steps import registry

    def refuse(name):
        raise AssertionError(f"packages were asked for {name}")

    monkeypatch.setattr(registry, "_from_elsewhere", refuse)
    for spec in ("gray", "binarize:9", "unsharp", "1 2 1"):
        assert registry.function_of(load_step(spec), "apply") is not None
