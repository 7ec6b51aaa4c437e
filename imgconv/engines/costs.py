"""Estimated cost of each path on one core, in nanoseconds per output value.

Measured on one machine with AVX-512, and for ARM counted as instructions, at ten for a nanosecond;
only the order of the paths matters.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from imgconv.engines.kernel_facts import KernelFacts
from imgconv.engines.request import Capabilities, Request
from imgconv.model.output import Depth

MOST_BYTES = 24 << 20
"""Most memory that one thread takes for a ring of rows or for a tile."""
_LANES = 8
"""Doubles of the widest vectors."""


class Line(NamedTuple):
    """A cost that grows with something: ``fixed + each * count``."""

    fixed: float
    each: float

    def at(self, count: float) -> float:
        """Return the cost for a count."""
        return self.fixed + self.each * count


class Table(NamedTuple):
    """Costs of one class of instruction sets.

    Attributes
    ----------
    taps16, dot8, dot16, fma32, fma64 : Line
        Sums of taps, by the number of taps.
    across : float
        A second pass along the row, besides its taps.
    folded : Line
        The same on floats, for short symmetric rows, by the number of taps.
    pairs : Line
        Fixed point in pairs of rows, by the columns of all pairs.
    symmetric : Line
        Symmetric separable kernels, by the number of rows.
    box, gray_box, float_box : float
        Boxes: of any image, of gray bytes, of floats.
    running : Line
        Running sums, by pairs of places where the weights change.
    fft : float
        A tile, by its numbers and the bits of their count.
    """

    taps16: Line
    dot8: Line
    dot16: Line
    fma32: Line
    fma64: Line
    across: float
    folded: Line
    pairs: Line
    symmetric: Line
    box: float
    gray_box: float
    float_box: float
    running: Line
    fft: float

    def by_taps(self, name: str) -> Line:
        """Return the costs of a path that sums tap by tap."""
        return {
            "taps16": self.taps16,
            "dot8": self.dot8,
            "dot16": self.dot16,
            "fma32": self.fma32,
            "fma64": self.fma64,
        }[name]


_WIDE = Table(
    taps16=Line(0.07, 0.011),
    dot8=Line(0.22, 0.0051),
    dot16=Line(0.2, 0.0102),
    fma32=Line(0.25, 0.0225),
    fma64=Line(0.45, 0.038),
    across=0.08,
    folded=Line(0.2, 0.027),
    pairs=Line(0.1, 0.028),
    symmetric=Line(0.17, 0.024),
    box=0.39,
    gray_box=0.27,
    float_box=1.0,
    running=Line(0.31, 0.027),
    fft=0.33,
)
_MEDIUM = Table(
    taps16=Line(0.1, 0.0145),
    dot8=Line(0.25, 0.01),
    dot16=Line(0.34, 0.0148),
    fma32=Line(0.35, 0.031),
    fma64=Line(0.78, 0.047),
    across=0.0,
    folded=Line(0.1, 0.04),
    pairs=Line(0.19, 0.04),
    symmetric=Line(0.1, 0.05),
    box=0.46,
    gray_box=0.29,
    float_box=1.3,
    running=Line(0.37, 0.037),
    fft=0.46,
)
_NARROW = Table(
    taps16=Line(0.1, 0.016),
    dot8=Line(0.25, 0.02),
    dot16=Line(0.35, 0.07),
    fma32=Line(0.4, 0.12),
    fma64=Line(0.75, 0.25),
    across=0.17,
    folded=Line(0.1, 0.1),
    pairs=Line(0.2, 0.1),
    symmetric=Line(0.3, 0.1),
    box=1.8,
    gray_box=0.62,
    float_box=3.0,
    running=Line(0.6, 0.06),
    fft=1.0,
)
_PLAIN = _NARROW._replace(
    dot16=Line(0.35, 0.1), box=2.2, gray_box=0.7, float_box=2.7, running=Line(0.9, 0.3), fft=1.2
)
_ARM = Table(
    taps16=Line(0.34, 0.039),
    dot8=Line(0.65, 0.0172),
    dot16=Line(0.83, 0.058),
    fma32=Line(0.82, 0.068),
    fma64=Line(1.1, 0.2),
    across=0.3,
    folded=Line(0.3, 0.2),
    pairs=Line(0.6, 0.177),
    symmetric=Line(0.49, 0.104),
    box=1.2,
    gray_box=0.89,
    float_box=1.94,
    running=Line(0.9, 0.15),
    fft=1.17,
)
_LISTED = 8.0
"""For each tap, once in a call: making the list of what a block adds up."""
_FIXED = 0.05
"""Finishing sums in fixed point, above finishing whole ones."""
_FOLDED_ROWS = (3, 5, 7, 9)
_MOST_PAIRS = 15
"""Columns of pairs of rows up to which 16-bit weights go in pairs."""
_HALF = 90.0
"""A value that is a half and a whole number: whole numbers alone can decide it."""
_TIE_BITS, _TIES = 17, 3.0
"""Denominators of up to so many bits make halves common; what they cost for a value."""
_BRIGHTNESS, _LEAST_VALUE = 0.25, 1 / 64
"""Of photographs: pixels, and values of kernels that add up to 0, as parts of the most."""
_FLAT = 0.1
"""Of photographs: the part that is flat, black or white."""
_SYMMETRIC_SIDES = (3, 5, 7, 9, 11, 13)
_WIDER = 4
"""How many times as much each change of running sums costs where pixels are not bytes."""
_FAR_BITS, _FAR = 16, 0.09
"""Tiles of more numbers than these bits leave the nearest caches; each further bit adds a share."""


def table_for(capabilities: Capabilities) -> Table:
    """Return the costs of the class of instruction sets that has the capabilities."""
    if capabilities.vector_bytes >= 64:
        return _WIDE
    if capabilities.vector_bytes >= 32:
        return _MEDIUM
    if not capabilities.taps16:
        return _PLAIN
    return _ARM if capabilities.fused else _NARROW


def by_taps(name: str, request: Request, taps: float) -> float:
    """Return the cost of a path that sums tap by tap."""
    listed = _LISTED * taps / max(request.size[0] * request.size[1], 1)
    return table_for(request.capabilities).by_taps(name).at(taps) + listed


def words(facts: KernelFacts, request: Request, *, fixed: bool) -> float:
    """Return the cost of sums of 16-bit weights, in pairs of rows where that pays."""
    rows, columns = facts.shape
    cost = by_taps("dot16", request, facts.taps * (rows + 1) / rows) + _FIXED * fixed
    pairs = (rows + 2) // 2 * columns
    near = request.stride == (1, 1) and request.dilation[0] == 1
    plain = request.depth_out is Depth.U8 and not request.absolute
    plain &= fixed or 255 * max(facts.positive, facts.negative) < 1 << 24  # float holds the sums
    if near and plain and pairs <= _MOST_PAIRS and request.capabilities.word_pairs:
        cost = min(cost, table_for(request.capabilities).pairs.at(pairs))
    return cost


def across(name: str, request: Request, row: tuple[int, ...]) -> float:
    """Return the cost of a second pass along the row, by ``fma32`` or ``fma64``."""
    table = table_for(request.capabilities)
    floats = request.depth_in is request.depth_out is Depth.F32
    near = request.channels == request.stride[1] == request.dilation[1] == 1
    if floats and near and len(row) in _FOLDED_ROWS and row == row[::-1]:
        return table.folded.at(len(row))
    return table.across + 1.5 * table.by_taps(name).each * len(row)


def symmetric(facts: KernelFacts, request: Request) -> float:
    """Return the cost of a symmetric separable kernel on bytes; 0 where it has no path."""
    low, high = (255 * facts.scale * weight for weight in (facts.negative, facts.positive))
    inside = low < 0.25 + facts.bias and high + facts.bias < 255.25
    near = request.stride == request.dilation == (1, 1) and request.channels in (1, 3, 4)
    plain = request.depth_in is request.depth_out is Depth.U8 and not request.absolute
    rows, columns = facts.shape
    square = rows == columns and rows in _SYMMETRIC_SIDES
    able = request.capabilities.symmetric
    if not (able and inside and near and plain and square and facts.symmetric):
        return 0.0
    halves = 0.0 if facts.denominator % 2 else _HALF / facts.denominator
    return table_for(request.capabilities).symmetric.at(rows) + halves


def box(request: Request) -> float:
    """Return the cost of running sums of equal weights, whatever their number."""
    table = table_for(request.capabilities)
    gray = request.channels == 1 and request.depth_in is request.depth_out is Depth.U8
    if request.depth_in is Depth.F32:
        return table.float_box
    return table.gray_box if gray else table.box


def running(facts: KernelFacts, request: Request) -> float:
    """Return the cost of sums that move down the columns, the window's way into them included."""
    line = table_for(request.capabilities).running
    wider = 1 if request.depth_in is Depth.U8 else _WIDER
    cost = line.at(wider * ((facts.changes + 1) // 2))
    return cost * (1 + facts.shape[0] / max(request.size[0], 1))


def fft(request: Request, numbers: int) -> float:
    """Return the cost of one tile of numbers, which holds two parts of the picture."""
    bits = math.log2(numbers)
    cost = table_for(request.capabilities).fft * numbers * (bits + 4)
    return cost * (1 + _FAR * max(bits - _FAR_BITS, 0))


def tile(facts: KernelFacts, request: Request, rows: int, columns: int) -> float:
    """Return the cost of tiles of a size per output value; 0 for a size that does not serve."""
    high, wide = rows - facts.shape[0] + 1, columns - facts.shape[1] + 1
    numbers = rows * columns
    kept = _LANES if request.channels == 1 else max(high, 0)  # rows of sums that wait
    memory = 16 * numbers + 16 * kept * max(wide, 0) * request.channels
    if min(high, wide) < 1 or memory > MOST_BYTES:
        return 0.0
    count = -(-request.size[0] // high) * -(-request.size[1] // wide)
    return fft(request, numbers) * ((count + 1) // 2) / (request.size[0] * request.size[1])


def exact(facts: KernelFacts) -> float:
    """Return the cost of recomputing an undecided value."""
    return 22 + 0.13 * facts.taps


def undecided(facts: KernelFacts, share: float) -> float:
    """Return the cost of the values that a bound leaves undecided, ties among them.

    On smooth areas the values of a kernel that adds up to 0 are few, and many of them halves where
    its denominator is small: none of these can be decided but by whole numbers.
    """
    ties = facts.positive == facts.negative and facts.denominator.bit_length() <= _TIE_BITS
    return share * exact(facts) + (_TIES if ties else 0.0)


def undecided_floats(facts: KernelFacts, bound: float, *, flat: bool) -> float:
    """Return the cost of the float values that a Fourier transform leaves undecided.

    The bound is per unit of the sum of all magnitudes, as are the values of a smooth area, which
    are no more than what the weights add up to and the offset: the less that is, the more are
    undecided. Pictures of whole numbers have areas that are `flat`, where a value may be 0.
    """
    size = facts.positive + facts.negative
    balance, offset = abs(facts.positive - facts.negative) / size, abs(facts.bias) / facts.scale
    value = max(balance * _BRIGHTNESS, offset / size, _LEAST_VALUE)
    share = min(bound * 2.0**25 / value, 1.0)
    if flat and balance == offset == 0:
        share = max(share, _FLAT)
    return 0.01 + share * (22 + 0.45 * facts.taps)
