"""Damaged inputs: exit 4, one line with the file's name, and never a partial picture."""

from __future__ import annotations

import io
import re

import cv2
import pytest
from cli.program import assert_fails
from PIL import Image

from imgconv.io.images.image_files import read_image
from imgconv.model.errors import ImageReadError

SUFFIXES = ["png", "jpg", "tiff", "webp", "bmp", "ppm"]
CUTS = ["1 %", "10 %", "50 %", "90 %", "99 %", "all but a byte"]
CODECS = re.compile(r"\.[ch]pp|grfmt|\[ ?(WARN|ERROR|INFO)|global |@\d|in function", re.I)
"""What OpenCV's own log lines have and words for a person do not."""


def cut(data, much):
    return data[: len(data) * int(much.split()[0]) // 100] if "%" in much else data[:-1]


def encoded(rgb, suffix, *parameters):
    return bytes(cv2.imencode(f".{suffix}", rgb[..., ::-1], parameters)[1])


def pillow(rgb, kind, **options):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, kind, **options)
    return file.getvalue()


def assert_damaged(done, name, folder):
    """Check the words, and that nothing came of it."""
    assert_fails(done, 4, f"Error: {name}: ")
    assert not CODECS.search(done.err), done.err
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize("much", CUTS)
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.sampled(15)
def test_a_file_cut_short(imgconv, rgb, tmp_path, suffix, much):
    (tmp_path / f"cut.{suffix}").write_bytes(cut(encoded(rgb, suffix), much))
    assert_damaged(imgconv("apply", f"cut.{suffix}", "out.png"), f"cut.{suffix}", tmp_path)


VARIANTS = {
    "a progressive JPEG": ("x.jpg", lambda rgb: pillow(rgb, "JPEG", progressive=True)),
    "a TIFF that is not compressed": ("x.tiff", lambda rgb: pillow(rgb, "TIFF")),
    "a TIFF with JPEG in it": ("x.tiff", lambda rgb: pillow(rgb, "TIFF", compression="jpeg")),
    "a WebP without loss": ("x.webp", lambda rgb: pillow(rgb, "WEBP", lossless=True)),
    "a gray JPEG": ("x.jpg", lambda rgb: pillow(rgb[..., 0], "JPEG")),
    "a palette PNG": (
        "x.png",
        lambda rgb: pillow(rgb[..., 0] // 16, "PNG", bits=4),
    ),
    "a PGM in plain text": (
        "x.pgm",
        lambda rgb: b"P2\n80 96\n255\n" + b" ".join(b"%d" % v for v in rgb[..., 0].ravel()) + b"\n",
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.sampled(2)
def test_a_rarer_file_cut_in_half(imgconv, rgb, tmp_path, variant):
    name, make = VARIANTS[variant]
    data = make(rgb)
    (tmp_path / name).write_bytes(data)
    read_image(tmp_path / name)  # whole, it is fine
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    assert_damaged(imgconv("apply", name, "out.png"), name, tmp_path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_library_refuses_what_the_program_refuses(rgb, tmp_path, suffix):
    """`read_image` documents it, and a caller has no descriptor 2 that was taken over."""
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(cut(encoded(rgb, suffix), "50 %"))
    with pytest.raises(ImageReadError, match=r"cut\.\w+: .*damaged or cut short"):
        read_image(path)


def holed(rgb):
    """Give a JPEG whose middle is lost: decoders fill it with something and only warn."""
    data = bytearray(encoded(rgb, "jpg"))
    middle = len(data) // 2
    data[middle : middle + 200] = b"\xff\x00" * 100
    return bytes(data)


def test_a_jpeg_with_a_hole(imgconv, rgb, tmp_path):
    (tmp_path / "hole.jpg").write_bytes(holed(rgb))
    assert_damaged(imgconv("apply", "hole.jpg", "out.png"), "hole.jpg", tmp_path)


def test_the_library_refuses_a_jpeg_with_a_hole(rgb, tmp_path):
    (tmp_path / "hole.jpg").write_bytes(holed(rgb))
    with pytest.raises(ImageReadError, match=r"hole\.jpg: .*damaged"):
        read_image(tmp_path / "hole.jpg")


@pytest.mark.parametrize("chunk", [b"IHDR", b"IDAT"])
def test_a_png_with_a_wrong_checksum(imgconv, rgb, tmp_path, chunk):
    data = bytearray(encoded(rgb, "png"))
    data[data.index(chunk) + 4 + 9] ^= 1
    (tmp_path / "crc.png").write_bytes(data)
    assert_damaged(imgconv("apply", "crc.png", "out.png"), "crc.png", tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.png", b"", "it is empty"),
        ("text.png", b"hello\n", "not an image"),
        ("page.png", b"<!DOCTYPE html>\n", "not an image"),
        ("zeros.png", bytes(5000), "not an image"),
        ("magic.png", b"\x89PNG\r\n\x1a\n", "damaged or cut short"),
        ("magic.jpg", b"\xff\xd8\xff", "damaged or cut short"),
        ("magic.webp", b"RIFF\x10\0\0\0WEBP", "damaged or cut short"),
        ("size.pgm", b"P5\n0 0\n255\n", "damaged or cut short"),
        ("size.bmp", b"BM" + bytes(60), "damaged or cut short"),
    ],
)
@pytest.mark.sampled(2)
def test_a_file_that_is_no_picture(imgconv, tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    done = imgconv("apply", name, "out.png")
    assert_damaged(done, name, tmp_path)
    assert said in done.err


def test_a_missing_file_and_a_folder(imgconv, tmp_path):
    (tmp_path / "folder.png").mkdir()
    assert_fails(imgconv("apply", "none.png", "out.png"), 4, "none.png: no such file")
    assert_damaged(imgconv("apply", "folder.png", "out.png"), "folder.png", tmp_path)


@pytest.mark.parametrize(
    "command", [["compare", "cut.png", "-k", "blur"], ["gray", "cut.png", "-"]]
)
def test_other_commands_refuse_it_the_same_way(imgconv, rgb, tmp_path, command):
    (tmp_path / "cut.png").write_bytes(cut(encoded(rgb, "png"), "50 %"))
    options = ["--format", "png"] if command[0] == "gray" else []
    assert_damaged(imgconv(*command, *options), "cut.png", tmp_path)


def test_a_damaged_picture_on_stdin(imgconv, rgb, tmp_path):
    half = cut(encoded(rgb, "jpg"), "50 %")
    done = imgconv("apply", "-", "-", "--format", "png", stdin=half)
    assert_fails(done, 4, "Error: stdin: ")


def test_damage_is_found_before_an_old_output_is_touched(imgconv, rgb, tmp_path):
    (tmp_path / "cut.jpg").write_bytes(cut(encoded(rgb, "jpg"), "90 %"))
    (tmp_path / "out.png").write_text("old")
    assert_fails(imgconv("apply", "cut.jpg", "out.png", "--overwrite"), 4, "cut.jpg")
    assert (tmp_path / "out.png").read_text() == "old"
