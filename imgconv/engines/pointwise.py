"""What the core does to values one by one: weights and colours, means, the values of sets."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from imgconv.engines.base import Pixels
from imgconv.model.border import Border
from imgconv.model.output import Depth, Rounding

Affinity = tuple[float, float, float]
"""Factor, what is added, and divisor: ``(factor * x + added) / divisor``."""


class Target(NamedTuple):
    """How values become pixels.

    Attributes
    ----------
    depth : Depth
    rounding : Rounding
    absolute : bool
        Whether the absolute value is taken first.
    """

    depth: Depth
    rounding: Rounding
    absolute: bool


class Mean(NamedTuple):
    """How sums of weighed colours become means; without doubt all numbers are whole and exact.

    Attributes
    ----------
    colour : Affinity
        ``(factor * above + added * below) / (divisor * below)`` is the colour.
    straight : Affinity
        Of the plain sum of a colour, where `below` has not the sign.
    share : Affinity
        Of `below`, for the last channel.
    sign : int
        1 or -1: that of `below` where a pixel can be seen.
    unit : int
        Sums of weighed colours are ``high * unit + low``.
    doubt : float
        By which part of them, and of 1, colours may be off; 0 where they are exact.
    """

    colour: Affinity
    straight: Affinity
    share: Affinity
    sign: int
    unit: int
    doubt: float


class MeanSums(NamedTuple):
    """Sums of a band, of one type; None stands for what was not computed."""

    low: Pixels | None
    high: Pixels | None = None
    straight: Pixels | None = None


class MeanCounts(NamedTuple):
    """What `Pointwise.means` did not write.

    Attributes
    ----------
    clipped : int
        How many colours were clamped.
    open : ndarray of int64
        Places of the colours that the doubt leaves undecided, of the values in their order.
    first, last : int
        The first column where a pixel is not seen and the one after the last; 0 where there is
        none.
    """

    clipped: int
    open: Pixels
    first: int
    last: int


class Beginnings(NamedTuple):
    """Where levels begin, in equal cells of which none has more than one beginning.

    Attributes
    ----------
    base : ndarray of uint16
        The level at the start of each cell.
    edge : ndarray of float64
        From where in a cell the level is one more; infinity where nowhere.
    near : ndarray of float32
        The least floats that are not below the edges, a unit of these being light of 1.
    most : float
        The start of the last cell, which is light of 1.
    """

    base: Pixels
    edge: Pixels
    near: Pixels
    most: float


class LocalThresholds(NamedTuple):
    """How the neighbourhood of a pixel gives its threshold.

    Attributes
    ----------
    method : {"NIBLACK", "SAUVOLA", "MEAN", "GAUSSIAN"}
    window : int
        Rows and columns; of a Gaussian the number of its weights.
    border : Border
    white : int
    k, half_range : float
        Of Niblack's and Sauvola's thresholds.
    offset : float
        Taken from the others.
    weights : list of float
        Of the Gaussian.
    """

    method: str
    window: int
    border: Border
    white: int
    k: float = 0.0
    half_range: float = 1.0
    offset: float = 0.0
    weights: Sequence[float] = ()


class Pointwise:
    """The core's work on values one by one, in one instruction set.

    Parameters
    ----------
    core : module
        As `imgconv.engines.native.load_core` gives it.
    isa : str
    """

    def __init__(self, core: ModuleType, isa: str) -> None:
        self._core = core
        self._isa = isa

    def weight_bits(self, image: Pixels) -> tuple[int, int]:
        """Return the bits that the last channel of all pixels has, and that of any."""
        all_bits, any_bits = self._core.weight_bits(self._isa, self._type(image), image)
        return int(all_bits), int(any_bits)

    def weigh(self, image: Pixels, low: Pixels, high: Pixels | None) -> None:
        """Multiply colours by the last channel, which stays.

        Parameters
        ----------
        image : ndarray, shape (rows, columns, 2 or 4)
            uint8, uint16 or float32.
        low, high : ndarray
            Become the product: uint16 and None for bytes, else arrays of the image's type, with
            ``high * 65536 + low`` or, for floats, ``high + low``.
        """
        self._core.weigh(self._isa, self._type(image), image, low, high)

    def premultiply(self, image: Pixels) -> Pixels:
        """Return colours times the last channel, which becomes 0.

        Parameters
        ----------
        image : ndarray, shape (rows, columns, 2 or 4)
            Without gaps.

        Returns
        -------
        ndarray
            Of uint8: uint16, the products. Of others: the image's type, ``colour * alpha / white``
            rounded (floats have no white); signed alphas below 0 count as 0.
        """
        out = np.empty(image.shape, np.uint16 if image.dtype == np.uint8 else image.dtype)
        self._core.premultiply(self._isa, self._type(image), image, out)
        return out

    def means(self, mean: Mean, sums: MeanSums, target: Target, out: Pixels) -> MeanCounts:
        """Write means of an integer type.

        Without straight sums, stretches that have a pixel that is not seen are left out; a second
        call, with them, writes those alone.
        """
        wide = next(array for array in sums if array is not None).dtype.itemsize == 8
        clipped, places, first, last = self._core.means(
            self._isa,
            *mean[:3],
            float(mean.sign),
            float(mean.unit),
            mean.doubt,
            target.absolute,
            getattr(self._core.Rounding, target.rounding.name),
            self._type(out),
            *sums,
            wide,
            out,
        )
        return MeanCounts(clipped, np.frombuffer(places, np.int64), first, last)

    def ordered_sums(
        self,
        weights: Sequence[Sequence[int]],
        image: Pixels,
        steps: tuple[int, int, int],
        out: Pixels,
    ) -> None:
        """Write sums of a float32 image in float64, each product rounded and added in order.

        Parameters
        ----------
        weights : sequence of sequences of int
        image : ndarray
            With its border around it.
        steps : (int, int, int)
            Stride of rows, dilation of rows and of columns; columns have a stride of 1.
        out : ndarray of float64
        """
        reals = [[float(weight) for weight in row] for row in weights]
        self._core.ordered_sums(self._isa, reals, image, *steps, out)

    def layer_sums(
        self, windows: Pixels, steps: tuple[int, int], weights: Pixels, out: Pixels
    ) -> None:
        """Write sums of windows times filters in float64.

        Parameters
        ----------
        windows : ndarray, shape (rows, columns, tap planes, tap rows, tap columns, channels)
            A view; the channels of a pixel must be neighbours.
        steps : (int, int)
            Stride and dilation of columns.
        weights : ndarray of float64, shape (taps, filters and zeros up to a multiple of 8)
        out : ndarray of float64, shape (rows * columns, filters)
        """
        kind = self._type(windows)
        self._core.layer_sums(self._isa, kind, windows, *steps, weights, out.shape[1], out)

    def settle(
        self, finish: tuple[Pixels, Pixels, Pixels, Pixels], sums: Pixels
    ) -> tuple[Pixels, Pixels]:
        """Round sums of filters to float32.

        Parameters
        ----------
        finish : (gains, added, fixed, relative) of ndarray of float64
            Values are ``sum * gain + added``, off by at most ``fixed + relative * (abs(sum * gain)
            + abs(added))``.
        sums : ndarray of float64, shape (n, filters)

        Returns
        -------
        (ndarray of float32, ndarray of int32)
            The values, and the flat places of those that may be rounded the other way.
        """
        values = np.empty(sums.shape, np.float32)
        doubts = np.empty(sums.shape, np.int32)
        found = self._core.settle(self._isa, *finish, sums, values, doubts)
        return values, doubts.reshape(-1)[:found]

    def encode(self, levels: Beginnings, light: Pixels, out: Pixels) -> int:
        """Write the levels of float32 light between 0 and 1; return how much lies outside."""
        clipped = self._core.encode(self._isa, *levels, light, self._type(out), out)
        return int(clipped)

    def encode_mean(
        self, levels: Beginnings, table: Pixels, weights: Sequence[int], image: Pixels, out: Pixels
    ) -> None:
        """Write the levels of weighted means of light.

        Parameters
        ----------
        levels : Beginnings
        table : ndarray of int64
            The light of each level, in the unit of `levels`.
        weights : sequence of int
            Three.
        image : ndarray, shape (rows, columns, 3)
            uint8 or uint16.
        out : ndarray
        """
        total = sum(weights)
        kind = self._type(image)
        self._core.encode_mean(self._isa, *levels, table, weights, total, kind, image, out)

    def above_local(self, image: Pixels, job: LocalThresholds, threads: int) -> Pixels:
        """Return white where a gray image of uint8 or uint16 is above its windows' thresholds."""
        out = np.empty_like(image)
        self._core.above_local(
            self._isa,
            getattr(self._core.Local, job.method),
            job.window,
            (job.k, job.half_range, job.offset, float(job.white)),
            job.weights,
            getattr(self._core.Border, job.border.name),
            self._type(image),
            image,
            threads,
            out,
        )
        return out

    def _type(self, image: Pixels) -> Any:
        return getattr(self._core.Type, Depth.of(image.dtype).name)
