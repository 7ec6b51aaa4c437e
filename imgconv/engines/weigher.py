"""Weighted means of images by the core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from imgconv.engines.base import Correlation, Filtered
from imgconv.engines.core_values import halves, paid_threads, plan_for_core, rounded_size
from imgconv.engines.means import MeanPlan, Quotient, plan_means
from imgconv.engines.plan import Algorithm
from imgconv.engines.prepared import Prepared
from imgconv.engines.request import Capabilities, Request
from imgconv.model.output import Depth

_KEPT = 16
_SLOW_TO_BEGIN = {Algorithm.FFT, Algorithm.RUNNING, Algorithm.EXACT}


class _Prepared(NamedTuple):
    """A plan ready for the core; `weights` keeps alive what the cache is keyed by.

    `plain` filters parts of the image whose pixels all have full weight, or none.
    """

    mean: MeanPlan | None
    correlator: Any
    weights: object
    plain: Any = None


class Weigher:
    """Means of colours that are weighed by the last channel.

    Parameters
    ----------
    core : module
        As `imgconv.engines.native.load_core` gives it.
    isa : str
    capabilities : Capabilities
    borders : mapping
        The core's borders by the id of the model's.
    plain : callable
        Plans a correlation, and gets it ready for the core if that can do it.
    """

    def __init__(
        self,
        core: ModuleType,
        isa: str,
        capabilities: Capabilities,
        borders: Mapping[int, Any],
        plain: Callable[[Correlation], Prepared],
    ) -> None:
        self._core = core
        self._isa = isa
        self._capabilities = capabilities
        self._borders = borders
        self._plain = plain
        self._prepared: dict[tuple[object, ...], _Prepared] = {}
        self.recomputed = 0
        """Number of values of the last image that were computed again exactly."""

    def cost(self, job: Correlation, quotient: Quotient) -> float | None:
        """Return an estimate in nanoseconds per output value; None where the core cannot."""
        mean = self._prepare(job, quotient).mean
        return None if mean is None else mean.plan.cost

    def means(self, job: Correlation, quotient: Quotient) -> Filtered:
        """Return weighted means of an image that `cost` has a number for.

        Parameters
        ----------
        job : Correlation
            Of all channels, the last being the weight.
        quotient : Quotient
        """
        mean, correlator, _, plain = self._prepare(job, quotient)
        if mean is None:
            raise ValueError("the core has no means of this image")
        rows, columns = job.geometry
        out = np.empty((rows.out, columns.out, job.image.shape[2]), job.depth.dtype)
        threads = paid_threads(job.threads, mean.plan.cost * out.size) if job.threads > 1 else 1
        image, run, border = job.image, correlator.run, self._borders[id(job.border)]
        counts = run(image, out, rows, columns, border, job.border_value, threads, plain)
        if counts is None:  # its rows have gaps
            image = np.ascontiguousarray(image)
            counts = run(image, out, rows, columns, border, job.border_value, threads, plain)
        clipped, self.recomputed = counts
        return Filtered(out, clipped)

    def _prepare(self, job: Correlation, quotient: Quotient) -> _Prepared:
        rows, columns = job.geometry
        size = rounded_size(rows.out, columns.out)
        kind, channels = job.image.dtype.char, job.image.shape[2]
        steps = rows[4:], columns[4:]
        key = (id(job.weights), quotient, job.absolute, job.depth, job.rounding, kind, channels,
               steps, size)  # fmt: skip
        found = self._prepared.get(key)
        if found is None:
            if len(self._prepared) >= _KEPT:
                self._prepared.clear()
            found = self._prepared[key] = self._new(job, quotient, size)
        return found

    def _new(self, job: Correlation, quotient: Quotient, size: tuple[int, int]) -> _Prepared:
        rows, columns = job.geometry
        request = Request(
            depth_in=Depth.of(job.image.dtype),
            depth_out=job.depth,
            absolute=job.absolute,
            channels=job.image.shape[2],
            stride=(rows.stride, columns.stride),
            dilation=(rows.dilation, columns.dilation),
            size=size,
            capabilities=self._capabilities,
        )
        mean = plan_means(job, quotient, request)
        if mean is None:
            return _Prepared(None, None, job.weights)
        core = self._core
        correlator = core.prepare(
            weights=halves([weight for line in job.weights for weight in line]),
            columns=len(job.weights[0]),
            factor=(1, 0),
            added=(0, 0),
            denominator=(1, 0),
            absolute=job.absolute,
            type_in=getattr(core.Type, request.depth_in.name),
            type_out=getattr(core.Type, job.depth.name),
            rounding=getattr(core.Rounding, job.rounding.name),
            plan=plan_for_core(core, mean.plan),
            column=mean.column,
            row=mean.row,
            isa=self._isa,
            quotients=halves(mean.quotients),
            weighing=mean.numbers,
        )
        return _Prepared(mean, correlator, job.weights, self._plain_of(job, quotient))

    def _plain_of(self, job: Correlation, quotient: Quotient) -> Any | None:
        """Return what filters colours of even weight, where parts of an image are worth it."""
        if job.image.dtype == np.float32:
            return None  # the definition rounds on its way there
        total = sum(map(sum, job.weights))
        even = job._replace(gain=quotient.gain / total, bias=quotient.bias)
        found = self._plain(even)
        return None if found.plan.algorithm in _SLOW_TO_BEGIN else found.correlator
