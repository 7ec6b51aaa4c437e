"""A check in words."""

from __future__ import annotations

from collections.abc import Iterator

from imgconv.jobs.golden.result import CaseResult, GoldenReport, Status
from imgconv.ops.compare.difference import Change, Rectangle


def describe(report: GoldenReport) -> str:
    """Say all that did not pass, and the counts."""
    lines = [line for result in report.broken() for line in describe_result(result)]
    if report.count(Status.MISSING):
        lines.append("(imgconv golden record records what is missing)")
    return "\n".join([*lines, counts(report)])


def counts(report: GoldenReport) -> str:
    """Count in one line: ``3 cases: 2 passed, 1 failed, 0 missing; 0 unused``."""
    said = ", ".join(
        f"{report.count(status)} {status.value}"
        for status in (Status.PASSED, Status.FAILED, Status.MISSING)
    )
    noun = "case" if report.cases == 1 else "cases"
    return f"{report.cases} {noun}: {said}; {report.count(Status.UNUSED)} unused"


def describe_result(result: CaseResult) -> list[str]:
    """Describe how a case stands: its verdict, and indented below it what changed."""
    first, *others = result.reasons or ("as recorded",)
    more = [*others, *details(result)]
    return [f"{result.status.value}: {result.name}: {first}", *(f"  {line}" for line in more)]


def details(result: CaseResult) -> Iterator[str]:
    """Describe where and how much, why, and whether the environment changed."""
    if result.change is not None and result.change.bounding_box is not None:
        yield from _where(result.change, result.change.bounding_box)
    for cause in result.causes:
        known = "cause" if cause.name == "unexplained" else "likely cause"
        yield f"{known}: {cause.name} ({cause.evidence})"
    if result.change is not None or result.causes:
        changed = ", ".join(result.environment)
        yield f"since the recording: {changed}" if changed else "same environment as recorded"


def _where(change: Change, box: Rectangle) -> Iterator[str]:
    yield (
        f"within {box.rows} x {box.columns} at row {box.row}, column {box.column}; "
        f"by at most {change.max_abs_diff:g}, mean {change.mean:+.3g}"
    )
    worst = change.worst_window
    if worst is not None and worst != box:
        yield (
            f"worst window: {change.worst_count} pixels in {worst.rows} x {worst.columns} "
            f"at row {worst.row}, column {worst.column}"
        )
