"""Compare what the cases of a golden set yield against their goldens; nothing is written there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from imgconv.io.images import image_files
from imgconv.jobs.golden.case import Case
from imgconv.jobs.golden.environment import environment_changes
from imgconv.jobs.golden.origin import origin_changes
from imgconv.jobs.golden.pictures import compare_pictures, in_parallel
from imgconv.jobs.golden.pixel_hash import pixel_hash
from imgconv.jobs.golden.result import CaseFinding, CaseReport, CaseResult, Status
from imgconv.jobs.golden.store import GoldenStore
from imgconv.jobs.golden.suite import FILE_NAME, Suite, read_suite
from imgconv.jobs.golden.text_report import NO_GOLDEN, describe_origin
from imgconv.model.errors import (
    ArgumentError,
    GoldenDamagedError,
    GoldenMissingError,
    ImageReadError,
    ImgconvError,
)
from imgconv.model.tolerance import ToleranceSpec
from imgconv.ops.compare.cause import Cause

Image = NDArray[Any]
Watcher = Callable[[CaseFinding], None]


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


def _unused(suite: Suite) -> list[CaseResult]:
    return [_unused_result(suite, name) for name in suite.unused()]


def _unused_result(suite: Suite, name: str) -> CaseResult:
    """Return the result for a golden without a case: its input is gone, or nothing uses it."""
    gone = suite.gone_input(name)
    prune = "imgconv golden accept --all --prune deletes"
    return CaseResult(
        name=name,
        status=Status.UNUSED if gone is None else Status.MISSING,
        reasons=(
            (f"no case uses this golden ({prune} it)",)
            if gone is None
            else (f"the input is gone: {gone}", f"restore it; or {prune} the golden")
        ),
        exit_code=GoldenMissingError.exit_code,
    )


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
    if case.input is not None and not os.path.lexists(case.input):
        raise ImageReadError(f"the input is gone: {case.input}: no such file")
    actual = case.picture(threads)
    if case.expected is None:
        finding = check_picture(case.name, actual, store, case.tolerance, case.counted)
        return _with_filter(_with_origin(finding, case, store), case)
    if not case.expected.is_file():
        return _missing(case.name, actual, f"{case.expected}: no such file")
    expected = image_files.read_image(case.expected)
    return compare_pictures(case.name, expected, actual, case.tolerance, case.counted)


def _with_origin(finding: CaseFinding, case: Case, store: GoldenStore) -> CaseFinding:
    """Put in front of a change what has changed of the recipe, the input and the programs."""
    result, actual = finding.result, finding.actual
    if result.status is not Status.FAILED or actual is None or result.environment is None:
        return finding
    pixels = result.change.unequal if result.change else actual.shape[0] * actual.shape[1]
    found = origin_changes(store.load(case.name), case, result.environment, pixels)
    if not found:
        return finding
    others = [cause for cause in result.causes if cause.name != "unexplained"]
    reasons = (*map(describe_origin, found), *result.reasons)
    return finding._replace(result=replace(result, reasons=reasons, causes=(*found, *others)))


def _with_filter(finding: CaseFinding, case: Case) -> CaseFinding:
    """Name the filters that made the golden and the picture, where nothing else explains them."""
    result, expected, actual = finding.result, finding.expected, finding.actual
    unexplained = [cause.name for cause in result.causes] == ["unexplained"]
    if not unexplained or case.input is None or expected is None or actual is None:
        return finding
    from imgconv.jobs.recover import known_steps
    from imgconv.ops.recover.change import as_if

    before = image_files.read_image(case.input, depth=case.recipe.settings.depth)
    said = as_if(before, expected, actual, known_steps())
    if said is None:
        return finding
    causes = (Cause("another filter", result.causes[0].pixels, said),)
    return finding._replace(result=replace(result, causes=causes))


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
            return CaseFinding(CaseResult(name=name, status=Status.PASSED), None, actual)
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
    changes = tuple(environment_changes(record.environment)) if record.environment else ()
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


def _missing(name: str, actual: Image, reason: str) -> CaseFinding:
    result = CaseResult(
        name=name,
        status=Status.MISSING,
        reasons=(reason,),
        exit_code=GoldenMissingError.exit_code,
    )
    return CaseFinding(result, None, actual)
