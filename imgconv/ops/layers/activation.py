"""Activations: a function of every value, rounded once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.rounding import nearest_float32
from imgconv.model.layer import Activation, Nonlinearity, parse_activation
from imgconv.model.output import Depth
from imgconv.ops.image import Image

_DIGITS = 60  # of the decimals that decide what float64 leaves open
_RELATIVE = 2.0**-48  # a bound on the error of the float64 functions, wider than any libm's
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
