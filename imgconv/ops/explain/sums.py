"""Explain a pixel of a kernel or a set: every tap of its window, the sum, and what became of it.

The sum is computed here by plain rational arithmetic, apart from the engines, and then held against
what the engine wrote; the two cannot disagree unseen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.engines.rounding import nearest_float32
from imgconv.engines.select import select_engine
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.explanation import Stage, Tap, Window
from imgconv.model.geometry import Axis, Geometry
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Combine, KernelSet, SetOutput
from imgconv.model.numbers import Number, simplest
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.settings import Settings
from imgconv.model.step_plan import PlannedStep
from imgconv.ops.explain.exact_terms import exact_number, exact_product, exact_total
from imgconv.ops.image import Image
from imgconv.ops.linear.single import plan
from imgconv.ops.linear.steps import IDENTITY


def explain_sums(source: Image, output: Image, planned: PlannedStep, at: tuple[int, int]) -> Stage:
    """Describe how a kernel, a set of kernels or a conversion made one pixel.

    Parameters
    ----------
    source, output : ndarray
        The step's input and output.
    planned : PlannedStep
    at : (int, int)
        Row and column in the output.

    Raises
    ------
    ArgumentError
        For a set of kernels under range ``rescale``.
    ArithmeticError
        When the engine wrote something else, which would be a bug.
    """
    kernel, settings = planned.step, planned.settings
    channels = source if source.ndim == 3 else source[..., None]
    members = kernel.members or (IDENTITY,)
    if settings.border is Border.IGNORE:
        members = tuple(_inside(channels, member, settings, at) for member in members)
        settings = settings._replace(border=Border.CONSTANT, border_value=0)
    windows = tuple(_window(channels, member, settings, at) for member in members)
    written = output[at].reshape(-1)
    depth = Depth.of(output.dtype)
    name = kernel.name or "matrix"
    combine = None
    if isinstance(kernel, KernelSet):
        combine = kernel.combine
        if kernel.output is not SetOutput.VALUE:
            values = tuple(value.item() for value in written)
            how = f"{kernel.output.value} of {combine.value}"
            return Stage(name, at, windows, (), (), values, depth, settings, how)
    ranged = _Ranged.of(source, members, settings, depth)
    exact, rounded = [], []
    for channel in range(channels.shape[2]):
        value = ranged.value([window.values[channel] for window in windows], combine)
        exact.append(value)
        rounded.append(_rounded(value, depth, settings.rounding))
    _check(rounded, written, depth, combine)
    values = tuple(value.item() for value in written)
    how = ranged.words(combine)
    return Stage(name, at, windows, tuple(exact), tuple(rounded), values, depth, settings, how)


def taps_of(
    image: Image, kernel: Kernel, settings: Settings, at: tuple[int, int]
) -> tuple[Tap, ...]:
    """Return the taps of a kernel over the window of one pixel, row by row."""
    geometry = plan(image, kernel, settings, None).geometry
    return tuple(
        _tap(image, kernel, settings, geometry, at, (r, c))
        for r in range(kernel.shape[0])
        for c in range(kernel.shape[1])
    )


def _window(image: Image, kernel: Kernel, settings: Settings, at: tuple[int, int]) -> Window:
    taps = taps_of(image, kernel, settings, at)
    sums = tuple(exact_total([tap.products[c] for tap in taps]) for c in range(image.shape[2]))
    values = tuple(_scaled(total, kernel) for total in sums)
    return Window(kernel, taps, sums, values)


def _inside(image: Image, kernel: Kernel, settings: Settings, at: tuple[int, int]) -> Kernel:
    """Return the kernel that counts at one pixel: the weights inside, scaled to its sum."""
    geometry = plan(image, kernel, settings, None).geometry
    rows, columns = (
        [0 <= _position(axis, out, tap) < axis.length for tap in range(axis.taps)]
        for axis, out in zip(geometry, at, strict=True)
    )
    weights = [
        [weight if rows[r] and columns[c] else 0 for c, weight in enumerate(row)]
        for r, row in enumerate(kernel.weights)
    ]
    whole, inside = (sum(sum(row) for row in table) for table in (kernel.weights, weights))
    factor = Fraction(whole) / inside if whole * inside > 0 else Fraction(1)
    scaled = Kernel(
        weights, scale=kernel.scale * factor, offset=kernel.offset, anchor=kernel.anchor
    )
    return scaled.named(kernel.name)


def _tap(
    image: Image,
    kernel: Kernel,
    settings: Settings,
    geometry: Geometry,
    at: tuple[int, int],
    tap: tuple[int, int],
) -> Tap:
    position = _position(geometry.rows, at[0], tap[0]), _position(geometry.columns, at[1], tap[1])
    row = settings.border.source_index(position[0], image.shape[0])
    column = settings.border.source_index(position[1], image.shape[1])
    source = None if row is None or column is None else (row, column)
    if source is None:
        pixels = (exact_number(settings.border_value),) * image.shape[2]
    else:
        pixels = tuple(exact_number(pixel.item()) for pixel in image[source])
    weight = kernel.weights[tap[0]][tap[1]]
    products = tuple(exact_product(weight, pixel) for pixel in pixels)
    return Tap(*tap, position, source, weight, pixels, products)


def _position(axis: Axis, out: int, tap: int) -> int:
    return out * axis.stride + tap * axis.dilation - axis.before


def _scaled(total: Number, kernel: Kernel) -> Number:
    if isinstance(total, float):
        return total * float(kernel.scale) if kernel.scale else 0
    return simplest(Fraction(kernel.scale * total + kernel.offset))


@dataclass(frozen=True, slots=True)
class _Ranged:
    """What the output range does: ``gain * value + bias``, or the absolute value."""

    gain: Fraction
    bias: Fraction
    absolute: bool
    what: str

    @classmethod
    def of(
        cls, source: Image, members: Sequence[Kernel], settings: Settings, depth: Depth
    ) -> _Ranged:
        chosen = settings.output_range
        if chosen is OutputRange.OFFSET:
            return cls(Fraction(1), depth.middle, False, f"plus {depth.middle}")
        if chosen is OutputRange.FULL:
            ratio = Fraction(depth.high, settings.white or Depth.of(source.dtype).high)
            return cls(ratio, Fraction(0), False, f"times {ratio}, so that white stays white")
        if chosen is OutputRange.RESCALE:
            return cls._stretching(source, members, settings, depth)
        return cls(Fraction(1), Fraction(0), chosen is OutputRange.ABS, "")

    @classmethod
    def _stretching(
        cls, source: Image, members: Sequence[Kernel], settings: Settings, depth: Depth
    ) -> _Ranged:
        if len(members) > 1:
            raise ArgumentError("a set of kernels with range rescale cannot be explained")
        job = plan(source, members[0], settings, None)
        ends = [job.gain * end + job.bias for end in select_engine().extremes(job)]
        low, high = min(ends), max(ends)
        if low == high:
            return cls(Fraction(0), Fraction(depth.low), False, "every value is the same")
        gain = (depth.high - depth.low) / (high - low)
        said = f"stretched from {float(low):g}..{float(high):g} to {depth.low}..{depth.high}"
        return cls(gain, depth.low - low * gain, False, said)

    def value(self, members: Sequence[Number], combine: Combine | None) -> Number:
        """Return the value before rounding."""
        value = members[0] if combine is None else _combined(members, combine)
        if isinstance(value, float):
            changed = value * float(self.gain) + float(self.bias)
            return _magnitude(changed) if self.absolute else changed
        exact = simplest(self.gain * value + self.bias)
        return _magnitude(exact) if self.absolute else exact

    def words(self, combine: Combine | None) -> str:
        """Describe what is done, in the order in which it is."""
        said = [] if combine is None else [combine.value]
        return ", ".join([*said, *filter(None, [self.what, "absolute" if self.absolute else ""])])


def _combined(members: Sequence[Number], combine: Combine) -> Number:
    if combine is Combine.MAX:
        return max(members)
    magnitudes = [_magnitude(member) for member in members]
    if combine is Combine.MAX_ABS:
        return max(magnitudes)
    if combine is Combine.SUM_ABS:
        return exact_total(magnitudes)
    return _root(exact_total([value * value for value in magnitudes]))


def _magnitude(number: Number) -> Number:
    return -number if number < 0 else number


def _root(square: Number) -> Number:
    """Return a square root: exact where it is rational, else to 60 digits, which decide any tie."""
    if isinstance(square, float):
        return math.sqrt(square)
    above, below = math.isqrt(square.numerator), math.isqrt(square.denominator)
    if above * above == square.numerator and below * below == square.denominator:
        return simplest(Fraction(above, below))
    with localcontext(prec=60):
        root = (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()
    return Fraction(root)


def _rounded(value: Number, depth: Depth, rounding: Rounding) -> Number:
    if depth is Depth.F32:
        if isinstance(value, float):
            with np.errstate(over="ignore"):
                return float(np.float32(value))
        return nearest_float32(value.numerator, value.denominator)
    if isinstance(value, float):
        if not math.isfinite(value):
            return 0 if math.isnan(value) else value
        value = Fraction(value)
    if rounding is Rounding.TRUNCATE:
        return math.trunc(value)
    if rounding is Rounding.HALF_UP:
        return math.floor(value + Fraction(1, 2))
    if rounding is Rounding.HALF_DOWN:
        return math.ceil(value - Fraction(1, 2))
    return round(value)


def _check(rounded: Sequence[Number], written: Any, depth: Depth, combine: Combine | None) -> None:
    """Compare the explanation against what the engine wrote."""
    for ours, pixel in zip(rounded, written, strict=True):
        value = pixel.item()
        clamped = ours if depth is Depth.F32 else min(max(ours, depth.low), depth.high)
        same = value == clamped or (math.isnan(value) and math.isnan(clamped))
        # Sets of kernels are combined in float64 for float32 outputs.
        near = depth is Depth.F32 and combine is not None
        if not (same or (near and math.isclose(value, clamped, rel_tol=1e-6, abs_tol=1e-6))):
            raise ArithmeticError(f"explained as {clamped}, but the engine wrote {value}")
