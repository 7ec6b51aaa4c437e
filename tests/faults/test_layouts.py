"""Every layout of every format: the pixels that the file means, or a refusal that names it."""

from __future__ import annotations

import contextlib
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from cli.program import assert_fails
from faults import extra_layouts, other_layouts, photo_layouts, tiff_layouts
from faults.image_samples import pillow
from faults.image_samples import samples as kinds_of_damage
from faults.layout_maker import BLACK, DEFLATE, RGB, H, W, flat, joined, samples, tiff
from faults.tiff_layouts import PACKINGS
from PIL import Image
from skimage import color

from imgconv import correlate
from imgconv.io.images.decode import decode_picture
from imgconv.io.images.image_files import decode
from imgconv.io.images.picture import Reading
from imgconv.io.tiled.choice import open_reader
from imgconv.model.errors import ImageReadError

TABLES = tiff_layouts, other_layouts, photo_layouts, extra_layouts
READ = {name: layout for table in TABLES for name, layout in table.READ.items()}
REFUSED = {name: layout for table in TABLES for name, layout in table.REFUSED.items()}


@pytest.mark.parametrize("name", READ)
@pytest.mark.sampled(11)
def test_a_layout_that_is_read_gives_its_pixels(name):
    data, expected = READ[name]
    found = decode(data, "x")
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("salvage", [False, True])
def test_any_other_layout_is_named(name, salvage):
    data, words = REFUSED[name]
    with pytest.raises(ImageReadError, match=rf"^x: not supported: .*{words}") as caught:
        decode_picture(data, "x", Reading(salvage=salvage))
    said = f"{caught.value} {caught.value.hint}"
    assert "damaged" not in said
    assert "--salvage" not in said
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("packing", PACKINGS)
def test_doubles_are_read_when_asked_for(count, packing):
    image = samples("f8", count)
    data = tiff(image, BLACK if count == 1 else RGB, compression=PACKINGS[packing])
    assert np.array_equal(decode(data, "x", "f32"), flat(image.astype(np.float32)))
    with pytest.raises(ImageReadError, match="float64") as caught:
        decode(data, "x")
    assert "--depth f32" in (caught.value.hint or "")


def test_the_program_refuses_with_4(run, tmp_path):
    (tmp_path / "in.tif").write_bytes(REFUSED["tiff itu lab"][0])
    result = run("apply", "in.tif", "out.png", "-k", "identity")
    assert_fails(result, 4, "in.tif: not supported: TIFF of ITU Lab")
    assert not (tmp_path / "out.png").exists()


def test_a_page_that_is_not_wanted_may_have_any_layout():
    gray, mask = samples("u1"), samples("u1", 3)
    data = joined(tiff(gray), tiff(mask, 10))
    assert np.array_equal(decode(data, "x"), flat(gray))
    with pytest.raises(ImageReadError, match=r"ITU Lab .*\(page 2\)"):
        decode_picture(data, "x")


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("photometric", [8, 9])
def test_lab_is_what_colour_science_says(dtype, photometric):
    """Within two levels of scikit-image, whose white is rounded; neutral is neutral."""
    lab = np.zeros((H, W, 3))
    lab[..., 0] = np.linspace(0, 100, H)[:, None]
    lab[:, 20:, 1] = np.linspace(-30, 30, W - 20)
    lab[:, 20:, 2] = np.linspace(20, -20, W - 20)
    unit = 1 if dtype == "u1" else 256
    top = 255 if dtype == "u1" else (65535 if photometric == 8 else 65280)
    bias = 0 if photometric == 8 else 128 * unit
    stored = np.rint(np.dstack([lab[..., :1] * top / 100, lab[..., 1:] * unit + bias]))
    data = tiff((stored.astype(np.int64) % (256 * unit)).astype(dtype), photometric)
    picture = decode_picture(data, "x")
    found = picture.pages[0].astype(int)
    near = np.dstack([stored[..., :1] * 100 / top, (stored[..., 1:] - bias) / unit])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        xyz = color.lab2xyz(near, illuminant="D50")
    adapted = xyz @ BRADFORD.T
    expected = np.clip(color.xyz2rgb(adapted), 0, 1) * 255
    assert np.abs(found - expected).max() <= 2
    assert (np.ptp(found[:, :20], axis=2) == 0).all()
    assert picture.notes == ("Lab converted to sRGB",)


BRADFORD = np.array([[0.9555766, -0.0230393, 0.0631636], [-0.0282895, 1.0099416, 0.0210077],
                     [0.0122982, -0.0204830, 1.3299098]])  # fmt: skip
"""XYZ of D50 to that of D65 (Lindbloom, "Chromatic Adaptation")."""


@pytest.mark.parametrize("compression", [50000, 50001, 34712, 50002])
def test_what_needs_the_extra_says_so(compression, monkeypatch):
    data = tiff(samples("u1", 3), RGB, compression=compression)
    monkeypatch.setattr("imgconv.io.images.formats.tiff.unpacking.has_extra", lambda: False)
    with pytest.raises(ImageReadError, match=r"not supported: TIFF with .* compression") as caught:
        decode(data, "x")
    assert caught.value.hint == "pip install 'imgconv[formats]'"


