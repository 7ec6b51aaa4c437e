"""Two pictures compared, and many comparisons at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from numpy.typing import NDArray

from imgconv.jobs.golden.result import CaseFinding, CaseResult, Status
from imgconv.model.output import Depth
from imgconv.model.tolerance import ToleranceSpec
from imgconv.ops.compare.difference import judge
from imgconv.system.cpus import usable_cpus

Image = NDArray[Any]
_Item = TypeVar("_Item")
_T = TypeVar("_T")


def compare_pictures(
    name: str,
    expected: Image,
    actual: Image,
    tolerance: ToleranceSpec,
    counted: Callable[[tuple[int, ...]], Any] = lambda _: None,
    subject: str = "the new picture",
) -> CaseFinding:
    """Compare a picture against another, pixel by pixel.

    Parameters
    ----------
    name, tolerance, counted
        As for `check_picture`.
    expected, actual : ndarray
    subject : str, optional
        What `actual` is called in words.
    """
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return CaseFinding(_of_another_kind(name, expected, actual, subject), expected, actual)
    counts = counted(actual.shape)
    change = judge(expected, actual, tolerance.of(Depth.of(actual.dtype)), counts)
    if not change.broken:
        return CaseFinding(
            CaseResult(name=name, status=Status.PASSED, change=change), expected, actual
        )
    from imgconv.ops.compare.change_diagnosis import diagnose_change

    result = CaseResult(
        name=name,
        status=Status.FAILED,
        reasons=change.broken,
        change=change,
        causes=tuple(diagnose_change(expected, _with(expected, actual, counts))),
        exit_code=1,
    )
    return CaseFinding(result, expected, actual)


def _of_another_kind(name: str, expected: Image, actual: Image, subject: str) -> CaseResult:
    """Return the result for two pictures of different sizes or types."""
    from imgconv.ops.compare.change_diagnosis import describe_kind, diagnose_change
    from imgconv.ops.compare.placement import describe_placement, place

    placement = place(expected, actual)
    reasons = [f"{describe_kind(expected)} became {describe_kind(actual)}"]
    if placement is not None:
        reasons.append(describe_placement(placement, subject))
    return CaseResult(
        name=name,
        status=Status.FAILED,
        reasons=tuple(reasons),
        placement=placement,
        causes=tuple(diagnose_change(expected, actual)),
        exit_code=1,
    )


def _with(expected: Image, actual: Image, counted: Any) -> Image:
    """Return the new picture with the expected pixels where they do not count."""
    if counted is None:
        return actual
    merged = expected.copy()
    merged[counted] = actual[counted]
    return merged


def in_parallel(
    work: Callable[[_Item, int | None], _T], cases: Sequence[_Item], jobs: int | None
) -> list[_T]:
    """Do something with each case or pair, several at a time, and give the answers in order.

    Threads do: decoding, filtering and hashing release the interpreter.
    """
    workers = min(jobs or usable_cpus(), len(cases))
    if workers <= 1:
        return [work(case, None) for case in cases]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(work, case, 1) for case in cases]
        try:
            return [future.result() for future in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
