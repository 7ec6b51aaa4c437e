"""The pictures of README and manual are what its commands make."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from manual.reader import PAGES
from PIL import Image, ImageSequence

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "sample_images" / "gallery"
TEXTS = "".join(path.read_text() for path in PAGES)


def script():
    path = GALLERY.with_name("make_gallery.py")
    spec = importlib.util.spec_from_file_location("make_gallery", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    script().make(folder)
    return folder


def frames(path):
    with Image.open(path) as picture:
        return [np.asarray(f.convert("RGB")).astype(int) for f in ImageSequence.Iterator(picture)]


@pytest.mark.parametrize("name", script().COMMANDS)
def test_pictures(made, name):
    found, expected = frames(GALLERY / name), frames(made / name)
    assert [f.shape for f in found] == [f.shape for f in expected]
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one - other).mean() < 0.5  # another version of a codec or of the font


def test_the_manual_shows_them_all_and_says_how():
    for name, command in script().COMMANDS.items():
        assert f"sample_images/gallery/{name})" in TEXTS
        words = command.replace("{photos}", "photos").replace("{out}", name)
        assert f"imgconv {words}" in TEXTS


def test_they_are_small():
    files = list(GALLERY.iterdir())
    assert {path.name for path in files} == set(script().COMMANDS)
    assert all(path.stat().st_size < 150_000 for path in files)
