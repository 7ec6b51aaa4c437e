"""Every format, depth and number of channels: what is written is what is read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, save
from faults.image_samples import TURNS
from PIL import Image

from imgconv.io.images.formats import FORMATS
from imgconv.io.images.image_files import read_image, write_image
from imgconv.model.output import Depth

LOSSY = {"jpeg"}
# GIF has 256 colours and HDR 8 bits of mantissa; what they keep is tested by test_matrix.py.
PLAIN = [kind for kind in FORMATS if kind.writes and kind.name not in ("gif", "hdr")]
HELD = [
    (kind.name, suffix, depth, channels)
    for kind in PLAIN
    for suffix in kind.suffixes
    for depth in kind.depths
    for channels in kind.channels
]


def picture(shape, depth):
    """Give pixels of every size there is, in no order."""
    count = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape) * 7919
    if depth is Depth.F32:
        return (count % 1001 / 500 - 0.5).astype(np.float32)
    limits = np.iinfo(depth.dtype)
    return (count % (limits.max - limits.min + 1) + limits.min).astype(depth.dtype)


def shape_of(rows, columns, channels):
    return (rows, columns) if channels == 1 else (rows, columns, channels)


@pytest.mark.parametrize("size", [(13, 17), (1, 1), (1, 9), (9, 1)])
@pytest.mark.parametrize(("name", "suffix", "depth", "channels"), HELD)
@pytest.mark.sampled(44)
def test_what_is_written_is_read(tmp_path, name, suffix, depth, channels, size):
    image = picture(shape_of(*size, channels), depth)
    before = image.copy()
    write_image(tmp_path / f"x{suffix}", image)
    assert np.array_equal(image, before)
    again = read_image(tmp_path / f"x{suffix}")
    if (name, channels) == ("webp", 1):  # WebP knows colour only: gray comes back as three alike
        image = np.repeat(image[..., None], 3, axis=2)
    if name in ("webp", "avif", "bmp", "heic") and channels == 2:
        image = image[..., [0, 0, 0, 1]]
    assert (again.shape, again.dtype) == (image.shape, image.dtype)
    if name == "exr" and channels in (2, 4):  # which holds colours times alpha
        assert np.array_equal(again[..., -1], image[..., -1])
        again, image = (each[..., :-1] * each[..., -1:] for each in (again, image))
        assert np.allclose(again, image, rtol=1e-6)
    elif name not in LOSSY:
        assert np.array_equal(again, image)


@pytest.mark.parametrize(
    "kind", [k for k in PLAIN if Depth.U8 in k.depths], ids=lambda kind: kind.name
)
def test_a_photograph_goes_through_the_program_unchanged(run, rgb, tmp_path, kind):
    """A lossless format exactly; the lossy ones so that nobody sees it."""
    image = rgb if 3 in kind.channels else rgb[..., 1]
    save(tmp_path / "in.png", image)
    name = f"out{kind.suffixes[0]}"
    assert run("apply", "in.png", name, "-k", "identity").code == 0
    assert run("apply", name, "back.png").code == 0
    difference = np.abs(read_image(tmp_path / "back.png").astype(int) - image)
    assert difference.max() <= (0 if kind.name not in LOSSY else 60)
    assert difference.mean() < 3


@pytest.mark.parametrize(
    ("suffix", "opener"), [(".png", "PNG"), (".tiff", "TIFF"), (".bmp", "BMP")]
)
def test_another_program_reads_what_we_write(rgb, tmp_path, suffix, opener):
    write_image(tmp_path / f"x{suffix}", rgb)
    with Image.open(tmp_path / f"x{suffix}") as image:
        assert image.format == opener
        assert np.array_equal(np.asarray(image), rgb)


def test_a_palette_becomes_colour(rgb, tmp_path):
    with Image.fromarray(rgb).quantize(16) as image:
        image.save(tmp_path / "x.png")
        assert np.array_equal(read_image(tmp_path / "x.png"), np.asarray(image.convert("RGB")))


def test_a_palette_with_transparency_keeps_it(rgb, tmp_path):
    with Image.fromarray(rgb).quantize(16) as image:
        image.save(tmp_path / "x.png", transparency=3)
        expected = np.where(np.asarray(image) == 3, 0, 255)
    pixels = read_image(tmp_path / "x.png")
    assert pixels.shape == (96, 80, 4)
    assert np.array_equal(pixels[..., 3], expected)


@pytest.mark.parametrize("suffix", ["png", "tiff", "bmp", "pbm"])
def test_one_bit_becomes_black_and_white(gray, tmp_path, suffix):
    bits = gray > 100
    Image.fromarray(bits).save(tmp_path / f"x.{suffix}")
    pixels = read_image(tmp_path / f"x.{suffix}")
    expected = np.where(bits, 255, 0)
    one = pixels if pixels.ndim == 2 else pixels[..., 0]
    assert np.array_equal(one, expected)


@pytest.mark.parametrize("bits", [2, 4])
def test_few_bits_are_spread_over_the_range(gray, tmp_path, bits):
    levels = gray >> (8 - bits)
    file = tmp_path / "x.png"
    _write_png(file, levels, bits)
    assert np.array_equal(read_image(file), levels * (255 // (2**bits - 1)))


def _write_png(path, levels, bits):
    """Write a gray PNG of few bits by hand; neither Pillow nor OpenCV writes one."""
    import struct
    import zlib

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows, columns = levels.shape
    each = np.unpackbits(levels[..., None], axis=-1)[..., -bits:].reshape(rows, -1)
    lines = b"".join(b"\0" + line.tobytes() for line in np.packbits(each, axis=1))
    header = struct.pack(">IIBBBBB", columns, rows, bits, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def test_gray_with_alpha_keeps_its_alpha(gray, tmp_path):
    alpha = np.arange(gray.size, dtype=np.uint8).reshape(gray.shape)
    Image.merge("LA", [Image.fromarray(gray), Image.fromarray(alpha)]).save(tmp_path / "x.png")
    pixels = read_image(tmp_path / "x.png")
    assert np.array_equal(pixels[..., -1], alpha)
    assert np.array_equal(pixels[..., 0], gray)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
@pytest.mark.parametrize("orientation", TURNS)
def test_the_orientation_is_applied(rgb, tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(rgb).save(tmp_path / f"x.{suffix}", exif=exif, **options)
    pixels = read_image(tmp_path / f"x.{suffix}")
    expected = TURNS[orientation](rgb)
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).mean() < (6 if suffix == "jpg" else 0.01)


def test_the_content_says_the_format_and_not_the_name(rgb, tmp_path):
    data = bytes(cv2.imencode(".bmp", rgb[..., ::-1])[1])
    (tmp_path / "x.jpg").write_bytes(data)
    assert np.array_equal(read_image(tmp_path / "x.jpg"), rgb)


RGBA = np.full((4, 5, 4), 9, np.uint8)


@pytest.mark.parametrize(
    ("image", "target", "options", "words"),
    [
        (
            np.full((4, 5), 9, np.uint16),
            "o.jpg",
            [],
            ["jpeg cannot hold u16", "--depth u8", ".png"],
        ),
        (np.full((4, 5), 9, np.uint16), "o.webp", [], ["webp cannot hold u16", "--depth u8"]),
        (RGBA, "o.jpg", [], ["jpeg cannot hold alpha", ".png"]),
        (RGBA, "o.ppm", [], ["ppm cannot hold alpha", ".png"]),
        (RGBA[..., :3], "o.pgm", [], ["pgm cannot hold colour", ".ppm"]),
        (RGBA[..., 0], "o.png", ["--depth", "f32"], ["png cannot hold f32", ".tiff"]),
        (RGBA[..., 0], "o.png", ["--depth", "i16"], ["png cannot hold i16", ".tiff"]),
        (np.full((4, 5), 9, np.float32), "o.bmp", [], ["bmp cannot hold f32", "--depth u8"]),
        (RGBA[..., 0], "o.giff", [], ["'.giff'", ".png"]),
        (RGBA[..., 0], "o", [], ["no suffix", "--format"]),
    ],
)
def test_what_a_format_cannot_hold_is_refused_with_the_way_out(
    run, tmp_path, image, target, options, words
):
    source = tmp_path / ("in.tiff" if image.dtype == np.float32 else "in.png")
    write_image(source, image)
    assert_fails(
        run("apply", source.name, target, "-k", "1", *options), 5, f"Error: {target}: ", *words
    )
    assert list(tmp_path.iterdir()) == [source]


def test_float64_is_refused_with_the_way_out(run, tmp_path):
    cv2.imwrite(str(tmp_path / "in.tiff"), np.full((4, 5), 0.5))
    assert_fails(run("apply", "in.tiff", "out.tiff"), 4, "float64", "--depth f32")
    assert run("apply", "in.tiff", "out.tiff", "--depth", "f32").code == 0
    assert read_image(tmp_path / "out.tiff").tolist() == [[0.5] * 5] * 4


def test_16_bit_to_jpeg_by_the_way_out(run, tmp_path):
    """`--depth u8 --range full`, as the hint says, keeps white white."""
    write_image(tmp_path / "in.png", np.full((8, 8), 65535, np.uint16))
    assert run("apply", "in.png", "out.jpg", "--depth", "u8", "--range", "full").code == 0
    assert np.unique(read_image(tmp_path / "out.jpg")).tolist() == [255]
