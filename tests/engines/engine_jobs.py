"""Jobs for engines, and a small oracle: plain loops and fractions, no code shared with them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from imgconv.engines.base import Correlation
from imgconv.model.border import STAND_INS, Border
from imgconv.model.geometry import OutputSize, plan_geometry
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, Rounding

Weights = list[list[Any]]


def job(
    image: Any,
    weights: Weights,
    *,
    scale: object = 1,
    offset: object = 0,
    anchor: tuple[int, int] | None = None,
    border: Border = Border.REFLECT101,
    border_value: float = 0,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    size: Any = OutputSize.SAME,
    depth: Depth | None = None,
    rounding: Rounding = Rounding.HALF_EVEN,
    absolute: bool = False,
    threads: int = 1,
) -> Correlation:
    pixels = image if image.ndim == 3 else image[..., None]
    kernel = Kernel(weights, scale=scale, offset=offset, anchor=anchor)
    form = kernel.integer_form
    geometry = plan_geometry(
        pixels.shape[:2], kernel.shape, kernel.anchor, stride=stride, dilation=dilation, size=size
    )
    return Correlation(
        image=pixels,
        weights=form.weights,
        gain=form.gain,
        bias=form.bias,
        absolute=absolute,
        border=border,
        border_value=border_value,
        geometry=geometry,
        depth=depth or Depth.of(pixels.dtype),
        rounding=rounding,
        threads=threads,
    )


def oracle(job: Correlation) -> tuple[Any, int]:
    """Compute a job of finite pixels one value at a time; give the image and how many clipped."""
    rows, columns = job.geometry.rows, job.geometry.columns
    out = np.zeros((rows.out, columns.out, job.image.shape[2]), job.depth.dtype)
    clipped = 0
    for y, x, c in np.ndindex(out.shape):
        total = Fraction(0)
        for r, line in enumerate(job.weights):
            for k, weight in enumerate(line):
                at = (
                    _outside(y * rows.stride + r * rows.dilation - rows.before, rows.length, job),
                    _outside(
                        x * columns.stride + k * columns.dilation - columns.before,
                        columns.length,
                        job,
                    ),
                )
                pixel = job.border_value if None in at else job.image[at[0], at[1], c]
                total += weight * Fraction(float(pixel))
        value = job.gain * total + job.bias
        value = abs(value) if job.absolute else value
        if job.depth is Depth.F32:
            out[y, x, c] = _nearest_float(value)
            continue
        whole = _rounded(value, job.rounding)
        inside = min(max(whole, job.depth.low), job.depth.high)
        clipped += inside != whole
        out[y, x, c] = inside
    return out, clipped


def _outside(i: int, n: int, job: Correlation) -> int | None:
    while not 0 <= i < n:
        if job.border is Border.CONSTANT:
            return None
        if job.border is Border.REPLICATE:
            return 0 if i < 0 else n - 1
        if job.border is Border.WRAP:
            i += n if i < 0 else -n
        elif job.border is Border.REFLECT:
            i = -1 - i if i < 0 else 2 * n - 1 - i
        elif n == 1:
            return 0
        else:
            i = -i if i < 0 else 2 * n - 2 - i
    return i


def _rounded(value: Fraction, rounding: Rounding) -> int:
    if rounding is Rounding.TRUNCATE:
        return math.trunc(value)
    below = math.floor(value)
    rest = value - below
    if rest != Fraction(1, 2):
        return below + (rest > Fraction(1, 2))
    even = below + below % 2
    return {Rounding.HALF_EVEN: even, Rounding.HALF_UP: below + 1, Rounding.HALF_DOWN: below}[
        rounding
    ]


def _nearest_float(value: Fraction) -> float:
    if abs(value) >= 2**128 - 2**103:
        return math.copysign(math.inf, value)
    guess = np.float32(float(value)) if abs(value) < 2**127 else np.float32(2.0**127)
    around = {guess}
    for end in (np.float32(-np.inf), np.float32(np.inf)):
        around.add(np.nextafter(guess, end))
    finite = [x for x in around if np.isfinite(x)]
    if abs(value) >= 2**127:
        exponent = 104
        whole = Fraction(value) / 2**exponent
        return float(_rounded(whole, Rounding.HALF_EVEN)) * 2.0**exponent
    bits = {x: int(np.float32(abs(x)).view(np.int32)) for x in finite}
    best = min(finite, key=lambda x: (abs(Fraction(float(x)) - value), bits[x] % 2))
    return float(best) + 0.0


_SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def images(draw: st.DrawFn, depth: Depth) -> Any:
    shape = draw(
        st.tuples(
            st.sampled_from([1, 2, 3, 6, 11]),
            st.sampled_from([1, 2, 5, 17, 70]),
            st.sampled_from([1, 1, 2, 3, 4]),
        )
    )
    rng = np.random.default_rng(draw(_SEEDS))
    if depth is Depth.F32:
        kind = draw(st.integers(0, 3))
        values = [
            lambda: rng.integers(0, 256, shape),
            lambda: rng.integers(0, 256, shape) / 255,
            lambda: rng.standard_normal(shape),
            lambda: rng.standard_normal(shape) * 10.0 ** rng.integers(-40, 36, shape),
        ][kind]()
        return values.astype(np.float32)
    low, high = (-32768, 32767) if depth is Depth.I16 else (0, depth.high)
    if draw(st.booleans()):
        return np.where(rng.random(shape) < 0.5, low, high).astype(depth.dtype)
    return rng.integers(low, high + 1, shape).astype(depth.dtype)


@st.composite
def kernels(draw: st.DrawFn) -> tuple[Weights, object]:
    rows, columns = draw(st.sampled_from([1, 2, 3, 5])), draw(st.sampled_from([1, 2, 3, 6]))
    rng = np.random.default_rng(draw(_SEEDS))
    shape = rows, columns
    kind = draw(st.integers(0, 6))
    weights = [
        lambda: rng.integers(-3, 6, shape),
        lambda: rng.integers(-200, 201, shape),
        lambda: rng.random(shape).astype(np.float32),
        lambda: rng.standard_normal(shape) * 10.0 ** rng.integers(-30, 8, shape),
        lambda: np.outer(rng.integers(-5, 9, rows), rng.integers(-5, 9, columns)),
        lambda: np.outer(rng.integers(1, 3000, rows), rng.integers(1, 3000, columns)),
        lambda: np.ones(shape, int),
    ][kind]().tolist()
    total = sum(abs(Fraction(w)) for line in weights for w in line) or Fraction(1)
    scale = draw(
        st.sampled_from(
            [1, 1 / total, -1 / total, Fraction(1, 14), Fraction(1, 18), Fraction(1, 1792)]
        )
    )
    return weights, scale


@st.composite
def jobs(draw: st.DrawFn) -> Correlation:
    depth = draw(st.sampled_from(Depth))
    weights, scale = draw(kernels())
    anchor = (
        draw(st.integers(0, len(weights) - 1)),
        draw(st.integers(0, len(weights[0]) - 1)),
    )
    return job(
        draw(images(depth)),
        weights,
        scale=scale,
        offset=draw(st.sampled_from([0, 0, 128, Fraction(1, 2), Fraction(-7, 3)])),
        anchor=anchor,
        border=draw(st.sampled_from(STAND_INS)),
        border_value=draw(st.sampled_from([0, 7])),
        stride=draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (3, 1), (5, 6)])),
        dilation=draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (1, 3)])),
        size=draw(st.sampled_from([OutputSize.SAME, OutputSize.SAME, OutputSize.FULL])),
        depth=draw(st.sampled_from([depth, depth, *Depth])),
        rounding=draw(st.sampled_from([Rounding.HALF_EVEN, *Rounding])),
        absolute=draw(st.sampled_from([False, False, True])),
        threads=draw(st.sampled_from([1, 2, 5])),
    )
