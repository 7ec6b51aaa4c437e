"""Compare what the cases of a golden set yield against their goldens; nothing is written there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from imgconv.engines.cpus import usable_cpus
from imgconv.io.images import image_files
from imgconv.jobs.golden.case import Case
from imgconv.jobs.golden.environment import environment_changes
from imgconv.jobs.golden.result import CaseFinding, CaseReport, CaseResult, Status
from imgconv.jobs.golden.store import GoldenStore, pixel_hash
from imgconv.jobs.golden.suite import FILE_NAME, Suite, read_suite
from imgconv.jobs.golden.text_report import NO_GOLDEN
from imgconv.model.errors import (
    ArgumentError,
    GoldenDamagedError,
    GoldenMissingError,
    ImgconvError,
)
from imgconv.model.output import Depth
from imgconv.model.tolerance import ToleranceSpec
from imgconv.ops.compare.change_diagnosis import describe_kind, diagnose_change
from imgconv.ops.compare.difference import judge
from imgconv.ops.compare.placement import describe_placement, place

Image = NDArray[Any]
Watcher = Callable[[CaseFinding], None]
_Item = TypeVar("_Item")
_T = TypeVar("_T")


def check_goldens(
    config: str | Path = FILE_NAME,
    names: Sequence[str] = (),
    *,
    allow_commands: bool = False,
    jobs: int | None = None,
    watch: Watcher | None = None,
) -> CaseReport:
    """Check a golden set.

    Parameters
    ----------
    config : path, default "golden.yaml"
    names : sequence of str
        Of cases, or patterns; then goldens without a case are not looked for.
    allow_commands : bool, default False
        Whether cases may run commands.
    jobs : int, optional
        How many cases are checked at a time; default the CPUs of this process.
    watch : callable, optional
        Is given every `CaseFinding`, with its pictures, in the thread that made it.

    Raises
    ------
    RecipeError
        When the set's file is wrong.
    GoldenMissingError
        When it has no cases, or none of such a name.
    ArgumentError
        When a case runs a command, and commands are not allowed.
    """
    suite = read_suite(Path(config))
    cases = suite.select(names)
    allow(cases, allow_commands)

    def look(case: Case, threads: int | None) -> CaseResult:
        finding = check_case(case, suite.store, threads)
        if watch is not None:
            watch(finding)
        return finding.result

    results = in_parallel(look, cases, jobs)
    if not names:
        results += _unused(suite)
    return CaseReport(suite.file, tuple(results))


def allow(cases: Sequence[Case], commands: bool) -> None:
    """Check that no case runs a command, unless commands are allowed.

    Raises
    ------
    ArgumentError
    """
    running = [case.name for case in cases if case.command]
    if running and not commands:
        raise ArgumentError(
            f"{running[0]}: this case runs a command, and commands are not allowed",
            hint="--allow-commands, if you trust golden.yaml",
        )


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


def _unused(suite: Suite) -> list[CaseResult]:
    return [
        CaseResult(
            name=name,
            status=Status.UNUSED,
            reasons=("no case uses this golden (imgconv golden accept --all --prune deletes it)",),
            exit_code=GoldenMissingError.exit_code,
        )
        for name in suite.unused()
    ]


def check_case(case: Case, store: GoldenStore, threads: int | None = None) -> CaseFinding:
    """Make a case's picture and hold it against its golden; an error is a result too."""
    started = time.perf_counter()
    try:
        finding = compare_case(case, store, threads)
    except ImgconvError as error:
        finding = CaseFinding(
            CaseResult(
                name=case.name,
                status=Status.FAILED,
                reasons=(str(error), *([error.hint] if error.hint else [])),
                exit_code=error.exit_code,
            )
        )
    seconds = time.perf_counter() - started
    return finding._replace(result=replace(finding.result, line=case.line, seconds=seconds))


def compare_case(case: Case, store: GoldenStore, threads: int | None = None) -> CaseFinding:
    """Make a case's picture and hold it against its golden.

    Raises
    ------
    ImgconvError
        When the picture cannot be made.
    """
    actual = case.picture(threads)
    if case.expected is None:
        return check_picture(case.name, actual, store, case.tolerance, case.counted)
    if not case.expected.is_file():
        return _missing(case.name, actual, f"{case.expected}: no such file")
    expected = image_files.read_image(case.expected)
    return compare_pictures(case.name, expected, actual, case.tolerance, case.counted)


def check_picture(
    name: str,
    actual: Image,
    store: GoldenStore,
    tolerance: ToleranceSpec,
    counted: Callable[[tuple[int, ...]], Any] = lambda _: None,
) -> CaseFinding:
    """Compare a picture against a golden: by hash, and where that differs, pixel by pixel.

    Parameters
    ----------
    name : str
    actual : ndarray
    store : GoldenStore
    tolerance : ToleranceSpec
    counted : callable, optional
        Gives for a shape the pixels that count, or None for all.
    """
    try:
        record = store.load(name)
        if pixel_hash(actual) == record.pixels:
            store.verify(name, record)
            return CaseFinding(CaseResult(name=name, status=Status.PASSED))
        expected = store.picture(name, record)
    except GoldenMissingError:
        return _missing(name, actual, NO_GOLDEN)
    except GoldenDamagedError as error:
        hint = (error.hint,) if error.hint else ()
        return CaseFinding(
            CaseResult(name=name, status=Status.FAILED, reasons=(str(error), *hint), exit_code=1),
            None,
            actual,
        )
    changes = tuple(environment_changes(record.environment))
    if expected is None:
        reason = "the pixels are not those recorded; with the hash alone nothing can say where"
        return CaseFinding(
            CaseResult(name=name, status=Status.FAILED, reasons=(reason,), environment=changes,
                   exit_code=1),
            None,
            actual,
        )  # fmt: skip
    finding = compare_pictures(name, expected, actual, tolerance, counted)
    return finding._replace(result=replace(finding.result, environment=changes))


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
        placement = place(expected, actual)
        reasons = [f"{describe_kind(expected)} became {describe_kind(actual)}"]
        if placement is not None:
            reasons.append(describe_placement(placement, subject))
        result = CaseResult(
            name=name,
            status=Status.FAILED,
            reasons=tuple(reasons),
            placement=placement,
            causes=tuple(diagnose_change(expected, actual)),
            exit_code=1,
        )
        return CaseFinding(result, expected, actual)
    counts = counted(actual.shape)
    change = judge(expected, actual, tolerance.of(Depth.of(actual.dtype)), counts)
    if not change.broken:
        return CaseFinding(
            CaseResult(name=name, status=Status.PASSED, change=change), expected, actual
        )
    result = CaseResult(
        name=name,
        status=Status.FAILED,
        reasons=change.broken,
        change=change,
        causes=tuple(diagnose_change(expected, _with(expected, actual, counts))),
        exit_code=1,
    )
    return CaseFinding(result, expected, actual)


def _with(expected: Image, actual: Image, counted: Any) -> Image:
    """Return the new picture with the expected pixels where they do not count."""
    if counted is None:
        return actual
    merged = expected.copy()
    merged[counted] = actual[counted]
    return merged


def _missing(name: str, actual: Image, reason: str) -> CaseFinding:
    result = CaseResult(
        name=name,
        status=Status.MISSING,
        reasons=(reason,),
        exit_code=GoldenMissingError.exit_code,
    )
    return CaseFinding(result, None, actual)
