"""What a result is, in plain loops and fractions. Shares nothing with the package."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np

RANGES = {"uint8": (0, 255), "uint16": (0, 65535), "int16": (-32768, 32767)}


def outside(i: int, n: int, border: str) -> int | None:
    """Walk from outside into 0..n-1; None is the constant."""
    if 0 <= i < n:
        return i
    if border == "constant":
        return None
    if border == "replicate":
        return 0 if i < 0 else n - 1
    if border == "reflect101" and n == 1:
        return 0
    while not 0 <= i < n:
        if border == "wrap":
            i += n if i < 0 else -n
        elif border == "reflect":
            i = -1 - i if i < 0 else 2 * n - 1 - i
        else:
            i = -i if i < 0 else 2 * (n - 1) - i
    return i


def positions(n: int, k: int, anchor: int, stride: int, dilation: int, size) -> list[int]:
    """Where the first tap lies, for each output pixel of an axis."""
    reach = (k - 1) * dilation
    if size == "same":
        return [p - anchor * dilation for p in range(0, n, stride)]
    if size == "full":
        return list(range(-reach, n, stride))
    before, after = (0, 0) if size == "valid" else size
    return list(range(-before, n + after - reach, stride))


def rounded(value: Fraction, rounding: str) -> int:
    if rounding == "half-even":
        return round(value)
    if rounding == "half-up":
        return floor(value + Fraction(1, 2))
    if rounding == "half-down":
        return -floor(-value + Fraction(1, 2))
    return int(value)


def nearest_float32(value: Fraction) -> np.float32:
    """The nearest of the neighbours of a first guess; the even one at a tie; zero is +0."""
    limit = Fraction(2) ** 128 - Fraction(2) ** 103
    if abs(value) >= limit:
        return np.float32(np.inf if value > 0 else -np.inf)
    guess = np.float32(float(value))
    if not np.isfinite(guess):
        guess = np.float32(np.finfo(np.float32).max * (1 if value > 0 else -1))
    near = [np.nextafter(guess, np.float32(s) * np.float32(np.inf)) for s in (-1, 1)] + [guess]

    def distance(candidate: np.float32) -> tuple[Fraction, int]:
        return abs(Fraction(float(candidate)) - value), int(candidate.view(np.uint32)) & 1

    best = min((c for c in near if np.isfinite(c)), key=distance)
    return np.float32(0) if best == 0 else best


def correlate(
    image,
    weights,
    *,
    scale=Fraction(1),
    offset=Fraction(0),
    border="reflect101",
    border_value=0,
    anchor=None,
    stride=(1, 1),
    dilation=(1, 1),
    size="same",
    depth=None,
    rounding="half-even",
    absolute=False,
):
    """Correlate a 2-D image; `size` may be (top, bottom, left, right)."""
    rows, columns = image.shape
    kh, kw = len(weights), len(weights[0])
    anchor = (kh // 2, kw // 2) if anchor is None else anchor
    vertical, horizontal = (size, size) if isinstance(size, str) else (size[:2], size[2:])
    tops = positions(rows, kh, anchor[0], stride[0], dilation[0], vertical)
    lefts = positions(columns, kw, anchor[1], stride[1], dilation[1], horizontal)
    values = [[number(v) for v in row] for row in image.tolist()]
    depth = depth or image.dtype.name
    out = np.zeros((len(tops), len(lefts)), depth)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            total = 0
            for r in range(kh):
                y = outside(top + r * dilation[0], rows, border)
                for c in range(kw):
                    x = outside(left + c * dilation[1], columns, border)
                    inside = y is not None and x is not None
                    total += weights[r][c] * (values[y][x] if inside else number(border_value))
            value = Fraction(scale) * total + Fraction(offset)
            value = abs(value) if absolute else value
            if depth == "float32":
                out[i, j] = nearest_float32(value)
            else:
                low, high = RANGES[depth]
                out[i, j] = min(max(rounded(value, rounding), low), high)
    return out


def number(value):
    """An int as it is, a float as the fraction that it holds."""
    return value if isinstance(value, int) else Fraction(value)
