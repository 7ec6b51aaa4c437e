"""Feature maps as pictures: brought to 8 bits in a stated way, and laid out side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2

Picture = NDArray[np.uint8]

_GAP, _LINE, _LEAST_WIDTH = 8, 16, 120
_PAPER, _INK = 255, 40
_FONT_SCALE = 0.4


class Normalization(Enum):
    """How the values of a feature map become the levels 0 to 255."""

    EACH = "each"
    """Each map's least value is black, its greatest white."""
    SHARED = "shared"
    """The least value of all maps is black, the greatest white."""
    SIGNED = "signed"
    """0 is 128; the greatest magnitude of all maps is 1 or 255."""
    NONE = "none"
    """Values are rounded, half to even, and clamped to 0..255."""


class Shown(NamedTuple):
    """A feature map as a picture: its name, levels, and the values of its ends."""

    name: str
    levels: Picture
    low: float
    high: float


def show_maps(
    values: NDArray[Any], names: Sequence[str], normalization: Normalization
) -> list[Shown]:
    """Make a picture of every channel.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns, channels)
    names : sequence of str
    normalization : Normalization

    Returns
    -------
    list of Shown
        What is not finite shows as an end, NaN as black. A map of one value is black under
        "each" and "shared".

    Examples
    --------
    >>> maps = np.array([[[-2.0], [0.0], [2.0]]], np.float32)
    >>> show_maps(maps, ["a"], Normalization.SIGNED)[0].levels.tolist()
    [[1, 128, 255]]
    """
    sound = values.astype(np.float64)
    finite = np.isfinite(sound)
    ends = _ends(sound, finite)
    sound = np.nan_to_num(sound, nan=ends[0], neginf=ends[0], posinf=ends[1])
    shown = []
    for c, name in enumerate(names):
        one = sound[..., c]
        low, high = _ends(one, finite[..., c]) if normalization is Normalization.EACH else ends
        if normalization is Normalization.SIGNED:
            high = max(abs(low), abs(high))
            low = -high
            levels = 128 + one * (127 / high if high else 0)
        elif normalization is Normalization.NONE:
            low, high, levels = 0.0, 255.0, one
        else:
            levels = (np.clip(one, low, high) - low) * (255 / (high - low) if high > low else 0)
        picture = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
        shown.append(Shown(name, picture, low, high))
    return shown


def _ends(values: NDArray[np.float64], finite: NDArray[np.bool_]) -> tuple[float, float]:
    known = values[finite]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)


def montage(shown: Sequence[Shown], across: int | None = None) -> Picture:
    """Lay maps out side by side, each with its name and the values that are black and white.

    Parameters
    ----------
    shown : sequence of Shown
    across : int, optional
        How many stand in a row; default as many as make it nearly square.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        Small maps are enlarged by a whole factor, so that labels fit.
    """
    cv2 = load_cv2()
    rows, columns = shown[0].levels.shape
    factor = max(1, -(-_LEAST_WIDTH // columns))
    rows, columns = rows * factor, columns * factor
    across = across or math.ceil(math.sqrt(len(shown) * rows / columns)) or 1
    across = min(across, len(shown))
    down = -(-len(shown) // across)
    height, width = rows + 2 * _LINE + _GAP, columns + _GAP
    sheet = np.full((down * height + _GAP, across * width + _GAP), _PAPER, np.uint8)
    for i, one in enumerate(shown):
        top, left = _GAP + i // across * height, _GAP + i % across * width
        label = sheet[top : top + 2 * _LINE, left : left + columns]
        values = f"{_short(one.low)} .. {_short(one.high)}"
        for line, text in enumerate((one.name, values)):
            at = (0, _LINE * (line + 1) - 5)
            written = np.ascontiguousarray(label)
            cv2.putText(written, _fitted(text, columns), at, cv2.FONT_HERSHEY_SIMPLEX,
                        _FONT_SCALE, _INK, 1, cv2.LINE_AA)  # fmt: skip
            label[...] = written
        large = one.levels.repeat(factor, axis=0).repeat(factor, axis=1)
        sheet[top + 2 * _LINE :, left:][:rows, :columns] = large
    return sheet


def _short(value: float) -> str:
    return f"{value:.4g}"


def _fitted(text: str, width: int) -> str:
    """Cut a label to what fits, in the letters that OpenCV's font has."""
    cv2 = load_cv2()
    text = text.encode("ascii", "replace").decode()
    while text and cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, _FONT_SCALE, 1)[0][0] > width:
        text = text[:-1]
    return text
