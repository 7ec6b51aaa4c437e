"""Weights and biases as exact arrays."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.layer import WeightLayout
from imgconv.model.numbers import parse_number, simplest

Weights = NDArray[Any]
"""Exact weights: floats and integers, or an object array of `int` and `Fraction`."""

_MOST_WEIGHTS = 1 << 26


def exact_weights(weights: ArrayLike, axes: int | None, layout: WeightLayout) -> Weights:
    """Return weights as an exact array, output channel first.

    Raises
    ------
    ArgumentError
        For something that is no array of finite numbers with 3, 4 or 5 axes.
    """
    try:
        array = np.asarray(weights)
    except ValueError:
        raise ArgumentError("weights are a ragged list; every kernel has the same shape") from None
    dims = {"oihw": "filters, channels, kernel axes", "hwio": "kernel axes, channels, filters"}
    if array.ndim not in ((3, 4, 5) if axes is None else (axes + 2,)) or array.size == 0:
        wanted = "3, 4 or 5" if axes is None else str(axes + 2)
        raise ArgumentError(
            f"weights have shape {array.shape}; {wanted} axes are needed ({dims[layout.value]})",
            hint="a single kernel of an image is [[kernel]]" if array.ndim == 2 else None,
        )
    if array.size > _MOST_WEIGHTS:
        raise ArgumentError(f"there are {array.size} weights; the limit is {_MOST_WEIGHTS}")
    if layout is WeightLayout.HWIO:
        array = np.moveaxis(array, (-1, -2), (0, 1))
    return _exact(array, "weight")


def _exact(array: Weights, what: str) -> Weights:
    """Return float64 where it holds every number, and rationals where it does not."""
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        floats = array.astype(np.float64)
        if not np.isfinite(floats).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(floats))[0])
            raise ArgumentError(
                f"{what} {list(place)} is {floats[place]}; a finite number is needed"
            )
        return floats
    if array.dtype.kind in "iu" and np.abs(array.astype(np.float64)).max(initial=0) < 2.0**53:
        return array.astype(np.float64)
    rationals = np.empty(array.shape, object)
    for at, value in np.ndenumerate(array):
        try:
            rationals[at] = simplest(parse_number(str(value) if isinstance(value, str) else value))
        except ArgumentError as error:
            raise ArgumentError(f"{what} {list(at)}: {error.message}", error.hint) from None
    whole = all(isinstance(v, int) and abs(v) < 1 << 53 for v in rationals.flat)
    return rationals.astype(np.float64) if whole else rationals


def exact_biases(
    bias: Sequence[object] | NDArray[Any] | None, filters: int
) -> tuple[Fraction, ...] | None:
    """Return a bias as fractions, one for each filter."""
    if bias is None:
        return None
    values = np.asarray(bias)
    if values.shape != (filters,):
        raise ArgumentError(
            f"the bias has shape {values.shape}; ({filters},) is needed, one value a filter",
            hint=f"give {filters} number{'s' * (filters > 1)}, one for each filter",
        )
    return tuple(Fraction(value) for value in _exact(values, "bias").tolist())
