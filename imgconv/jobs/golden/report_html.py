"""A check as a page with its pictures."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from imgconv.jobs.golden.result import CaseFinding, CaseReport, CaseResult, Status, Wording
from imgconv.jobs.golden.text_report import counts, explanation
from imgconv.jobs.reports.report_page import PageEntry, View, make_entry, render_report
from imgconv.model.text import visible
from imgconv.ops.draw.canvas import highlight_placed
from imgconv.ops.draw.view import highlight

FILE_NAME = Path("golden.yaml")
LARGEST_PAGE = 100_000_000
"""Bytes of pictures after which a page takes no more."""


def mark(wording: Wording) -> bytes:
    """Return what a page of a command has near its beginning."""
    return f'<meta name="generator" content="{generator(wording)}">'.encode()


def generator(wording: Wording) -> str:
    """Name the command that makes a page."""
    return f"imgconv {wording.command}"


def views_of(finding: CaseFinding) -> list[View]:
    """Return the pictures of a finding: expected, actual and, where it can be drawn, difference."""
    expected, actual = finding.expected, finding.actual
    views = []
    if expected is not None:
        views.append(View("expected", "expected", expected))
    if actual is not None:
        views.append(View("actual", "actual", actual))
    if expected is not None and actual is not None:
        placement = finding.result.placement
        if finding.result.change is not None:
            views.append(View("difference", "difference", highlight(expected, actual)))
        elif placement is not None:
            picture = highlight_placed(expected, actual, placement)
            views.append(View("difference", "difference", picture))
    return views


def entry_of(
    finding: CaseFinding, held: int = 0, place: Callable[[View, bytes], str] | None = None
) -> PageEntry:
    """Make a result's entry on the page that holds so many bytes of pictures already.

    What passed has the new picture alone, and only while the page is at most a quarter full.

    Parameters
    ----------
    finding : CaseFinding
    held : int
    place : callable, optional
        Stores pictures elsewhere (see `make_entry`).
    """
    result = finding.result
    passed = result.status is Status.PASSED
    views = views_of(finding)
    if passed:
        views = [view for view in views if view.role == "actual" and held <= LARGEST_PAGE // 4]
    worst = None if passed or not result.change else result.change.worst_window
    words = explanation(result)
    if views and held > LARGEST_PAGE:
        words.append("no pictures: this page is full; --html DIR writes a page with all of them")
        views = []
    entry = make_entry(visible(result.name), result.status.value, words, views, worst, place)
    causes = tuple(cause.name for cause in result.causes)
    return replace(entry, causes=causes, resized=result.placement is not None)


def html(report: CaseReport, entries: Mapping[str, PageEntry], *, beside: bool = False) -> bytes:
    """Make the page; what failed comes first. Its pictures may be files beside it."""
    made = [
        replace(
            entries.get(result.name) or entry_of(CaseFinding(result)),
            accept=_accept(result, report),
        )
        for result in report.results
    ]
    order = [status.value for status in Status]
    made.sort(key=lambda entry: order.index(entry.status))
    states = report.wording.states
    numbers = {"all": len(made), **{s.value: report.count(s) for s in states}}
    labels = {status.value: said for status, said in states.items()}
    title = {"golden": "Goldens of", "diff": "Differences from"}[report.wording.command]
    title = f"{title} {visible(report.file.name)}"
    made_by = generator(report.wording)
    return render_report(title, made, numbers, counts(report), made_by, labels, beside=beside)


def _accept(result: CaseResult, report: CaseReport) -> str:
    """Return the command that takes a result as the golden; empty where none does."""
    takes = result.status in (Status.FAILED, Status.MISSING) and result.line
    if report.wording.command != "golden" or not takes or result.exit_code not in (1, 6):
        return ""
    words = ["imgconv", "golden", "accept", result.name]
    if report.file != FILE_NAME:
        words += ["--config", str(report.file)]
    return shlex.join(words)
