"""Pictures of some megapixels, filtered by rows: all is as where they are filtered whole."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv.io.config.recipes import recipe_from
from imgconv.io.images.formats.png import rows as png_rows
from imgconv.io.images.image_files import read_picture, write_picture
from imgconv.io.images.picture import Encoding, Metadata, Picture
from imgconv.io.kernels.bank import KernelBank
from imgconv.io.storage import files
from imgconv.jobs.apply import filter_file as whole
from imgconv.jobs.apply import rows
from imgconv.jobs.apply.filter_path import filter_path
from imgconv.model.errors import ImageReadError

BANK = KernelBank.standard(())
ABOUT = Metadata(xmp=b"<x:xmpmeta/>", resolution=(300, 300))


def recipe(*kernels, **options):
    return recipe_from({"kernels": list(kernels), **options}, BANK)


@pytest.fixture(autouse=True)
def small_bands(monkeypatch):
    monkeypatch.setattr(rows, "_FEWEST_BYTES", 1)
    monkeypatch.setattr(rows, "_BAND_BYTES", 1 << 12)


@pytest.fixture
def made(monkeypatch):
    """Count the pictures that were filtered by rows."""
    count = []
    real = rows._streamed

    def streamed(*arguments, **options):
        row = real(*arguments, **options)
        count.append(row is not None)
        return row

    monkeypatch.setattr(rows, "_streamed", streamed)
    return count


@pytest.fixture
def picture(tmp_path):
    def write(name, shape=(331, 57, 3)):
        image = np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)
        write_picture(tmp_path / name, Picture((image,), ABOUT))
        return tmp_path / name

    return write


def both(monkeypatch, source, target, what, **how):
    """Filter by rows and as a whole; give both rows and the bytes of both outputs."""
    by_rows = filter_path(source, target, what, **how), target.read_bytes()
    monkeypatch.setattr(whole.rows, "can_stream", lambda _: False)
    at_once = filter_path(source, target, what, overwrite=True, **how), target.read_bytes()
    return by_rows, at_once


RECIPES = {
    "sharpen": recipe("sharpen"),
    "chain": recipe("gaussian:1", "sobel_x", "median:3"),
    "set": recipe("sobel"),
    "stride, full": recipe("blur", stride=3, size="full"),
    "reflect": recipe("gaussian:3", border="reflect"),
    "replicate": recipe("sharpen", border="replicate"),
    "constant": recipe("sharpen", **{"padding": "constant", "border-value": "9"}),
    "gray": recipe("sharpen", gray="bt601"),
    "range": recipe("laplacian", range="full"),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("threads", [1, 2])
def test_as_whole(monkeypatch, picture, made, tmp_path, name, suffix, threads):
    source, target = picture(f"a.{suffix}"), tmp_path / f"b.{suffix}"
    (row, data), (other, expected) = both(
        monkeypatch, source, target, RECIPES[name], threads=threads
    )
    assert made == [True]
    assert data == expected
    assert row._replace(seconds=0) == other._replace(seconds=0)
    assert read_picture(target).metadata.xmp == ABOUT.xmp


@pytest.mark.parametrize(
    ("what", "shape"),
    [
        (recipe("sharpen", border="wrap"), (331, 57, 3)),
        (recipe("gaussian:20"), (331, 57, 3)),
        (recipe("sharpen", range="rescale"), (331, 57)),
        (recipe(binarize="otsu"), (331, 57)),
    ],
    ids=["wrap", "far", "rescale", "survey"],
)
def test_some_recipes_take_the_whole(picture, made, tmp_path, what, shape):
    filter_path(picture("a.png", shape), tmp_path / "b.png", what)
    assert not any(made)


@pytest.mark.parametrize("kind", ["L", "RGBA", "LA", "P", "I;16"])
def test_layouts(monkeypatch, tmp_path, kind):
    gray = np.random.default_rng(6).integers(0, 256, (331, 57)).astype(np.uint8)
    image = Image.fromarray(gray.astype(np.uint16) * 257 if kind == "I;16" else gray)
    (image if kind == "I;16" else image.convert(kind)).save(tmp_path / "a.png")
    (row, data), (other, expected) = both(
        monkeypatch, tmp_path / "a.png", tmp_path / "b.png", recipe("sharpen")
    )
    assert data == expected
    assert row._replace(seconds=0) == other._replace(seconds=0)


def test_a_picture_that_is_not_upright(monkeypatch, tmp_path):
    image = np.random.default_rng(6).integers(0, 256, (331, 57, 3)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.png", "a.jpg"):
        Image.fromarray(image).save(tmp_path / name, exif=exif)
        assert imgconv.read_image(tmp_path / name).shape == (57, 331, 3)
        with monkeypatch.context() as patch:
            (_, data), (_, expected) = both(
                patch, tmp_path / name, tmp_path / f"{name}.png", recipe("sharpen")
            )
        assert data == expected


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("at", [0.3, 0.6, 0.95])
def test_damage_leaves_nothing(picture, tmp_path, at, threads):
    source = picture("a.png")
    data = bytearray(source.read_bytes())
    data[int(len(data) * at)] ^= 0x55
    source.write_bytes(data)
    with pytest.raises(ImageReadError, match="damaged or cut short"):
        filter_path(source, tmp_path / "b.png", recipe("sharpen"), threads=threads)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_level_is_written_as_a_whole(picture, made, tmp_path):
    filter_path(
        picture("a.png"), tmp_path / "b.png", recipe("sharpen"), encoding=Encoding(compression="6")
    )
    assert not any(made)


def test_small_pictures_are_filtered_whole(monkeypatch, picture, made, tmp_path):
    monkeypatch.setattr(rows, "_FEWEST_BYTES", 331 * 57 * 3 + 1)
    for name in ("a.png", "a.jpg"):
        filter_path(picture(name), tmp_path / "b.png", recipe("sharpen"), overwrite=True)
    assert made == []


def test_the_source_is_closed_before_the_output_takes_its_name(monkeypatch, picture, made):
    source = picture("a.png")
    opened = []
    real = png_rows.open_rows
    monkeypatch.setattr(png_rows, "open_rows", lambda path: opened.append(real(path)) or opened[0])
    closed = []
    name = files.name_unnamed
    monkeypatch.setattr(
        files,
        "name_unnamed",
        lambda *arguments, **how: closed.append(opened[0][0].closed) or name(*arguments, **how),
    )
    filter_path(source, source, recipe("sharpen"), in_place=True)
    assert made == [True]
    assert closed == [True]
