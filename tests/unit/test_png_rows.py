"""PNG read by rows: the pixels of other decoders, and damage is told as by them."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.formats import format_named, read_header
from imgconv.io.images.formats.png import rows as png_rows
from imgconv.io.images.formats.png.gray_alpha import chunk
from imgconv.io.images.formats.png.rows import (
    PngRows,
    UnfilteredRows,
    UnusualError,
    decode_plain,
    open_rows,
)
from imgconv.io.images.shared import deflate
from imgconv.model.errors import ImageReadError


@pytest.fixture
def rng():
    return np.random.default_rng(27)


@pytest.fixture(params=["isal", "zlib"], autouse=True)
def library(request, monkeypatch):
    if request.param == "zlib":
        monkeypatch.setattr(deflate, "_library", zlib)
    else:
        pytest.importorskip("isal", reason="there are machines that it is not made for")


FILTERS = {
    "none": [0], "sub": [1], "up": [2], "average": [3], "Paeth": [4],
    "none, sub": [0, 1], "all": [0, 1, 2, 3, 4],
}  # fmt: skip


def filtered(image, kinds):
    """Return the lines of a PNG, filtered by the definition."""
    rows, columns, channels = image.shape
    wide = np.zeros((rows + 1, columns + 1, channels), int)
    wide[1:, 1:] = image
    here, left, above, corner = wide[1:, 1:], wide[1:, :-1], wide[:-1, 1:], wide[:-1, :-1]
    p = left + above - corner
    a, b, c = abs(p - left), abs(p - above), abs(p - corner)
    paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, above, corner))
    made = [here, here - left, here - above, here - (left + above) // 2, here - paeth]
    lines = b""
    for row in range(rows):
        kind = kinds[row % len(kinds)]
        lines += bytes([kind]) + (made[kind][row] & 255).astype(np.uint8).tobytes()
    return lines


def png(image, lines, *, packed=None, pieces=1):
    rows, columns, channels = image.shape
    head = struct.pack(">IIBBBBB", columns, rows, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    packed = zlib.compress(lines) if packed is None else packed
    size = -(-len(packed) // pieces)
    bodies = [packed[at : at + size] for at in range(0, len(packed), size)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", head), *(chunk(b"IDAT", body) for body in bodies), chunk(b"IEND", b"")]
    )


def header(data):
    return read_header(data, format_named("png"))


@pytest.mark.parametrize("kinds", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("step", [1, 7, 100])
def test_filters(rng, kinds, channels, step):
    image = rng.integers(0, 256, (23, 9, channels)).astype(np.uint8)
    data = png(image, filtered(image, kinds), pieces=3)
    assert (np.asarray(Image.open(io.BytesIO(data))).reshape(image.shape) == image).all()
    reader = PngRows(io.BytesIO(data), header(data))
    read = [reader.read(at, min(at + step, 23)) for at in range(0, 23, step)]
    assert (np.concatenate(read).reshape(image.shape) == image).all()
    assert (decode_plain(data, header(data)).reshape(image.shape) == image).all()


def test_whole_pictures_are_read_in_bands(rng, monkeypatch):
    monkeypatch.setattr(png_rows, "_BAND_BYTES", 64)
    image = rng.integers(0, 256, (23, 9, 3)).astype(np.uint8)
    data = png(image, filtered(image, [4, 3, 2]))
    assert (decode_plain(data, header(data)) == image).all()


def test_rows_of_a_file(rng, tmp_path):
    image = rng.integers(0, 256, (23, 9, 3)).astype(np.uint8)
    path = tmp_path / "a.png"
    path.write_bytes(png(image, filtered(image, [4])))
    file, found = open_rows(path)
    with file:
        assert found == header(path.read_bytes())
        reader = PngRows(file, found)
        assert (reader.read(0, 5) == image[:5]).all()
        with pytest.raises(UnusualError, match="out of turn"):
            reader.read(0, 5)


def test_lines_are_inflated_apart(rng):
    image = rng.integers(0, 256, (23, 9, 3)).astype(np.uint8)
    data = png(image, filtered(image, [3, 4, 2, 1]))
    reader = PngRows(io.BytesIO(data), header(data))
    lines = [reader.inflated(10), reader.inflated(10), reader.inflated(3)]
    rows = UnfilteredRows(reader, iter(lines))
    assert (rows.read(0, 10) == image[:10]).all()
    with pytest.raises(UnusualError, match="out of turn"):
        rows.read(0, 10)
    assert (rows.read(10, 20) == image[10:20]).all()
    assert (rows.read(20, 23) == image[20:]).all()


def unusual():
    image = np.random.default_rng(1).integers(0, 256, (6, 5, 3)).astype(np.uint8)
    lines = filtered(image, [1])
    packed = zlib.compress(lines)
    narrow = zlib.compressobj(9, zlib.DEFLATED, 9)
    other = b"\5" + lines[1:]
    yield "too few", png(image, lines[:-1])
    yield "too many", png(image, lines + b"\0")
    yield "cut", png(image, lines, packed=packed[:-6])
    yield "no checksum", png(image, lines, packed=packed[:-4])
    yield "wrong sum", png(image, lines, packed=packed[:-1] + bytes([packed[-1] ^ 1]))
    yield "followed", png(image, lines, packed=packed + b"more")
    yield "no deflate", png(image, lines, packed=b"\x78\x01" + b"\xff" * 40)
    yield "narrow", png(image, lines, packed=narrow.compress(lines) + narrow.flush())
    yield "no such filter", png(image, other)
    whole = png(image, lines)
    at = whole.index(b"IDAT") + 4 + len(packed)
    yield "chunk's sum", whole[:at] + b"\0\0\0\0" + whole[at + 4 :]


UNUSUAL = dict(unusual())


@pytest.mark.parametrize("what", UNUSUAL)
def test_opencv_decides_what_is_unusual(what, monkeypatch):
    data = UNUSUAL[what]
    with pytest.raises(UnusualError):
        decode_plain(data, header(data))
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if theirs is None:
        with pytest.raises(ImageReadError, match="damaged or cut short"):
            decode_picture(data, "x")
    else:
        assert (decode_picture(data, "x").pages[0] == theirs).all()


def test_other_layouts_are_not_opened(rng, tmp_path):
    image = rng.integers(0, 256, (23, 9)).astype(np.uint8)
    path = tmp_path / "a.png"
    for made, how in (
        (Image.fromarray(image).convert("P"), {}),
        (Image.fromarray(image.astype(np.uint16)), {}),
        (Image.fromarray(image).convert("LA"), {}),
        (Image.fromarray(image), {"transparency": 7}),
    ):
        made.save(path, **how)
        assert open_rows(path) is None
    path.write_bytes(png(image[..., None], filtered(image[..., None], [0]))[:-20])
    assert open_rows(path) is None
    path.write_bytes(b"no picture")
    assert open_rows(path) is None
