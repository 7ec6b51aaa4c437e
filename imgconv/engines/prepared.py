"""Kernels made ready for the core: a plan, what it needs, and those of earlier calls."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

from imgconv.engines.base import Correlation
from imgconv.engines.core_values import factors_of, halves, plan_for_core, rounded_size
from imgconv.engines.kernel_facts import KernelFacts
from imgconv.engines.plan import (
    PATHS,
    Algorithm,
    Plan,
    SumKind,
    candidates,
    is_exact,
    make_plan,
)
from imgconv.engines.request import Capabilities, Request
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth

_RELATIVE_BOUND = 8 * 2.0**-53  # gain, its product, the bias, their sum and the interval's ends
_BY_PRODUCTS = ("fma64", "separable")
_KEPT = 64
_MOST_KEPT_BYTES = 64 << 20


class Prepared(NamedTuple):
    """A kernel ready for the core; `weights` keeps alive what the cache is keyed by."""

    plan: Plan
    correlator: Any
    weights: object

    @property
    def bytes(self) -> int:
        """Estimate of the memory that it holds."""
        return 0 if self.correlator is None else int(self.correlator.bytes)


class Preparer:
    """Makes kernels ready for an instruction set of the core, and keeps the last of them.

    Parameters
    ----------
    core : module
    isa : str
        The instruction set.
    capabilities : Capabilities
        What it can do.
    path : str
        The path wherever it can be taken; empty for the planner's choice.
    bound_factor : float
        Multiplies every error bound.

    Raises
    ------
    ArgumentError
        For a path that there is not.
    """

    def __init__(
        self,
        core: ModuleType,
        isa: str,
        capabilities: Capabilities,
        *,
        path: str,
        bound_factor: float,
    ) -> None:
        if path and path not in PATHS:
            raise ArgumentError(
                f"IMGCONV_PATH is {path!r}, which is not a path",
                hint="choose from " + ", ".join(PATHS),
            )
        self._core = core
        self._isa = isa
        self._capabilities = capabilities
        self._path = path
        self._bound_factor = bound_factor
        self._prepared: dict[tuple[object, ...], Prepared] = {}
        self._kept_bytes = 0
        self._last: tuple[object, tuple[object, ...], Prepared] | None = None

    def prepare(self, job: Correlation, *, sums: bool = False) -> Prepared:
        """Return what computes a correlation, new or kept.

        Parameters
        ----------
        job : Correlation
        sums : bool, default False
            Whether its exact sums are wanted, in float64.
        """
        # Unpacked at once, and what there is one of by its id: a small image takes no longer.
        image, weights, gain, bias, absolute, _, _, geometry, depth, rounding, _ = job
        seen = (gain, bias, absolute, geometry, depth, rounding, image.dtype, image.shape[2], sums)
        last = self._last
        if last is not None and weights is last[0] and seen == last[1]:
            return last[2]
        rows, columns = geometry
        key = (
            id(weights),
            gain.numerator,
            gain.denominator,
            bias.numerator,
            bias.denominator,
            absolute,
            id(depth),
            id(rounding),
            image.dtype.char,
            image.shape[2],
            rows[4:],
            columns[4:],
            rows.out.bit_length(),
            columns.out.bit_length(),
            sums,
        )
        found = self._prepared.get(key)
        if found is None:
            new = self._new(job, sums=sums)
            self._kept_bytes += new.bytes
            if len(self._prepared) >= _KEPT or self._kept_bytes > _MOST_KEPT_BYTES:
                self._prepared.clear()
                self._kept_bytes = new.bytes
            found = self._prepared[key] = new
        self._last = weights, seen, found  # at once: other threads may look
        return found

    def _new(self, job: Correlation, *, sums: bool) -> Prepared:
        rows, columns = job.geometry.rows, job.geometry.columns
        facts = KernelFacts(job.weights, job.gain, job.bias)
        request = Request(
            depth_in=Depth.of(job.image.dtype),
            depth_out=None if sums else job.depth,
            absolute=job.absolute,
            channels=job.image.shape[2],
            stride=(job.geometry.rows.stride, job.geometry.columns.stride),
            dilation=(job.geometry.rows.dilation, job.geometry.columns.dilation),
            size=rounded_size(rows.out, columns.out),
            capabilities=self._capabilities,
        )
        for proved in (True, False):
            plan = self._chosen(facts, request, proved=proved)
            if plan.path == "reference" or (sums and not is_exact(plan)):
                return Prepared(plan, None, job.weights)
            correlator = self._correlator(facts, request, plan, job)
            whole = plan.sum_kind is SumKind.INTEGER and plan.algorithm is not Algorithm.EXACT
            if not whole or correlator.is_proved:
                break
        return Prepared(plan, correlator, job.weights)

    def _chosen(self, facts: KernelFacts, request: Request, *, proved: bool) -> Plan:
        """Return the planner's choice, or the path that is asked for where it can be taken."""
        if self._path == "reference":
            return Plan("reference")
        if self._path:
            able = candidates(facts, request, proved=proved)
            if request.depth_out is None:
                able = filter(is_exact, able)
            named = [plan for plan in able if plan.path == self._path]
            if named:
                return min(named, key=lambda plan: plan.cost)
        return make_plan(facts, request, proved=proved)

    def _correlator(
        self, facts: KernelFacts, request: Request, plan: Plan, job: Correlation
    ) -> Any:
        column, row = factors_of(facts, plan)
        floats = request.depth_in is request.depth_out is Depth.F32 and plan.bound
        steps, total = _RELATIVE_BOUND if floats else 0.0, float(facts.positive + facts.negative)
        core_plan = plan_for_core(self._core, plan)
        core_plan.bound = (plan.bound + steps * facts.scale * total) * self._bound_factor
        core_plan.bound_fixed += steps * abs(float(facts.bias))
        core_plan.bound_fixed *= self._bound_factor
        core_plan.relative_bound = _RELATIVE_BOUND * self._bound_factor
        if floats and facts.negative == 0 <= facts.bias and plan.path in _BY_PRODUCTS:
            # All products have one sign, so that a sum's error is a part of the sum.
            core_plan.value_bound = 1.01 * core_plan.bound / (facts.scale * total)
        return self._core.prepare(
            weights=halves([weight for line in facts.weights for weight in line]),
            columns=facts.shape[1],
            factor=halves([facts.factor])[0].tolist(),
            added=halves([facts.added])[0].tolist(),
            denominator=halves([facts.denominator])[0].tolist(),
            absolute=job.absolute,
            type_in=getattr(self._core.Type, request.depth_in.name),
            type_out=getattr(
                self._core.Type, request.depth_out.name if request.depth_out else "F64"
            ),
            rounding=getattr(self._core.Rounding, job.rounding.name),
            plan=core_plan,
            column=column,
            row=row,
            isa=self._isa,
        )