@pytest.mark.parametrize("count", [2, 3, 4, 5, 64])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_bands_are_filtered_apart_and_written_as_bands(run, tmp_path, count, dtype):
    image = samples(dtype, count)
    (tmp_path / "in.tif").write_bytes(tiff(image, BLACK, extra=(0,) * (count - 1)))
    assert run("apply", "in.tif", "out.tif", "-k", "sharpen").code == 0
    found = tifffile.imread(tmp_path / "out.tif")
    bands = [correlate(np.ascontiguousarray(image[..., n]), "sharpen") for n in range(count)]
    assert np.array_equal(found, np.dstack(bands))
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        page = file.pages[0]
        assert (page.photometric, page.extrasamples) == (BLACK, (0,) * (count - 1))
    again = run("apply", "in.tif", "out.png", "-k", "sharpen")
    assert again.code == (0 if count == 3 and dtype != "f4" else 5)
    assert again.code == 0 or "cannot hold" in again.err


def test_damage_in_samples_is_told_and_salvaged():
    image = samples("u2", 5)
    data = bytearray(tiff(image, BLACK, extra=(0,) * 4, rows=8, compression=DEFLATE))
    at = data.index(zlib.compress(image[8:16].tobytes()))
    data[at + 20] ^= 255
    with pytest.raises(ImageReadError, match="1 of 5 strips is missing or damaged; strip 1"):
        decode(bytes(data), "x")
    found = decode_picture(bytes(data), "x", Reading(salvage=True)).pages[0]
    assert not found[8:16].any()
    assert np.array_equal(np.delete(found, range(8, 16), 0), np.delete(image, range(8, 16), 0))


@pytest.mark.parametrize("name", REFUSED)
def test_reading_by_rows_says_the_same(name, tmp_path):
    data, _ = REFUSED[name]
    path = tmp_path / "in"
    path.write_bytes(data)
    with pytest.raises(ImageReadError, match="not supported") as whole:
        decode(data, str(path))
    with pytest.raises(ImageReadError, match="not supported") as banded:
        open_reader(path, limit=1)
    assert (str(banded.value), banded.value.hint) == (str(whole.value), whole.value.hint)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("planar", [1, 2])
def test_premultiplied_colours_are_divided_by_either_reader(dtype, planar, tmp_path):
    image = samples(dtype, 4)
    (tmp_path / "in.tif").write_bytes(tiff(image, RGB, extra=(1,), planar=planar))
    whole = decode((tmp_path / "in.tif").read_bytes(), "x")
    with contextlib.closing(open_reader(tmp_path / "in.tif", limit=1)) as reader:
        banded = np.concatenate([reader.read(at, min(at + 9, H)) for at in range(0, H, 9)])
    assert np.array_equal(banded, whole)
    white = 1 if dtype == "f4" else np.iinfo(dtype).max
    seen = image[..., 3] > white // 2
    exact = image[..., :3][seen] * (white / image[..., 3:][seen].astype(np.float64))
    exact = exact if dtype == "f4" else np.minimum(np.rint(exact), white)
    assert np.allclose(whole[..., :3][seen], exact, rtol=1e-6)


@pytest.mark.parametrize("name", ["jpeg cmyk", "avif RGB", "gif", "tiff"])
def test_what_libvips_reads_otherwise_is_read_as_a_whole(name, tmp_path):
    kinds = kinds_of_damage()
    data = {"gif": kinds["gif three"], "tiff": kinds["tiff three"]}.get(name) or READ[name][0]
    (tmp_path / "in").write_bytes(data)
    assert open_reader(tmp_path / "in", limit=1) is None


@pytest.mark.parametrize("number", [1, 2])
def test_the_page_that_is_asked_for_is_read_by_rows(number, tmp_path):
    pages = samples("u2"), samples("u1", 3)
    (tmp_path / "in.tif").write_bytes(joined(tiff(pages[0]), tiff(pages[1], RGB)))
    with contextlib.closing(open_reader(tmp_path / "in.tif", limit=1, page=number)) as reader:
        assert np.array_equal(reader.read(3, 30), flat(pages[number - 1])[3:30])


@pytest.mark.parametrize("shape", [(H, W), (H, W, 4), (H - 1, W, 3)])
def test_what_does_not_fit_the_header_is_never_given(monkeypatch, shape):
    data = pillow(Image.fromarray(samples("u1", 3)), "PNG")
    monkeypatch.setattr(
        "imgconv.io.images.formats.png.decode", lambda *_, **__: [np.zeros(shape, np.uint8)]
    )
    with pytest.raises(ImageReadError, match="its header states 53 x 37 of 3 x 8 bits"):
        decode(data, "x")


@pytest.mark.parametrize("name", READ)
@pytest.mark.sampled(44)
def test_the_reader_by_rows_gives_the_same_pixels_or_leaves_it(name, tmp_path):
    data, expected = READ[name]
    (tmp_path / "in").write_bytes(data)
    reader = open_reader(tmp_path / "in", limit=1)
    if reader is None:
        return
    with contextlib.closing(reader):
        assert (reader.shape, reader.dtype) == (expected.shape, expected.dtype)
        parts = [reader.read(at, min(at + 5, H)) for at in range(0, H, 5)]
    assert np.array_equal(np.concatenate(parts), expected)


def test_enough_layouts_are_read_by_rows(tmp_path):
    """What is large is mostly of these."""
    for name in ("tiff rgb u1 lzw < tiles", "tiff black u2 deflate > tiles", "png 3 channels 8",
                 "tiff rgb + alpha u2 none < strips", "tiff bands x5 u2 tiles"):  # fmt: skip
        (tmp_path / "in").write_bytes(READ[name][0])
        reader = open_reader(tmp_path / "in", limit=1)
        assert reader is not None, name
        reader.close()
