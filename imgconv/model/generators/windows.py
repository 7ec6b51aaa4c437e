"""Means over a window: box, disk, motion, binomial; and Haar's rectangles. All rational."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from imgconv.model.errors import ArgumentError
from imgconv.model.generators.exact_math import (
    cos_sin_degrees,
    fifty_digits,
    quantised,
)
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational

_DISK_GRID = 16
_MOTION_BITS = 15


def box(size: int) -> Kernel:
    """Return the mean of a square window."""
    return Kernel([[1] * size] * size, scale=Fraction(1, size * size))


def binomial(size: int) -> Kernel:
    """Return a row of Pascal's triangle, both ways."""
    row = [math.comb(size - 1, k) for k in range(size)]
    weights = [[a * b for b in row] for a in row]
    return Kernel(weights, scale=Fraction(1, 4 ** (size - 1)))


def disk(radius: Rational) -> Kernel:
    """Return the mean of a disk; a pixel counts by how many of 16 x 16 points in it are inside."""
    reach = math.ceil(radius - Fraction(1, 2))
    side = 2 * reach + 1
    # In units of half a grid step the points of a pixel have odd coordinates, 32 to a pixel.
    radius_squared = (2 * _DISK_GRID * Fraction(radius)) ** 2
    counts = []
    for top in range(-side * _DISK_GRID, _DISK_GRID, 2 * _DISK_GRID):
        squares = [radius_squared - y * y for y in range(top + 1, top + 2 * _DISK_GRID, 2)]
        chords = [math.isqrt(math.floor(square)) for square in squares if square >= 0]
        # The points of a line within a chord, left of each pixel's edge, tell those of the pixel.
        edges = range(-side * _DISK_GRID, (side + 2) * _DISK_GRID, 2 * _DISK_GRID)
        left_of = [sum(_points_before(edge, chord) for chord in chords) for edge in edges]
        counts.append([b - a for a, b in pairwise(left_of)])
    counts += counts[-2::-1]
    return Kernel(counts, scale=Fraction(1, sum(map(sum, counts))))


def _points_before(edge: int, chord: int) -> int:
    """Count the odd numbers from -chord to chord that are less than an even number."""
    per_side = (chord + 1) // 2
    return min(max(edge // 2 + per_side, 0), 2 * per_side)


@fifty_digits
def motion(length: int, angle: Rational) -> Kernel:
    """Return the mean along a line, a pixel counting by 1 minus its distance from the line.

    As in MATLAB's fspecial('motion'); multiples of 2**-s with 15 bits for the largest weight.
    """
    across, up = cos_sin_degrees(angle)
    half = Decimal(length - 1) / 2
    reach_x, reach_y = (math.floor(half * abs(part) + 1) for part in (across, up))
    weights = [
        max(Decimal(0), 1 - _distance(x * across - y * up, x * up + y * across, half))
        for y in range(-reach_y, reach_y + 1)
        for x in range(-reach_x, reach_x + 1)
    ]
    total = sum(weights)
    whole, shift = quantised([weight / total for weight in weights], 1, _MOTION_BITS)
    width = 2 * reach_x + 1
    rows = _trimmed([whole[i : i + width] for i in range(0, len(whole), width)])
    return Kernel(rows, scale=Fraction(1, 2**shift))


def _distance(along: Decimal, aside: Decimal, half: Decimal) -> Decimal:
    """Return the distance of a point from a line of half length `half` through the centre."""
    beyond = max(Decimal(0), abs(along) - half)
    return abs(aside) if beyond == 0 else (aside * aside + beyond * beyond).sqrt()


def _trimmed(rows: list[list[int]]) -> list[list[int]]:
    """Drop rings of zero rows and columns; the centre stays the centre."""
    while len(rows) > 1 and not any(rows[0]) and not any(rows[-1]):
        rows = rows[1:-1]
    while len(rows[0]) > 1 and not any(row[0] or row[-1] for row in rows):
        rows = [row[1:-1] for row in rows]
    return rows


def haar(kind: str, size: int) -> Kernel:
    """Return a rectangle feature of Viola and Jones: areas of 1 and -1 that cancel."""
    parts = 4 if kind.startswith("line") else 2
    if size % parts:
        raise ArgumentError(f"haar {kind} needs a size that is a multiple of {parts}, not {size}")
    half, quarter = size // 2, size // 4
    edge = [-1] * half + [1] * half
    line = [-1] * quarter + [1] * half + [-1] * quarter
    if kind == "checker":
        weights = [[a * b for b in edge] for a in edge]
    else:
        weights = [edge if kind.startswith("edge") else line] * size
        if kind.endswith("_y"):
            weights = [list(column) for column in zip(*weights, strict=True)]
    return Kernel(weights, scale=Fraction(2, size * size))
