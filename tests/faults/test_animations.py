"""Animations: each frame as the specification composes it, of any depth."""

from __future__ import annotations

import itertools
import struct
import zlib

import numpy as np
import pytest
from faults.layout_maker import packed_bits

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import format_named
from imgconv.io.images.formats.png.gray_alpha import SIGNATURE, chunk
from imgconv.io.images.picture import Picture, Reading
from imgconv.model.errors import ImageReadError

SIZE = 7, 9


@pytest.fixture
def rng():
    return np.random.default_rng(11)


COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}


def lines(image):
    bits = 8 * image.itemsize
    return zlib.compress(b"".join(b"\0" + packed_bits(row[None], bits) for row in image))


def apng(frames, *, hidden=None, extra=(), count=None):
    """Write frames of (pixels, top, left, dispose, blend); `hidden` is seen without animation."""
    first = frames[0][0] if hidden is None else hidden
    rows, columns, channels = first.shape
    head = struct.pack(">IIBBBBB", columns, rows, 8 * first.itemsize, COLOURS[channels], 0, 0, 0)
    out = [SIGNATURE, chunk(b"IHDR", head), *(chunk(*each) for each in extra)]
    out.append(chunk(b"acTL", struct.pack(">II", count or len(frames), 0)))
    if hidden is not None:
        out.append(chunk(b"IDAT", lines(hidden)))
    number = 0
    for index, (pixels, top, left, dispose, blend) in enumerate(frames):
        sizes = pixels.shape[1], pixels.shape[0], left, top
        out.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, *sizes, 1, 10, dispose, blend)))
        number += 1
        if index == 0 and hidden is None:
            out.append(chunk(b"IDAT", lines(pixels)))
        else:
            out.append(chunk(b"fdAT", struct.pack(">I", number) + lines(pixels)))
            number += 1
    return b"".join([*out, chunk(b"IEND", b"")])


def composed(frames, shape, white):
    """Compose pixel by pixel, in fractions, as section 11.3.4 of the specification says."""
    canvas = np.zeros((*shape, frames[0][0].shape[2]), object)
    seen = []
    for number, (pixels, top, left, dispose, blend) in enumerate(frames):
        before = canvas.copy()
        for y, x in np.ndindex(*pixels.shape[:2]):
            front, back = pixels[y, x].astype(object), canvas[top + y, left + x]
            if blend == 1 and front[-1] < white:
                u, v = front[-1] * white, (white - front[-1]) * back[-1]
                if u + v == 0:
                    result = np.zeros_like(front)
                else:
                    result = (2 * (front * u + back * v) + u + v) // (2 * (u + v))
                    result[-1] = (2 * (u + v) + white) // (2 * white)
            else:
                result = front
            canvas[top + y, left + x] = result
        seen.append(canvas.copy())
        if dispose == 2 and number:
            canvas = before
        elif dispose:
            canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = 0
    return seen


