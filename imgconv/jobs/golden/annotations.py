"""Annotations that GitHub Actions shows beside a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from imgconv.jobs.golden.result import CaseReport
from imgconv.jobs.golden.text_report import explanation
from imgconv.model.text import visible


def wanted(choice: str) -> bool:
    """Return whether ``--annotate`` asks for annotations: auto does in GitHub Actions."""
    return choice == "always" or (choice == "auto" and in_actions())


def in_actions() -> bool:
    """Return whether this runs in GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotate(report: CaseReport) -> Iterator[str]:
    """Return a line for each result that did not pass, as the runner reads it."""
    wording = report.wording
    for result in report.broken():
        place = result.file or report.file
        file = f"file={_property(_from_root(place))}," if isinstance(place, Path) else ""
        title = f"{wording.command} {wording.states[result.status]}: {visible(result.name)}"
        text = "\n".join(explanation(result))
        line = f"line={result.line}," if result.line else ""
        yield f"::error {file}{line}title={_property(title)}::{_text(text)}"


def _from_root(path: Path) -> str:
    """Return the path as the repository has it."""
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    whole = path.resolve()
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property; of a path the runner wants the characters themselves, not escapes."""
    printable = "".join(char if char.isprintable() or char in "\r\n" else "?" for char in text)
    return _text(printable).replace(":", "%3A").replace(",", "%2C")
