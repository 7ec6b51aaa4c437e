"""A report as text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from imgconv.jobs.golden.result import GOLDEN, CaseReport, CaseResult, Status, Wording
from imgconv.model.text import visible
from imgconv.ops.compare.cause import UNDOABLE, Cause
from imgconv.ops.compare.difference import Change, Rectangle

NO_GOLDEN = "no golden is recorded"


_ORIGINS = {
    "recipe changed": "the recipe changed",
    "input changed": "the input changed",
    "input decoded differently": "the input is decoded differently",
    "environment changed": "imgconv, OpenCV or the machine changed",
}
_SAID = {*_ORIGINS, "kind"}
"""Causes that stand among the reasons already."""


def describe_origin(cause: Cause) -> str:
    """Describe a change of what a golden was made of."""
    return f"{_ORIGINS[cause.name]} ({cause.evidence})"


def describe(report: CaseReport) -> str:
    """Describe all that did not pass, and the counts."""
    lines = [line for result in report.broken() for line in describe_result(result, report.wording)]
    if any(result.reasons[:1] == (NO_GOLDEN,) for result in report.results):
        lines.append("(imgconv golden record records what is missing)")
    return "\n".join([*lines, counts(report)])


def counts(report: CaseReport) -> str:
    """Count in one line: ``3 cases: 2 passed, 1 failed, 0 missing; 0 unused``."""
    said = [
        f"{report.count(status)} {name}"
        for status, name in report.wording.states.items()
        if status is not Status.UNUSED
    ]
    noun = report.wording.noun + ("" if report.cases == 1 else "s")
    line = f"{report.cases} {noun}: {', '.join(said)}"
    unused = report.wording.states.get(Status.UNUSED)
    return line if unused is None else f"{line}; {report.count(Status.UNUSED)} {unused}"


def describe_result(result: CaseResult, wording: Wording = GOLDEN) -> list[str]:
    """Describe a result: its verdict, and indented below it what changed."""
    first, *others = explanation(result)
    head = f"{wording.states[result.status]}: {visible(result.name)}: {first}"
    return [head, *(f"  {line}" for line in others)]


def explanation(result: CaseResult) -> list[str]:
    """Return why a result is what it is, a line for each fact; each may be printed as it is."""
    lines = [*(result.reasons or ("as recorded",)), *details(result)]
    return [visible(line) for line in lines]


def details(result: CaseResult) -> Iterator[str]:
    """Describe where and how much, why, and whether the environment changed."""
    if result.change is not None and result.change.bounding_box is not None:
        yield from _where(result.change, result.change.bounding_box)
    if result.change is not None and result.change.antialiased:
        yield f"{result.change.antialiased} more pixels are antialiased in both and do not count"
    for cause in (cause for cause in result.causes if cause.name not in _SAID):
        yield _cause(cause, result.change)
    if result.environment is not None and (result.change is not None or result.causes):
        changed = ", ".join(result.environment)
        yield f"since the recording: {changed}" if changed else "same environment as recorded"


def _cause(cause: Cause, change: Change | None) -> str:
    known = "cause" if cause.name == "unexplained" else "likely cause"
    line = f"{known}: {cause.name} ({cause.evidence})"
    if cause.name in UNDOABLE and change is not None and change.unequal:
        share = min(100.0, 100 * cause.pixels / change.unequal)
        line += f"; undoing it explains {_percent(share)} of the pixels that differ"
    return line


def _percent(share: float) -> str:
    """Write a percentage that says 100 only for all.

    Examples
    --------
    >>> _percent(100), _percent(99.9999), _percent(97.25)
    ('100 %', '99.9 %', '97.2 %')
    """
    return f"{min(share, 99.9):.1f} %" if share < 100 else "100 %"


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
