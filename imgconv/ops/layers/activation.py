"""Activations and pooling: what a network does between its convolutions, rounded once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.layers import LayerJob, convolve, padded
from imgconv.engines.rounding import nearest_float32
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import Axis
from imgconv.model.layer import (
    Activation,
    Nonlinearity,
    Pool,
    Reduction,
    Steps,
    parse_activation,
    parse_pool,
)
from imgconv.model.layer_shapes import LayerShapes, check_size, place_axes
from imgconv.model.output import Depth, Rounding
from imgconv.ops.image import checked_threads
from imgconv.ops.layers.layer import Image, as_batch

_DIGITS = 60  # of the decimals that decide what float64 leaves open
_RELATIVE = 2.0**-48  # a bound on the error of the float64 functions, wider than any libm's
_ONE = Axis(1, 1, 0, 1, 1, 1)
_BEYOND = 200.0  # from here on tanh and sigmoid are nothing but their limits, in float32


def activate(values: ArrayLike, activation: Activation | str) -> Image:
    """Apply a function to every value: the exact result, rounded once to float32.

    Parameters
    ----------
    values : array_like
        float32, or of a type that float32 holds.
    activation : Activation or str
        ``"relu"``, ``"leaky_relu"`` (slope 1/100), ``"leaky_relu:0.2"``, ``"sigmoid"``,
        ``"tanh"``.

    Returns
    -------
    ndarray of float32
        The same on every machine, whatever its libm. NaN stays NaN.

    Raises
    ------
    ArgumentError
        For another activation, or values of another type.

    Examples
    --------
    >>> import numpy as np
    >>> activate(np.array([-2, 0, 3], np.float32), "relu")
    array([0., 0., 3.], dtype=float32)
    >>> activate(np.array([-2, 0, 3], np.float32), "leaky_relu:0.5")
    array([-1., 0., 3.], dtype=float32)
    """
    chosen = parse_activation(activation)
    array = np.asarray(values)
    Depth.of(array.dtype)
    floats = array.astype(np.float32)
    match chosen.function:
        case Nonlinearity.RELU:
            return np.where(floats <= 0, np.float32(0), floats)
        case Nonlinearity.LEAKY_RELU:
            return _leaky(floats, chosen.slope)
        case Nonlinearity.SIGMOID:
            return _settled(floats, _sigmoid, _exact_sigmoid)
        case Nonlinearity.TANH:
            return _settled(floats, np.tanh, _exact_tanh)


def _leaky(floats: Image, slope: Fraction) -> Image:
    below = _settled(
        np.minimum(floats, 0),
        lambda x: x * float(slope),
        lambda x: _nearest(Fraction(x) * slope),
        limits=False,
    )
    if slope == 0:
        below = np.where(floats == -np.inf, np.float32(0), below)
    return np.where(floats <= 0, below, floats) + np.float32(0)


def _settled(
    floats: Image,
    nearly: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    exactly: Callable[[float], float],
    *,
    limits: bool = True,
) -> Image:
    """Round a function that float64 gives nearly, and decide in more digits what that leaves."""
    x = floats.astype(np.float64)
    if limits:
        x = np.clip(x, -_BEYOND, _BEYOND)
    with np.errstate(all="ignore"):
        value = nearly(x)
        error = np.abs(value) * _RELATIVE
        result = (value + error).astype(np.float32)
        doubtful = (value - error).astype(np.float32) != result
    doubtful &= np.isfinite(value)
    different, places = np.unique(x[doubtful], return_inverse=True)
    exact = np.array([exactly(float(one)) for one in different], np.float32)
    result[doubtful] = exact[places]
    return result + np.float32(0)


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    small = np.exp(-np.abs(x))
    result: NDArray[np.float64] = np.where(x < 0, small, 1) / (1 + small)
    return result


def _exact_sigmoid(x: float) -> float:
    with localcontext() as context:
        context.prec = _DIGITS
        return _nearest(Fraction(1 / (1 + (-Decimal(x)).exp())))


def _exact_tanh(x: float) -> float:
    with localcontext() as context:
        context.prec = _DIGITS
        if abs(x) < 2.0**-20:  # 1 - exp(2x) would lose the digits that matter
            exact = Fraction(x)
            return _nearest(exact - exact**3 / 3)
        power = (2 * Decimal(x)).exp()
        return _nearest(Fraction((power - 1) / (power + 1)))


def _nearest(value: Fraction) -> float:
    return nearest_float32(value.numerator, value.denominator)


def pool(image: ArrayLike, how: Pool | str, *, axes: int = 2, threads: int | None = None) -> Image:
    """Make one value of each window of each channel: its greatest, or its mean.

    Parameters
    ----------
    image : array_like, shape (rows, columns), (rows, columns, channels) or with a batch first
    how : Pool or str
        ``"max:2"``, ``"mean:3"``, ``"max:size=3,stride=2,padding=1"``; the stride is the size
        where none is given. Padding counts as 0 in a mean and is left out of a maximum.
    axes : {1, 2, 3}, default 2
        How many axes windows slide along.
    threads : int, optional

    Returns
    -------
    ndarray, float32
        ``(n + 2 * padding - size) // stride + 1`` long. A mean is exact and rounded once.

    Raises
    ------
    ArgumentError
        When no window fits, or `how` is not a kind of pooling.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 2, 5, 6], [3, 4, 7, 9]], np.uint8)
    >>> pool(image, "max:2")[..., 0], pool(image, "mean:2")[..., 0]
    (array([[4., 9.]], dtype=float32), array([[2.5 , 6.75]], dtype=float32))
    """
    if axes not in (1, 2, 3):
        raise ArgumentError(f"axes is {axes!r}; windows slide along 1, 2 or 3")
    batch, single = as_batch(image, axes)
    pooled = run_pool(batch, parse_pool(how, axes), threads=threads)
    return pooled[0] if single else pooled


def pool_shapes(how: Pool, shape: tuple[int, ...], name: str = "pool") -> LayerShapes:
    """Work out the sizes of pooling (see `imgconv.ops.layers.layer.Conv.shapes`)."""
    steps = Steps(how.stride, (1,) * len(how.size), how.padding)
    placed = place_axes(shape[1:-1], how.size, steps)
    shapes = LayerShapes(
        name=name,
        what=str(how),
        axes=placed,
        batch=shape[0],
        sizes_in=shape[1:-1],
        sizes_out=tuple(axis.axis.out for axis in placed),
        channels_in=shape[-1],
        channels_out=shape[-1],
    )
    check_size(shapes)
    return shapes


def run_pool(images: Image, how: Pool, *, threads: int | None = None) -> Image:
    """Pool images of shape (n, [[depth,] rows,] columns, channels)."""
    placed = pool_shapes(how, images.shape).axes
    channels, missing = images.shape[-1], 3 - len(placed)
    spatial = tuple(range(1, 1 + missing))
    depth, rows, columns = [_ONE] * missing + [axis.axis for axis in placed]
    count = depth.taps * rows.taps * columns.taps
    greatest = how.reduction is Reduction.MAX
    job = LayerJob(
        images=np.expand_dims(images.astype(np.float32), spatial),
        weights=np.full((channels, 1, depth.taps, rows.taps, columns.taps), Fraction(1, count)),
        biases=[Fraction(0)] * channels,
        groups=channels,
        axes=(depth, rows, columns),
        border=Border.CONSTANT,
        border_value=-np.inf if greatest else 0,
        depth=Depth.F32,
        rounding=Rounding.HALF_EVEN,
        threads=checked_threads(threads),
    )
    pooled = _maxima(job) if greatest else convolve(job)
    return np.squeeze(pooled, axis=spatial)


def _maxima(job: LayerJob) -> Image:
    source = padded(job)
    for number, axis in enumerate(job.axes, start=1):
        window: list[Any] = [slice(None)] * source.ndim
        parts = []
        for tap in range(axis.taps):
            window[number] = slice(tap, tap + (axis.out - 1) * axis.stride + 1, axis.stride)
            parts.append(source[tuple(window)])
        source = np.maximum.reduce(parts)
    return source
