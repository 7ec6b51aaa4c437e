"""HEIC, JPEG XL and OpenEXR: what comes beside the pixels, and what is said without the extra."""

from __future__ import annotations

import io
import struct
import sys

import imagecodecs
import numpy as np
import OpenEXR
import pillow_heif
import pytest
import simplejpeg
from cli.program import assert_fails
from faults import photo_layouts
from faults.extra_layouts import READ, exr, heic, plain_box, planes
from faults.image_samples import metadata, pillow, rgb
from faults.layout_maker import H, W, samples
from PIL import Image

from imgconv import correlate
from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import format_named, read_header, sniff
from imgconv.io.images.image_files import decode
from imgconv.io.images.picture import Encoding, Picture, Reading
from imgconv.io.tiled.choice import open_reader
from imgconv.model.errors import ImageReadError, ImageWriteError, LimitError

LIBRARIES = {"heic": "pillow_heif", "jxl": "imagecodecs", "exr": "OpenEXR"}
EXAMPLES = {"heic": "heic x3", "jxl": "jxl u1 x3 True", "exr": "exr RGB f4 ZIP"}
SHAPE = H, W


def encoded(image, name, said=None, **how):
    picture = Picture((image,)) if said is None else Picture((image,), said)
    return encode_picture(picture, format_named(name), "x", Encoding(**how))


