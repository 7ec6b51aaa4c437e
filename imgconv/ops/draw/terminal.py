"""Pictures as text that a terminal draws: half blocks in colours, and Sixel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2

Pixels = NDArray[np.uint8]
_CHESS = (96, 160)
_SIDE = 8
_RESET = "\x1b[0m"
_HALF = "\N{UPPER HALF BLOCK}"


def as_rgb(image: NDArray[Any]) -> Pixels:
    """Return an 8-bit image as RGB; what is transparent shows a chessboard."""
    planes = image.reshape(*image.shape[:2], -1)
    colour = planes[..., :3] if planes.shape[2] > 2 else np.repeat(planes[..., :1], 3, axis=2)
    if planes.shape[2] not in (2, 4):
        return np.ascontiguousarray(colour)
    rows, columns = (np.arange(length) // _SIDE for length in planes.shape[:2])
    ground = np.where((rows[:, None] + columns) % 2, *_CHESS)[..., None]
    alpha = planes[..., -1:] / 255
    return np.asarray(np.rint(colour * alpha + ground * (1 - alpha)), np.uint8)


def fitted(image: Pixels, rows: int, columns: int) -> Pixels:
    """Return an image made smaller, by averaging, until it has at most so many pixels."""
    scale = min(1.0, rows / image.shape[0], columns / image.shape[1])
    if scale == 1:
        return image
    size = max(1, int(image.shape[1] * scale)), max(1, int(image.shape[0] * scale))
    cv2 = load_cv2()
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def half_blocks(image: Pixels, *, true_colour: bool) -> str:
    r"""Return lines in which every character is two pixels, one above the other.

    Parameters
    ----------
    image : ndarray, shape (rows, columns, 3)
    true_colour : bool
        Whether the terminal has 24-bit colours; else the nearest of 256 are taken.

    Examples
    --------
    >>> half_blocks(np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8), true_colour=True)
    '\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[0m'
    """
    palette = None if true_colour else _nearest(image)
    return "\n".join(_line(image, palette, row) for row in range(0, image.shape[0], 2))


def _line(image: Pixels, palette: Pixels | None, row: int) -> str:
    parts, last = [], ""
    for column in range(image.shape[1]):
        codes = [_code(38, image, palette, row, column)]
        if row + 1 < image.shape[0]:
            codes.append(_code(48, image, palette, row + 1, column))
        colours = f"\x1b[{';'.join(codes)}m"
        parts.append(_HALF if colours == last else colours + _HALF)
        last = colours
    return "".join(parts) + _RESET


def _code(layer: int, image: Pixels, palette: Pixels | None, row: int, column: int) -> str:
    if palette is not None:
        return f"{layer};5;{palette[row, column]}"
    return f"{layer};2;" + ";".join(map(str, image[row, column].tolist()))


def _nearest(image: Pixels) -> Pixels:
    """Return for each pixel the nearest colour of the 6 x 6 x 6 cube and of the 24 grays."""
    levels = np.array([0, 95, 135, 175, 215, 255])
    cube = np.abs(image[..., None].astype(np.int32) - levels).argmin(axis=-1)
    gray = np.clip(np.rint((image.mean(axis=-1) - 8) / 10), 0, 23).astype(np.int32)
    off_cube = ((levels[cube] - image) ** 2).sum(axis=-1)
    off_gray = ((8 + 10 * gray[..., None] - image.astype(np.int32)) ** 2).sum(axis=-1)
    numbers = 16 + cube @ np.array([36, 6, 1])
    return np.asarray(np.where(off_gray < off_cube, 232 + gray, numbers), np.uint8)


def sixel(image: Pixels) -> str:
    """Return an image in Sixel, with the best 256 colours of its own."""
    from PIL import Image

    reduced = Image.fromarray(image).quantize(256)
    numbers = np.asarray(reduced)
    colours = np.asarray(reduced.getpalette(), np.int32).reshape(-1, 3)[: int(numbers.max()) + 1]
    defined = "".join(
        f"#{n};2;{r};{g};{b}"
        for n, (r, g, b) in enumerate(np.rint(colours * 100 / 255).astype(int))
    )
    size = f'"1;1;{image.shape[1]};{image.shape[0]}'
    bands = "-".join(_band(numbers[row : row + 6]) for row in range(0, len(numbers), 6))
    return f"\x1bPq{size}{defined}{bands}\x1b\\"


def _band(numbers: Pixels) -> str:
    """Return six rows: for each colour, which of the six pixels of a column have it."""
    weights = 1 << np.arange(len(numbers))
    return "$".join(
        f"#{colour}{''.join(_runs(weights @ (numbers == colour)))}" for colour in np.unique(numbers)
    )


def _runs(bits: NDArray[Any]) -> Iterator[str]:
    starts = np.flatnonzero(np.diff(bits, prepend=-1))
    for start, count in zip(starts, np.diff([*starts, bits.size]), strict=True):
        sign = chr(63 + int(bits[start]))
        yield f"!{count}{sign}" if count > 3 else sign * count
