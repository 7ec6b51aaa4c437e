"""The C++ core as an engine: the same bits as the reference, by the cheapest path."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv.engines.base import Correlation, Engine, Filtered, Pixels, largest_sum, padded
from imgconv.engines.core_values import paid_threads
from imgconv.engines.plan import Plan
from imgconv.engines.prepared import Prepared, Preparer
from imgconv.engines.request import Capabilities
from imgconv.model.border import STAND_INS
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth, Rounding
from imgconv.system.threads import run_each

if TYPE_CHECKING:
    from imgconv.engines.native_ranks import NativeRanks
    from imgconv.engines.pointwise import Pointwise
    from imgconv.engines.sets import Sets
    from imgconv.engines.weigher import Weigher

_SUMS_IN_BAND = 1 << 16
_ZERO, _ONE = Fraction(0), Fraction(1)


def load_core() -> ModuleType | None:
    """Return the compiled core, or None where the installation has none."""
    try:
        return import_module("imgconv._native._core")
    except ImportError:
        return None


def choose_isa(core: ModuleType, wanted: str) -> str:
    """Return the instruction set of a name, or the CPU's best for an empty one.

    Raises
    ------
    ArgumentError
        When this CPU does not have it.
    """
    available: list[str] = core.isas()
    if not wanted:
        return available[0]
    if wanted not in available:
        raise ArgumentError(
            f"IMGCONV_ISA is {wanted!r}, which this CPU does not have",
            hint="choose from " + ", ".join(available),
        )
    return wanted


def capabilities_of(core: ModuleType, isa: str) -> Capabilities:
    """Return what an instruction set of the core can do."""
    found = core.capabilities(isa)
    return Capabilities(*(getattr(found, name) for name in Capabilities._fields))


class NativeEngine:
    """Exactly rounded correlation in C++.

    Parameters
    ----------
    core : module
        As `load_core` gives it.
    isa, path : str, optional
        The instruction set, and the path wherever it can be taken; default what ``IMGCONV_ISA``
        and ``IMGCONV_PATH`` name, or else the best.
    bound_factor : float, default 1
        Multiplies every error bound; below 1 results are no longer right. For tests.
    """

    name = "native"

    def __init__(
        self,
        core: ModuleType,
        *,
        isa: str | None = None,
        path: str | None = None,
        bound_factor: float = 1.0,
    ) -> None:
        self._core = core
        self.isa = choose_isa(core, os.environ.get("IMGCONV_ISA", "") if isa is None else isa)
        """The instruction set in use."""
        self._capabilities = capabilities_of(core, self.isa)
        self._borders = {id(border): getattr(core.Border, border.name) for border in STAND_INS}
        self._preparer = Preparer(
            core,
            self.isa,
            self._capabilities,
            path=os.environ.get("IMGCONV_PATH", "") if path is None else path,
            bound_factor=bound_factor,
        )
        self.recomputed = 0
        """Number of values of the last correlation that were recomputed exactly."""

    @property
    def isas(self) -> list[str]:
        """The instruction sets that this CPU has, the best first."""
        return list(self._core.isas())

    def correlate(self, job: Correlation, out: Pixels | None = None) -> Filtered:
        """Compute one correlation (see `imgconv.engines.base.Engine`).

        Parameters
        ----------
        job : Correlation
        out : ndarray, optional
            What to write into; of the right shape and type, its rows contiguous.
        """
        prepared = self._preparer.prepare(job)
        if prepared.correlator is None:
            return self._reference.correlate(job)
        if out is None:
            rows, columns = job.geometry
            out = np.empty((rows.out, columns.out, job.image.shape[2]), job.depth.dtype)
        return self._run(prepared, job, out)

    def _run(self, prepared: Prepared, job: Correlation, out: Pixels) -> Filtered:
        image, _, _, _, _, border, value, (rows, columns), _, _, threads = job
        if threads > 1:
            threads = paid_threads(threads, prepared.plan.cost * out.size)
        run, mode = prepared.correlator.run, self._borders[id(border)]
        counts = run(image, out, rows, columns, mode, value, threads)
        if counts is None:  # its rows have gaps
            whole = np.ascontiguousarray(image, image.dtype.name)
            counts = run(whole, out, rows, columns, mode, value, threads)
        clipped, self.recomputed = counts
        return Filtered(out, clipped)

    def repeated(self, job: Correlation) -> tuple[Callable[[Pixels, int], Pixels] | None, int]:
        """Return what does the same to other images of this shape and type; None if nothing can.

        Returns
        -------
        function or None
            Of an image of shape (rows, columns, channels) and a number of threads.
        int
            Bytes that it keeps.
        """
        prepared = self._preparer.prepare(job)
        if prepared.correlator is None:
            return None, 0
        run, mode, value = prepared.correlator.run, self._borders[id(job.border)], job.border_value
        rows, columns = job.geometry
        shape, dtype = (rows.out, columns.out, job.image.shape[2]), job.depth.dtype
        most = paid_threads(1 << 20, prepared.plan.cost * math.prod(shape))

        def filtered(image: Pixels, threads: int) -> Pixels:
            out = np.empty(shape, dtype)
            if run(image, out, rows, columns, mode, value, min(threads, most)) is None:
                whole = np.ascontiguousarray(image, image.dtype.name)
                run(whole, out, rows, columns, mode, value, min(threads, most))
            return out

        return filtered, prepared.bytes

    def extremes(self, job: Correlation) -> tuple[Fraction, Fraction]:
        """Return the least and the greatest sum (see `imgconv.engines.base.Engine`)."""
        if job.image.dtype == np.float32:
            return self._float_extremes(job)
        sums = self._whole_sums(job)
        if sums is None:
            return self._reference.extremes(job)
        return Fraction(int(sums.min())), Fraction(int(sums.max()))

    def sums(self, job: Correlation) -> Pixels:
        """Return the sums themselves (see `imgconv.engines.base.Engine`)."""
        if job.image.dtype == np.float32:
            return self._float_sums(job)
        sums = self._whole_sums(job)
        if sums is None:
            return self._reference.sums(job)
        return sums.astype(np.int64 if sums.dtype == np.float64 else np.int32)

    def exact_sums(self, job: Correlation, out: Pixels) -> bool:
        """Write the sums of an integer image as floats, none of them rounded.

        Parameters
        ----------
        job : Correlation
            Gain, bias, depth and rounding are ignored.
        out : ndarray
            float32 or float64.

        Returns
        -------
        bool
            Whether they are there: not where they need more bits, or no path yields them.
        """
        prepared = self._sums_of(job, wide=out.dtype == np.float64)
        if prepared is None:
            return False
        self._run(prepared, job, out)
        return True

    def sum_correlator(self, job: Correlation, *, wide: bool) -> Any | None:
        """Return what writes the exact sums of an integer image as floats; None if nothing can."""
        prepared = self._sums_of(job, wide=wide)
        return None if prepared is None else prepared.correlator

    def _sums_of(self, job: Correlation, *, wide: bool) -> Prepared | None:
        if largest_sum(job) >= 1 << (53 if wide else 24):
            return None
        plain = job._replace(gain=_ONE, bias=_ZERO, absolute=False, rounding=Rounding.HALF_EVEN)
        if not wide:
            plain = plain._replace(depth=Depth.F32)
        prepared = self._preparer.prepare(plain, sums=wide)
        return None if prepared.correlator is None else prepared

    def _float_extremes(self, job: Correlation) -> tuple[Fraction, Fraction]:
        """Return the least and the greatest sum of a float32 image.

        They are among those that round to the least and the greatest float32; in a unit of which
        none rounds to infinity.
        """
        from imgconv.engines.float_sums import extremes_of

        size = sum(abs(weight) for row in job.weights for weight in row)
        unit = Fraction(1, 1 << size.bit_length())
        plain = job._replace(gain=unit, bias=_ZERO, absolute=False, depth=Depth.F32)
        ends = extremes_of(job, self.correlate(plain).image)
        return (ends[0], ends[1]) if ends else (_ZERO, _ZERO)

    def _float_sums(self, job: Correlation) -> Pixels:
        """Return the sums of a float32 image in float64, in the order of the reference."""
        rows, columns = job.geometry
        out = np.empty((rows.out, columns.out, job.image.shape[2]))
        weights = [weight for row in job.weights for weight in row]
        if columns.stride > 1 or max(map(abs, weights)) >= 1 << 1000:
            return self._reference.sums(job)
        source = np.ascontiguousarray(padded(job))
        step = max(_SUMS_IN_BAND // (columns.out * job.image.shape[2]), 1)

        def band(start: int) -> None:
            stop = min(start + step, rows.out)
            first = start * rows.stride
            last = first + (stop - start - 1) * rows.stride + (rows.taps - 1) * rows.dilation + 1
            self.pointwise.ordered_sums(
                job.weights,
                source[first:last],
                (rows.stride, rows.dilation, columns.dilation),
                out[start:stop],
            )

        run_each(band, range(0, rows.out, step), job.threads)
        return out

    @cached_property
    def ranks(self) -> NativeRanks:
        """The core's order statistics; like all below seldom needed, so imported late."""
        from imgconv.engines.native_ranks import NativeRanks

        return NativeRanks(self._core, self.isa)

    @cached_property
    def pointwise(self) -> Pointwise:
        """The core's work on values one by one."""
        from imgconv.engines.pointwise import Pointwise

        return Pointwise(self._core, self.isa)

    @cached_property
    def weigher(self) -> Weigher:
        """The core's weighted means."""
        from imgconv.engines.weigher import Weigher

        return Weigher(
            self._core, self.isa, self._capabilities, self._borders, self._preparer.prepare
        )

    @cached_property
    def sets(self) -> Sets:
        """The core's sets of kernels."""
        from imgconv.engines.sets import Sets

        return Sets(self._core, self.isa, self._borders)

    def plan(self, job: Correlation) -> Plan:
        """Return how a correlation would be computed."""
        return self._preparer.prepare(job).plan

    @cached_property
    def _reference(self) -> Engine:
        """Engine for what the core cannot do; rarely needed, so imported late."""
        from imgconv.engines.reference import ReferenceEngine

        return ReferenceEngine()

    def _whole_sums(self, job: Correlation) -> Pixels | None:
        """Return the sums of an integer image in a type that holds them, or None."""
        if job.image.dtype == np.float32:
            return None
        largest = largest_sum(job)
        if largest >= 1 << 24:
            out = np.empty((*job.geometry.out_shape, job.image.shape[2]))
            return out if self.exact_sums(job, out) else None
        depth = Depth.I16 if largest < 1 << 15 else Depth.F32
        plain = job._replace(gain=Fraction(1), bias=Fraction(0), absolute=False, depth=depth)
        return self.correlate(plain).image
