"""Every layout of every format: the pixels that the file means, or a refusal that names it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from cli.program import assert_fails
from faults import other_layouts, tiff_layouts
from faults.image_samples import pillow
from faults.layout_maker import BLACK, INKS, LZW, RGB, H, W, flat, samples, tiff
from faults.tiff_layouts import PACKINGS
from PIL import Image

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.image_files import decode
from imgconv.io.images.picture import Reading
from imgconv.io.tiled.choice import open_reader
from imgconv.model.errors import ImageReadError

READ = tiff_layouts.READ | other_layouts.READ
REFUSED = tiff_layouts.REFUSED | other_layouts.REFUSED


@pytest.mark.parametrize("name", READ)
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


def test_inks_are_within_one_of_the_exact_conversion():
    image = samples("u1", 4)
    light = 255.0 - image
    found = decode(tiff(image, INKS, compression=LZW), "x")
    assert np.abs(found - light[..., :3] * light[..., 3:] / 255).max() <= 1


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
    (tmp_path / "in.tif").write_bytes(REFUSED["tiff lab"][0])
    result = run("apply", "in.tif", "out.png", "-k", "identity")
    assert_fails(result, 4, "in.tif: not supported: TIFF of CIE Lab")
    assert not (tmp_path / "out.png").exists()


def test_a_page_that_is_not_wanted_may_have_any_layout():
    gray, lab = samples("u1"), Image.fromarray(samples("u1", 3)).convert("LAB")
    file = io.BytesIO()
    Image.fromarray(flat(gray)).save(file, "TIFF", save_all=True, append_images=[lab])
    assert np.array_equal(decode(file.getvalue(), "x"), flat(gray))
    with pytest.raises(ImageReadError, match=r"CIE Lab .*\(page 2\)"):
        decode_picture(file.getvalue(), "x")


@pytest.mark.parametrize("name", REFUSED)
def test_reading_by_rows_says_the_same(name, tmp_path):
    data, _ = REFUSED[name]
    path = tmp_path / "in"
    path.write_bytes(data)
    with pytest.raises(ImageReadError, match="not supported") as whole:
        decode(data, str(path))
    if "small tiles" in str(whole.value):
        return  # libvips reads those, and tiles that small are of no huge picture
    with pytest.raises(ImageReadError, match="not supported") as banded:
        open_reader(path, limit=1)
    assert (str(banded.value), banded.value.hint) == (str(whole.value), whole.value.hint)


@pytest.mark.parametrize("name", ["cmyk", "premultiplied", "jpeg cmyk"])
def test_what_libvips_reads_otherwise_is_read_as_a_whole(name, tmp_path):
    inks = tiff(samples("u1", 4), INKS)
    alpha = tiff(samples("u1", 4), RGB, extra=(1,))
    data = {"cmyk": inks, "premultiplied": alpha}.get(name) or READ[name][0]
    (tmp_path / "in").write_bytes(data)
    assert open_reader(tmp_path / "in", limit=1) is None


@pytest.mark.parametrize("shape", [(H, W), (H, W, 4), (H - 1, W, 3)])
def test_what_does_not_fit_the_header_is_never_given(monkeypatch, shape):
    data = pillow(Image.fromarray(samples("u1", 3)), "PNG")
    monkeypatch.setattr(
        "imgconv.io.images.formats.png.decode", lambda *_, **__: [np.zeros(shape, np.uint8)]
    )
    with pytest.raises(ImageReadError, match="its header says 53 x 37 with 3 of 8"):
        decode(data, "x")
