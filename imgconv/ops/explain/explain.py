"""Explain a pixel: every tap of its window, the exact sum, and what became of it.

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
from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.explanation import Explanation, Number, Stage, Tap, Window
from imgconv.model.geometry import Axis, Geometry
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Combine, Filter, SetOutput
from imgconv.model.numbers import simplest
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.recipe import Recipe, Settings
from imgconv.ops.explain.exact_terms import exact_number, exact_product, exact_total
from imgconv.ops.linear.alpha import has_alpha
from imgconv.ops.linear.correlate import Image, apply_filter, as_image, plan
from imgconv.ops.pipeline.run import with_tone


def explain(image: Image, recipe: Recipe, at: Sequence[int]) -> Explanation:
    """Describe how a recipe makes one pixel.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; with alpha only under `Alpha.FILTER`.
    recipe : Recipe
        With at least one kernel; `binarize_after` and what follows it is not explained.
    at : (int, int)
        Row and column in the output.

    Returns
    -------
    Explanation

    Raises
    ------
    ArgumentError
        For a place outside the output, a recipe without kernels, or colours that alpha weighs.
    ArithmeticError
        When the engine wrote something else, which would be a bug.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[93, 139, 101], [26, 252, 196], [135, 230, 18]], np.uint8)
    >>> mean = Recipe(kernels=(Kernel([[1] * 3] * 3, scale="1/9"),))
    >>> stage = explain(image, mean, (1, 1)).stages[0]
    >>> stage.windows[0].sums, stage.exact, stage.values
    ((1190,), (Fraction(1190, 9),), (132,))
    """
    if not recipe.kernels:
        raise ArgumentError("there is no kernel to explain", hint="give one: -k sharpen")
    if recipe.linear:
        raise ArgumentError("a pixel in linear light is not explained", hint="leave out --linear")
    pixels, _ = with_tone(as_image(image, recipe.settings.depth), recipe)
    if has_alpha(pixels) and recipe.alpha is not Alpha.FILTER:
        raise ArgumentError(
            "the pixel of an image with alpha is explained only where alpha does not weigh",
            hint="add --alpha filter, or --gray",
        )
    inputs, outputs = [pixels], []
    stages = recipe.stages(Depth.of(pixels.dtype))
    for kernel, settings in stages:
        outputs.append(apply_filter(inputs[-1], kernel, settings).image)
        inputs.append(outputs[-1])
    place: tuple[int, int] | None = _inside(at, outputs[-1])
    explained: list[Stage] = []
    for (kernel, settings), source, output in zip(
        reversed(stages), reversed(inputs[:-1]), reversed(outputs), strict=True
    ):
        if place is None:  # the constant lies under the anchor
            break
        stage = _stage(source, output, kernel, settings, place)
        explained.insert(0, stage)
        place = _under_the_anchor(stage)
    return Explanation(tuple(explained), _tone(recipe))


def _inside(at: Sequence[int], output: Image) -> tuple[int, int]:
    row, column = at
    rows, columns = output.shape[:2]
    if not (0 <= row < rows and 0 <= column < columns):
        raise ArgumentError(
            f"{row},{column} lies outside the output of {rows} x {columns}",
            hint=f"rows run from 0 to {rows - 1}, columns from 0 to {columns - 1}",
        )
    return row, column


def _under_the_anchor(stage: Stage) -> tuple[int, int] | None:
    window = stage.windows[0]
    anchor = window.kernel.anchor
    return next(tap.source for tap in window.taps if (tap.row, tap.col) == anchor)


def _tone(recipe: Recipe) -> str:
    said = []
    if recipe.gray is not None:
        said.append(f"gray {recipe.gray.value}")
    if recipe.binarize is not None and not recipe.binarize_after:
        said.append(f"binarize {recipe.binarize}")
    if recipe.invert and not recipe.binarize_after:
        said.append("invert")
    return ", ".join(said)


def _stage(
    source: Image, output: Image, kernel: Filter, settings: Settings, at: tuple[int, int]
) -> Stage:
    channels = source if source.ndim == 3 else source[..., None]
    members = (kernel,) if isinstance(kernel, Kernel) else kernel.kernels
    windows = tuple(_window(channels, member, settings, at) for member in members)
    written = output[at].reshape(-1)
    depth = Depth.of(output.dtype)
    name = kernel.name or "matrix"
    if not isinstance(kernel, Kernel) and kernel.output is not SetOutput.VALUE:
        values = tuple(value.item() for value in written)
        how = f"{kernel.output.value} of {kernel.combine.value}"
        return Stage(name, at, windows, (), (), values, depth, settings, how)
    combine = None if isinstance(kernel, Kernel) else kernel.combine
    ranged = _Ranged.of(source, kernel, settings, depth)
    exact, rounded = [], []
    for channel in range(channels.shape[2]):
        value = ranged.value([window.values[channel] for window in windows], combine)
        exact.append(value)
        rounded.append(_rounded(value, depth, settings.rounding))
    _check(rounded, written, depth, combine)
    values = tuple(value.item() for value in written)
    how = ranged.words(combine)
    return Stage(name, at, windows, tuple(exact), tuple(rounded), values, depth, settings, how)


def _window(image: Image, kernel: Kernel, settings: Settings, at: tuple[int, int]) -> Window:
    geometry = plan(image, kernel, settings, None).geometry
    taps = tuple(
        _tap(image, kernel, settings, geometry, at, (r, c))
        for r in range(kernel.shape[0])
        for c in range(kernel.shape[1])
    )
    sums = tuple(exact_total([tap.products[c] for tap in taps]) for c in range(image.shape[2]))
    values = tuple(_scaled(total, kernel) for total in sums)
    return Window(kernel, taps, sums, values)


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
    def of(cls, source: Image, kernel: Filter, settings: Settings, depth: Depth) -> _Ranged:
        chosen = settings.output_range
        if chosen is OutputRange.OFFSET:
            return cls(Fraction(1), depth.middle, False, f"plus {depth.middle}")
        if chosen is OutputRange.FULL:
            ratio = Fraction(depth.high, settings.white or Depth.of(source.dtype).high)
            return cls(ratio, Fraction(0), False, f"times {ratio}, so that white stays white")
        if chosen is OutputRange.RESCALE:
            return cls._stretching(source, kernel, settings, depth)
        return cls(Fraction(1), Fraction(0), chosen is OutputRange.ABS, "")

    @classmethod
    def _stretching(
        cls, source: Image, kernel: Filter, settings: Settings, depth: Depth
    ) -> _Ranged:
        if not isinstance(kernel, Kernel):
            raise ArgumentError("a set of kernels with range rescale cannot be explained")
        job = plan(source, kernel, settings, None)
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