def part(rng, shape, dtype, channels):
    white = np.iinfo(dtype).max
    pixels = rng.integers(0, white + 1, (*shape, channels), dtype)
    alpha = rng.choice([0, white, white // 3], shape)
    pixels[..., -1] = alpha
    return pixels


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("hidden", [False, True])
def test_frames_are_composed_as_the_specification_says(rng, dtype, channels, hidden):
    for dispose, blend in itertools.product(range(3), range(2)):
        frames = [(part(rng, SIZE, dtype, channels), 0, 0, dispose, blend)]
        for top, left, how in ((1, 2, dispose), (3, 0, (dispose + 1) % 3), (0, 4, dispose)):
            frames.append((part(rng, (4, 5), dtype, channels), top, left, how, blend))
        frames.append((part(rng, SIZE, dtype, channels), 0, 0, 0, 1))
        before = part(rng, SIZE, dtype, channels) if hidden else None
        found = decode_picture(apng(frames, hidden=before), "x")
        expected = composed(frames, SIZE, np.iinfo(dtype).max)
        assert found.delays == (100,) * 5
        for one, other in zip(found.pages, expected, strict=True):
            assert one.dtype == dtype
            visible = one[..., -1] > 0
            assert np.array_equal(one[..., -1], other[..., -1])
            assert np.array_equal(one[visible], other[visible])


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("channels", [1, 3])
def test_opaque_animations_have_no_alpha(rng, dtype, channels):
    white = np.iinfo(dtype).max
    frames = [(rng.integers(0, white + 1, (*SIZE, channels), dtype), 0, 0, 0, 0) for _ in range(3)]
    pages = decode_picture(apng(frames), "x").pages
    for page, (pixels, *_) in zip(pages, frames, strict=True):
        assert np.array_equal(page, pixels[..., 0] if channels == 1 else pixels)


def test_a_transparent_gray_of_an_animation(rng):
    frames = [(rng.integers(5, 9, (*SIZE, 1), np.uint8), 0, 0, 1, 0) for _ in range(2)]
    data = apng(frames, extra=[(b"tRNS", struct.pack(">H", 7))])
    for page, (pixels, *_) in zip(decode_picture(data, "x").pages, frames, strict=True):
        assert np.array_equal(page[..., 1] == 0, pixels[..., 0] == 7)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bits_are_written_and_read_again(rng, channels):
    shape = SIZE if channels == 1 else (*SIZE, channels)
    pages = tuple(rng.integers(0, 65536, shape, np.uint16) for _ in range(3))
    given = Picture(pages, delays=(10, 200, 3000), loop=2)
    data, notes = encode_picture(given, format_named("png"), "x")
    again = decode_picture(data, "x")
    assert (again.delays, again.loop, notes) == ((10, 200, 3000), 2, ())
    assert all(np.array_equal(a, b) for a, b in zip(again.pages, pages, strict=True))


def test_a_frame_that_is_missing_or_beyond_is_damage(rng):
    frames = [(part(rng, SIZE, "u1", 4), 0, 0, 0, 0), (part(rng, (4, 5), "u1", 4), 5, 0, 0, 0)]
    with pytest.raises(ImageReadError, match="frame 2 reaches beyond the picture"):
        decode_picture(apng(frames), "x")
    with pytest.raises(ImageReadError, match="fewer frames than 3"):
        decode_picture(apng(frames[:1] * 2, count=3), "x")
    salvaged = decode_picture(apng(frames[:1] * 2, count=3), "x", Reading(salvage=True))
    assert len(salvaged.pages) == 2


def gif(frames, background=3):
    """Write frames of (indices, top, left, clear, disposal) in literal codes of nine bits."""
    out = b"GIF89a" + struct.pack("<HHBBB", SIZE[1], SIZE[0], 0xF7, background, 0)
    out += PALETTE.tobytes()
    for indices, top, left, clear, disposal in frames:
        control = disposal << 2 | (clear is not None)
        out += struct.pack("<BBBBHBB", 0x21, 0xF9, 4, control, 10, clear or 0, 0)
        out += struct.pack("<BHHHHB", 0x2C, left, top, *indices.shape[::-1], 0) + b"\x08"
        codes = [256]
        for at, value in enumerate(indices.ravel().tolist()):
            codes += [value] + ([256] if at % 200 == 199 else [])
        bits = "".join(format(code, "09b")[::-1] for code in [*codes, 257])
        bits += "0" * (-len(bits) % 8)
        body = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
        for at in range(0, len(body), 255):
            out += bytes([len(body[at : at + 255])]) + body[at : at + 255]
        out += b"\0"
    return out + b";"


PALETTE = np.random.default_rng(3).integers(0, 256, (256, 3), np.uint8)


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_frames_of_a_gif_are_composed(rng, disposal):
    frames = [(rng.integers(0, 8, SIZE, np.uint8), 0, 0, None, disposal)]
    for top, left, clear in ((1, 2, 3), (3, 0, None), (0, 4, 5)):
        frames.append((rng.integers(0, 8, (4, 5), np.uint8), top, left, clear, disposal))
    frames.append((rng.integers(0, 8, (2, 2), np.uint8), 0, 0, 1, 0))
    canvas = np.zeros((*SIZE, 4), np.uint8)
    pages = decode_picture(gif(frames), "x").pages
    for page, (indices, top, left, clear, _) in zip(pages, frames, strict=True):
        before = canvas.copy()
        for y, x in np.ndindex(*indices.shape):
            if indices[y, x] != clear:
                canvas[top + y, left + x] = (*PALETTE[indices[y, x]], 255)
        seen = canvas if page.shape[2] == 4 else canvas[..., :3]
        assert np.array_equal(page, seen)
        if disposal == 2:
            canvas[top : top + indices.shape[0], left : left + indices.shape[1]] = 0
        elif disposal == 3:
            canvas = before
    assert {page.shape[2] for page in pages} == ({4} if disposal >= 2 else {3})


def test_a_frame_of_a_gif_beyond_the_picture_is_damage(rng):
    frame = (rng.integers(0, 8, (4, 5), np.uint8), 5, 0, None, 0)
    with pytest.raises(ImageReadError, match="frame 1 does not decode"):
        decode_picture(gif([frame]), "x")
