"""Sums of layers to values; what their bounds leave undecided is summed again.

Once by halves, with the magnitudes of its own window as a bound; then rounded once to float64; and
then in whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.filters import Filters, Floats, Weights, error_of_sums, lowest_bits
from imgconv.engines.float_sums import UNIT, in_units
from imgconv.engines.rounding import Integers, Quotients, round_floats
from imgconv.model.output import Depth, Rounding

_TERMS = 1 << 18  # that are summed again at a time
_OF_ROUNDING = 2.0**-40  # floor(v + 1/2) is off by less, for every v near an integer output
_ULP = 2.0**-52

Windows = Callable[[NDArray[np.intp]], Floats]
"""Looks up windows by their numbers in a block: their taps in rows."""


class LayerRounding:
    """How sums of some filters become values.

    Parameters
    ----------
    filters : Filters
    depth : Depth
        Of the output.
    rounding : Rounding
    """

    def __init__(self, filters: Filters, depth: Depth, rounding: Rounding) -> None:
        self.filters = filters
        self.depth = depth
        self.rounding = rounding
        self._in_integers: dict[int, tuple[NDArray[np.intp], Integers, Fraction]] = {}

    def float_finish(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return what `Pointwise.settle` takes."""
        filters = self.filters
        unsettled = ~filters.is_settled
        relative = error_of_sums(0, np.ones(len(filters.matrix)))
        return (
            filters.gains,
            filters.biases,
            np.where(unsettled & ~filters.is_exact, filters.error, 0),
            np.where(unsettled & filters.is_exact, relative, 0),
        )

    def finished(self, windows: Windows, sums: Floats) -> NDArray[Any]:
        """Round the values, and recompute those that their errors leave undecided."""
        depth, rounding, filters = self.depth, self.rounding, self.filters
        if filters.is_settled.all():
            return round_floats(sums + filters.biases, depth, rounding)
        value = sums * filters.gains
        error: Floats = filters.error
        if filters.is_exact.any():  # of those only the gain and the bias are rounded
            bound = error_of_sums(0, np.abs(value) + np.abs(filters.biases))
            error = np.where(filters.is_exact, bound, error)
        error = np.where(filters.is_settled, 0, error)
        result, doubts = self._between(value + filters.biases, error)
        self.decide(windows, sums, result, doubts)
        return result

    def decide(
        self, windows: Windows, sums: Floats, result: NDArray[Any], doubts: NDArray[Any]
    ) -> None:
        """Put in the values that their errors leave undecided; `doubts` says where, flat."""
        filters = self.filters
        rows, columns = np.divmod(doubts, len(filters.matrix))
        exact = filters.is_exact[columns]
        for f in set(columns[exact].tolist()):
            at = rows[columns == f]
            result[at, f] = self._from_sums(sums[at, f], f)
        rows, columns = rows[~exact], columns[~exact]
        step = max(1, _TERMS // filters.matrix.shape[1])
        for start in range(0, len(rows), step):
            at, of = rows[start : start + step], columns[start : start + step]
            result[at, of] = self._again(windows(at), of)

    def _from_sums(self, sums: Floats, f: int) -> NDArray[Any]:
        """Round values whose sums are exact: multiples of a power of two."""
        step = Fraction(float(lowest_bits(sums[None])[0]))
        whole = (sums / float(step)).astype(np.int64)
        return self._whole_or_float(
            Quotients.of(
                whole,
                self.filters.exact_gains[f] * step,
                self.filters.exact_biases[f],
                False,
            )
        )

    def _again(self, windows: Floats, of: NDArray[np.intp]) -> NDArray[Any]:
        """Round values of some filters by better sums of their windows, and the rest exactly."""
        filters = self.filters
        terms = windows * filters.matrix[of]
        value = _pairwise(terms) * filters.gains[of] + filters.biases[of]
        magnitude = np.abs(terms).sum(axis=1) + np.abs(filters.biases[of])
        error = error_of_sums(terms.shape[1].bit_length(), magnitude)
        error[np.isinf(filters.error[of])] = np.inf
        result, left = self._between(value, error)
        serves = self._has_exact_products[of[left]]
        once = left[serves]
        if once.size:  # sums that are rounded once to float64 leave little but ties
            biases = filters.biases[of[once]].tolist()
            rows = zip(terms[once].tolist(), biases, strict=True)
            nearest = np.array([math.fsum([*row, bias]) for row, bias in rows])
            result[once], open_ = self._between(nearest, np.abs(nearest) * _ULP)
            left = np.concatenate([left[~serves], once[open_]])
        for f in set(of[left].tolist()):
            at = left[of[left] == f]
            result[at] = self._exactly(windows[at], f)
        return result

    def _between(self, value: Floats, error: Floats) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """Round values, and return where both ends of an error do not agree."""
        depth, rounding = self.depth, self.rounding
        if depth is not Depth.F32:
            error = error + _OF_ROUNDING
        result = round_floats(value + error, depth, rounding)
        return result, np.flatnonzero(round_floats(value - error, depth, rounding) != result)

    @cached_property
    def _has_exact_products(self) -> NDArray[np.bool_]:
        """For each filter, whether float64 holds each tap times its weight, and the bias."""
        filters = self.filters
        if filters.exact.dtype == object:
            return np.zeros(len(filters.matrix), bool)
        short = (filters.matrix == filters.matrix.astype(np.float32)).all(axis=1)
        pairs = zip(filters.biases.tolist(), filters.exact_biases, strict=True)
        found: NDArray[np.bool_] = short & [Fraction(near) == bias for near, bias in pairs]
        return found

    def _exactly(self, windows: Floats, f: int) -> NDArray[Any]:
        """Round values from sums in Python's integers."""
        if f not in self._in_integers:
            self._in_integers[f] = _in_integers(self.filters.exact[f])
        used, whole, unit = self._in_integers[f]
        sums = in_units(windows[:, used].astype(np.float32)) @ whole
        return self._whole_or_float(
            Quotients.of(np.asarray(sums, object), unit / UNIT, self.filters.exact_biases[f], False)
        )

    def _whole_or_float(self, quotients: Quotients) -> NDArray[Any]:
        depth = self.depth
        if depth is Depth.F32:
            return quotients.to_float32()
        whole = quotients.to_whole(self.rounding)
        return np.clip(whole, depth.low - 1, depth.high + 1).astype(np.float64)


def _pairwise(terms: Floats) -> Floats:
    """Sum rows by halves: a row of n by as many roundings in a row as n has bits."""
    width = 1 << terms.shape[1].bit_length()
    sums = np.zeros((len(terms), width))
    sums[:, : terms.shape[1]] = terms
    while width > 1:
        width //= 2
        sums = sums[:, :width] + sums[:, width:]
    found: Floats = sums[:, 0]
    return found


def _in_integers(weights: Weights) -> tuple[NDArray[np.intp], Integers, Fraction]:
    """Return which weights are not 0, and these as whole multiples of a unit."""
    used = np.nonzero(weights)[0]
    if weights.dtype == object:
        exact = [Fraction(weight) for weight in weights[used].tolist()]
        common = math.lcm(*(weight.denominator for weight in exact))
        return used, np.array([int(w * common) for w in exact], object), Fraction(1, common)
    mantissa, exponent = np.frexp(weights[used].astype(np.float64))
    least = int(exponent.min(initial=0))
    whole = np.ldexp(mantissa, 53).astype(np.int64).astype(object)
    shifted: Integers = whole << (exponent - least).astype(object)
    return used, shifted, Fraction(2) ** (least - 53)
