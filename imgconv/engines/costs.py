"""What the paths cost on one core, in nanoseconds per output value, by instruction set.

Measured on one machine with AVX-512; what matters is which path costs less.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imgconv.engines.kernel_facts import KernelFacts
from imgconv.model.output import Depth

if TYPE_CHECKING:
    from imgconv.engines.plan import Request

MOST_BYTES = 24 << 20
"""That one thread may take for a ring of rows or for a tile."""
_LANES = 8
"""Doubles of the widest vectors."""
_PER_TAP = {
    "v4": {"taps16": 0.011, "dot8": 0.0051, "dot16": 0.0102, "fma32": 0.0225, "fma64": 0.038},
    "v3": {"taps16": 0.0145, "dot8": 1e9, "dot16": 0.0148, "fma32": 0.031, "fma64": 0.047},
    "v2": {"taps16": 0.016, "dot8": 1e9, "dot16": 0.07, "fma32": 0.12, "fma64": 0.25},
    "plain": {"taps16": 1e9, "dot8": 1e9, "dot16": 0.1, "fma32": 0.12, "fma64": 0.25},
}
_PER_VALUE = {
    "v4": {"taps16": 0.07, "dot8": 0.22, "dot16": 0.2, "fma32": 0.25, "fma64": 0.45},
    "v3": {"taps16": 0.1, "dot8": 0.25, "dot16": 0.34, "fma32": 0.35, "fma64": 0.78},
    "v2": {"taps16": 0.1, "dot8": 0.25, "dot16": 0.35, "fma32": 0.4, "fma64": 0.75},
    "plain": {"taps16": 0.1, "dot8": 0.25, "dot16": 0.35, "fma32": 0.4, "fma64": 0.75},
}
_LISTED = 8.0
"""For each tap, once in a call: making the list of what a block adds up."""
_FIXED = 0.05
"""What finishing fixed-point sums takes more than whole ones."""
_PAIRS = {"v4": (0.1, 0.028), "v3": (0.19, 0.04)}
"""What fixed point takes where rows go in pairs: a value, and each column of a pair of rows."""
_ACROSS = {"v4": 0.08, "v3": 0.0, "v2": 0.17, "plain": 0.17}
"""What a second pass along the row takes for each value, besides its taps."""
_FOLDED = {"v4": (0.1, 0.027), "v3": (0.1, 0.04)}
"""The same on floats, where the row is short and the same from both ends."""
_FOLDED_ROWS = (3, 5, 7, 9)
_MOST_PAIRS = 15
"""Columns of pairs of rows up to which that is done."""
_SYMMETRIC = {"v4": (0.17, 0.024), "v3": (0.1, 0.05)}
"""What small kernels take that are separable and the same from both ends: a value, and a row."""
_HALF = 90.0
"""A value that is a half and a whole number: nothing but whole numbers can tell."""
_SYMMETRIC_SIDES = (3, 5, 7, 9, 11, 13)
_BOX = {"v4": 0.39, "v3": 0.46, "v2": 1.8, "plain": 2.2}
_GRAY_BOX = {"v4": 0.27, "v3": 0.29, "v2": 0.62, "plain": 0.7}
_FLOAT_BOX = {"v4": 1.0, "v3": 1.3, "v2": 3.0, "plain": 2.7}
"""What a box takes, on gray bytes, and on floats."""
_RUNNING = {"v4": (0.31, 0.027), "v3": (0.37, 0.037), "v2": (0.6, 0.06), "plain": (0.9, 0.3)}
"""Running sums: a value, and each pair of places where the weights change."""
_WIDER = 4
"""How many times the latter where pixels are not bytes."""
_FFT = {"v4": 0.33, "v3": 0.46, "v2": 1.0, "plain": 1.2}
"""For each number of a tile, and each bit of their count."""
_FAR_BITS, _FAR = 16, 0.09
"""Tiles of more numbers than so many bits leave the nearest caches; each bit more takes a share."""


def by_taps(name: str, request: Request, taps: float) -> float:
    """Give what a path costs that sums tap by tap."""
    listed = _LISTED * taps / max(request.size[0] * request.size[1], 1)
    return _PER_VALUE[request.isa][name] + _PER_TAP[request.isa][name] * taps + listed


def fixed(facts: KernelFacts, request: Request) -> float:
    """Give what sums in fixed point cost, in pairs of rows where that pays."""
    rows, columns = facts.shape
    cost = by_taps("dot16", request, facts.taps * (rows + 1) / rows) + _FIXED
    pairs = (rows + 2) // 2 * columns
    near = request.stride == (1, 1) and request.dilation[0] == 1
    plain = request.depth_out is Depth.U8 and not request.absolute
    if near and plain and pairs <= _MOST_PAIRS and request.isa in _PAIRS:
        value, pair = _PAIRS[request.isa]
        cost = min(cost, value + pair * pairs)
    return cost


def across(name: str, request: Request, row: tuple[int, ...]) -> float:
    """Give what a second pass along the row takes, by ``fma32`` or ``fma64``."""
    floats = request.depth_in is request.depth_out is Depth.F32
    near = request.channels == request.stride[1] == request.dilation[1] == 1
    if floats and near and len(row) in _FOLDED_ROWS and row == row[::-1]:
        value, tap = _FOLDED.get(request.isa, (0.1, 0.1))
        return value + tap * len(row)
    return _ACROSS[request.isa] + 1.5 * _PER_TAP[request.isa][name] * len(row)


def symmetric(facts: KernelFacts, request: Request) -> float:
    """Give what a separable kernel takes that is done in planes; 0 where it can not be."""
    low, high = (255 * facts.scale * weight for weight in (facts.negative, facts.positive))
    inside = low < 0.25 + facts.bias and high + facts.bias < 255.25
    near = request.stride == request.dilation == (1, 1) and request.channels in (1, 3, 4)
    plain = request.depth_in is request.depth_out is Depth.U8 and not request.absolute
    rows, columns = facts.shape
    square = rows == columns and rows in _SYMMETRIC_SIDES
    if not (inside and near and plain and square and facts.symmetric):
        return 0.0
    value, row = _SYMMETRIC.get(request.isa, (0.0, 0.0))
    halves = 0.0 if facts.denominator % 2 else _HALF / facts.denominator
    return value + row * rows + halves if value else 0.0


def box(request: Request) -> float:
    """Give what running sums of equal weights cost, however many these are."""
    gray = request.channels == 1 and request.depth_in is request.depth_out is Depth.U8
    floats = request.depth_in is Depth.F32
    return (_FLOAT_BOX if floats else _GRAY_BOX if gray else _BOX)[request.isa]


def running(facts: KernelFacts, request: Request) -> float:
    """Give what sums that move down the columns cost, and the window's way into the picture."""
    value, pair = _RUNNING[request.isa]
    pair *= 1 if request.depth_in is Depth.U8 else _WIDER
    cost = value + pair * ((facts.changes + 1) // 2)
    return cost * (1 + facts.shape[0] / max(request.size[0], 1))


def fft(request: Request, numbers: int) -> float:
    """Give what one tile of so many numbers costs, of two pictures' parts at once."""
    bits = math.log2(numbers)
    return _FFT[request.isa] * numbers * (bits + 4) * (1 + _FAR * max(bits - _FAR_BITS, 0))


def tile(facts: KernelFacts, request: Request, rows: int, columns: int) -> float:
    """Estimate the cost of tiles of a size per output value; 0 for a size that does not serve."""
    high, wide = rows - facts.shape[0] + 1, columns - facts.shape[1] + 1
    numbers = rows * columns
    kept = _LANES if request.channels == 1 else max(high, 0)  # rows of sums that wait
    memory = 16 * numbers + 16 * kept * max(wide, 0) * request.channels
    if min(high, wide) < 1 or memory > MOST_BYTES:
        return 0.0
    count = -(-request.size[0] // high) * -(-request.size[1] // wide)
    return fft(request, numbers) * ((count + 1) // 2) / (request.size[0] * request.size[1])


def exact(facts: KernelFacts) -> float:
    """Give what a value costs that a bound leaves open."""
    return 22 + 0.13 * facts.taps