@pytest.mark.parametrize("name", EXAMPLES)
def test_they_are_read_filtered_and_written(run, tmp_path, name):
    data, image = READ[EXAMPLES[name]]
    (tmp_path / f"in.{name}").write_bytes(data)
    done = run("apply", f"in.{name}", f"out.{name}", "-k", "small_blur")
    assert (done.code, done.err) == (0, "")
    found = decode((tmp_path / f"out.{name}").read_bytes(), "x")
    assert np.array_equal(found, correlate(image, "small_blur"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_without_the_extra_the_error_names_it(run, tmp_path, monkeypatch, name):
    (tmp_path / f"in.{name}").write_bytes(READ[EXAMPLES[name]][0])
    (tmp_path / "in.png").write_bytes(pillow(Image.fromarray(rgb()), "PNG"))
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    done = run("apply", f"in.{name}", "out.png", "-k", "sharpen")
    words = f"without {LIBRARIES[name]}, of the extra 'formats'", "pip install 'imgconv[formats]'"
    assert_fails(done, 4, f"in.{name}: not supported: ", *words)
    done = run("apply", "in.png", f"out.{name}", "--depth", "f32" if name == "exr" else "u8")
    assert_fails(done, 2, f"out.{name}: {name} needs {LIBRARIES[name]}", words[1])
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"in.{name}", "in.png"]


@pytest.mark.parametrize("name", ["heic", "jxl"])
def test_metadata_is_kept(name):
    given = metadata(6)
    data, notes = encoded(rgb(), name, given)
    found = decode_picture(data, "x").metadata
    assert notes == ()
    assert b"Maker" in found.exif
    assert found.xmp == given.xmp
    assert found.icc == (given.icc if name == "heic" else None)
    with Image.open(io.BytesIO(pillow(Image.fromarray(rgb()), "PNG", exif=found.exif))) as image:
        assert image.getexif()[274] == 1
    bare, _ = encoded(rgb(), name, given, strip=True)
    assert b"Maker" not in bare
    assert not any(decode_picture(bare, "x").metadata)


def test_another_library_reads_the_metadata_of_heic():
    data, _ = encoded(rgb(), "heic", metadata())
    said = pillow_heif.open_heif(io.BytesIO(data)).info
    assert said["icc_profile"] == metadata().icc
    assert said["exif"].removeprefix(b"Exif\0\0") == metadata().exif


def test_metadata_that_jpeg_xl_compresses_is_read():
    data, _ = encoded(rgb(), "jxl")
    packed = imagecodecs.brotli_encode(bytes(4) + metadata().exif)
    boxes = plain_box(b"brob", b"Exif" + packed) + plain_box(b"brob", b"xml \xff\xff\xff")
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + plain_box(b"ftyp", b"jxl \0\0\0\0jxl ")
    found = decode_picture(head + boxes + plain_box(b"jxlc", data), "x").metadata
    assert found.exif == metadata().exif


@pytest.mark.parametrize("name", ["heic", "jxl"])
def test_a_quality_makes_files_smaller_and_near(name):
    sizes = []
    for quality in (20, 60, 95, None):
        data, _ = encoded(rgb(), name, quality=quality)
        sizes.append(len(data))
        error = np.abs(decode(data, "x").astype(int) - rgb()).mean()
        assert error <= {20: 30, 60: 20, 95: 6, None: 0}[quality]
    assert sizes == sorted(sizes)


def test_a_quality_of_16_bits_is_refused():
    with pytest.raises(ImageWriteError, match="with a quality it holds 8 bits; leave --quality"):
        encoded(samples("u2", 3), "jxl", quality=90)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_16_bits_of_jpeg_xl_say_srgb(count):
    image = samples("u2", count)
    image = image[..., 0] if count == 1 else image
    assert decode_picture(encoded(image, "jxl")[0], "x").notes == ()
    linear = bytes(imagecodecs.jpegxl_encode(image, lossless=True))
    picture = decode_picture(linear, "x")
    assert "the colours are not sRGB" in picture.notes[0]
    assert np.array_equal(picture.pages[0], image)


def stored_in(data):
    try:
        return imagecodecs.jpegxl_decode(data)
    except RuntimeError:
        return np.zeros(0)


def test_premultiplied_colours_of_jpeg_xl_are_divided():
    image = samples("u2", 4)
    data = bytes(imagecodecs.jpegxl_encode(image, lossless=True, usecontainer=False))
    at = data.index(b"\xff\x0a")
    found = []
    for bit in range(16, 120):
        changed = bytearray(data)
        changed[at + bit // 8] ^= 1 << bit % 8
        try:
            header = read_header(bytes(changed), format_named("jxl"))
        except Exception:
            continue
        if header[:4] == (W, H, 4, 16) and header.extra == (False, True):
            found.append(bytes(changed))
    associated = [each for each in found if np.array_equal(stored_in(each), image)]
    picture = decode_picture(associated[0], "x")
    assert "colours were premultiplied" in picture.notes[0]
    white, alpha = 65535, image[..., 3:].astype(np.int64)
    seen = alpha[..., 0] > 0
    stored = image[..., :3].astype(np.int64)
    exact = (2 * stored * white + alpha) // np.maximum(2 * alpha, 1)
    meant = np.minimum(exact, white)
    assert np.abs(picture.pages[0][..., :3].astype(int) - meant)[seen].max() <= 1
    assert np.array_equal(picture.pages[0][..., 3], image[..., 3])


def test_what_heic_holds_besides_is_said():
    notes = decode_picture(READ["heic several"][0], "x").notes
    assert notes == ("heic: only the first of 3 pictures is read",)
    data = heic(samples("u1", 3))
    at = data.index(b"nclx") + 4
    wide = data[:at] + struct.pack(">HH", 9, 16) + data[at + 4 :]
    assert "primaries 9 and transfer 16" in decode_picture(wide, "x").notes[0]
    assert decode_picture(data, "x").notes == ()


def test_the_brands_of_a_file_say_which_format_it_is():
    avif = pillow(Image.fromarray(rgb()), "AVIF", quality=100, subsampling="4:4:4")
    assert sniff(avif).name == "avif"
    other = avif[:8] + b"mif1" + avif[12:]
    assert b"avif" in other[16:32]
    assert sniff(other).name == "avif"
    assert np.array_equal(decode(other, "x"), decode(avif, "x"))
    assert sniff(READ["heic of another brand"][0]).name == "heic"
    assert sniff(avif[:4] + b"ftypmp42" + bytes(20)) is None


@pytest.mark.parametrize("name", EXAMPLES)
def test_they_are_read_as_a_whole(tmp_path, name):
    (tmp_path / "in").write_bytes(READ[EXAMPLES[name]][0])
    assert open_reader(tmp_path / "in", limit=1) is None


@pytest.mark.parametrize("name", EXAMPLES)
def test_their_pixels_are_counted_before_they_are_decoded(name):
    data, _ = READ[EXAMPLES[name]]
    assert len(decode_picture(data, "x", Reading(max_pixels=H * W)).pages) == 1
    with pytest.raises(LimitError, match=f"{W} x {H} is {W * H} pixels"):
        decode_picture(data, "x", Reading(max_pixels=H * W - 1))


def test_alpha_of_openexr_is_multiplied_when_written():
    image = np.abs(samples("f4", 4)) + np.float32(0.25)
    data, notes = encoded(image, "exr")
    assert notes == ("exr: colours are multiplied by alpha, as the format asks",)
    held = OpenEXR.File(io.BytesIO(data), separate_channels=True).channels()
    for at, name in enumerate("RGB"):
        assert np.array_equal(held[name].pixels, image[..., at] * image[..., 3])
    assert np.array_equal(held["A"].pixels, image[..., 3])
    assert np.allclose(decode(data, "x"), image, rtol=1e-6)


def test_primaries_of_openexr_that_are_not_kept_are_said():
    image = samples("f4", 3)
    wide = (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329)
    data = exr(planes(image, "RGB"), chromaticities=wide)
    assert "primaries are not those of sRGB" in decode_picture(data, "x").notes[0]
    same = exr(
        planes(image, "RGB"), chromaticities=(0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)
    )
    assert decode_picture(same, "x").notes == ()


@pytest.mark.parametrize(
    ("name", "at", "changed", "words"),
    [
        ("exr", 8, b"\xff" * 300, "it ends within its header"),
        ("jxl", 32, b"\0" * 40, "it has no codestream"),
        ("heic", 24, b"\xff" * 40, "box"),
    ],
)
def test_damage_of_headers_is_told(name, at, changed, words):
    data, _ = READ[EXAMPLES[name]]
    broken = data[:at] + changed + data[at + len(changed) :]
    with pytest.raises(ImageReadError, match=f"damaged or cut short: .*{words}"):
        decode_picture(broken, "x")


def test_damage_within_compressed_pixels_of_openexr_is_found():
    image = np.zeros((H, W), np.float32)
    data = bytearray(exr({"Y": image}))
    data[-12] ^= 255
    with pytest.raises(ImageReadError, match="it does not decode"):
        decode_picture(bytes(data), "x")


@pytest.mark.parametrize("name", ["jpeg lossless 12 x3", "jpeg 12 bits ramp"])
def test_deep_jpeg_needs_the_extra_and_its_last_marker(monkeypatch, name):
    data, image = photo_layouts.READ[name]
    assert "white was 4095" in decode_picture(data, "x").notes[0]
    with pytest.raises(ImageReadError, match="cut short: it ends before its last marker"):
        decode(data[:-30], "x")
    salvaged = decode_picture(data[:-30], "x", Reading(salvage=True)).pages[0]
    assert np.array_equal(salvaged[:10], image[:10])
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(ImageReadError, match="not supported: JPEG of 12 bits") as caught:
        decode(data, "x")
    assert caught.value.hint == "pip install 'imgconv[formats]'"


def test_a_jpeg_keeps_its_subsampling_or_says_so():
    kind = format_named("jpeg")
    for sampling in ("444", "422", "420", "440", "411"):
        picture = decode_picture(bytes(simplejpeg.encode_jpeg(rgb(), 90, "RGB", sampling)), "x")
        data, notes = encode_picture(picture, kind, "x")
        assert (decode_picture(data, "x").encoded.subsampling, notes) == (sampling, ())
    changed = bytearray(simplejpeg.encode_jpeg(rgb(), 90, "RGB", "420"))
    changed[changed.index(b"\xff\xc0") + 11] = 0x41
    changed[changed.index(b"\xff\xc0") + 14] = 0x21
    header = read_header(bytes(changed), kind)
    data, notes = encode_picture(Picture((rgb(),), encoded=header.encoded), kind, "x")
    assert notes == ("jpeg: samples of 4 x 1, 2 x 1, 1 x 1 are written as 444",)
    assert decode_picture(data, "x").encoded.subsampling == "444"
