"""Sets of kernels by the core: a few rows of its members' sums at a time, and what they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from imgconv.engines.base import Correlation, Pixels
from imgconv.engines.core_values import paid_threads
from imgconv.engines.pointwise import Affinity, Target
from imgconv.model.output import Depth

_NS_FOR_VALUE = 1.0
"""What a member's sum takes, roughly."""


class SetPlan(NamedTuple):
    """What the core does with the sums of a set's members.

    Attributes
    ----------
    how : str
        As the core names it: ROOT, SUM_ABS, MAX, MAX_ABS, WINNER or WINNER_ABS.
    factors : tuple of float
        Of the members.
    value : Affinity
        Applied to what comes out; a float32 output has no divisor.
    wide : bool
        Whether sums and values need float64.
    proof : str, default "ALL"
        Which steps round right, as the core names it: ALL, those IN_DOUBLE, or NONE where a value
        is near a half; these are open.
    """

    how: str
    factors: tuple[float, ...]
    value: Affinity
    wide: bool
    proof: str = "ALL"


class OpenValues(NamedTuple):
    """Values that may be rounded the other way.

    Attributes
    ----------
    places : ndarray of int, shape (values,)
        As if the image had one axis.
    sums : ndarray of float64, shape (members, values)
    """

    places: Pixels
    sums: Pixels


class Sets:
    """Values of sets.

    Parameters
    ----------
    core : module
        As `imgconv.engines.native.load_core` gives it.
    isa : str
    borders : mapping
        The core's borders by the id of the model's.

    Notes
    -----
    Members are correlations that are alike but for weights and windows, each with the correlator
    of its exact sums, or None for the sums of floats in the order of the definition.
    """

    def __init__(self, core: ModuleType, isa: str, borders: Mapping[int, Any]) -> None:
        self._core = core
        self._isa = isa
        self._borders = borders

    def combine(
        self, jobs: Sequence[Correlation], sums: Sequence[Any], plan: SetPlan, target: Target
    ) -> tuple[Pixels, int, OpenValues | None]:
        """Return the values of a set, how many were clamped, and those that are open, which are 0.

        There are none of the last where they are many.
        """
        out = _output_of(jobs[0])
        clipped, found = self._core.run_set(
            self._isa,
            _members(jobs, sums),
            plan.factors,
            getattr(self._core.Combine, plan.how),
            plan.value,
            getattr(self._core.Proof, plan.proof),
            target.absolute,
            getattr(self._core.Rounding, target.rounding.name),
            getattr(self._core.Type, target.depth.name),
            None in sums,
            plan.wide,
            *self._picture(jobs),
            out,
        )
        return out, int(clipped), _open_values(found, len(jobs))

    def directions(
        self,
        jobs: Sequence[Correlation],
        sums: Sequence[Any],
        moments: tuple[float, float, float, float],
    ) -> tuple[Pixels, OpenValues] | None:
        """Return directions of a pair's gradient, and those that are open; None if many are.

        Parameters
        ----------
        jobs, sums
            Of two members.
        moments : (float, float, float, float)
            The gradient is ``a * m[0] - b * m[1]`` along x, ``b * m[2] - a * m[3]`` along y.
        """
        out = _output_of(jobs[0])
        depth = jobs[0].depth
        turn = (360, 0) if depth is Depth.F32 else (depth.high + 1 - depth.low, depth.low)
        found = self._core.run_directions(
            self._isa,
            _members(jobs, sums),
            moments,
            *map(float, turn),
            getattr(self._core.Type, depth.name),
            *self._picture(jobs),
            out,
        )
        open_ones = _open_values(found, 2)
        return None if open_ones is None else (out, open_ones)

    def _picture(self, jobs: Sequence[Correlation]) -> tuple[Any, ...]:
        job = jobs[0]
        image = np.ascontiguousarray(job.image, job.image.dtype.name)
        rows, columns = job.geometry.out_shape
        work = _NS_FOR_VALUE * len(jobs) * rows * columns * image.shape[2]
        threads = paid_threads(job.threads, work)
        return image, self._borders[id(job.border)], job.border_value, threads


def _open_values(found: Any, members: int) -> OpenValues | None:
    if found is None:
        return None
    places, sums = found
    return OpenValues(np.array(places, np.intp), np.array(sums, np.float64).reshape(-1, members).T)


def _members(jobs: Sequence[Correlation], sums: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [
        (correlator, _reals(job) if correlator is None else [], *job.geometry)
        for job, correlator in zip(jobs, sums, strict=True)
    ]


def _reals(job: Correlation) -> list[float]:
    return [float(weight) for row in job.weights for weight in row]


def _output_of(job: Correlation) -> Pixels:
    shape = *job.geometry.out_shape, job.image.shape[2]
    return np.empty(shape, job.depth.dtype)
