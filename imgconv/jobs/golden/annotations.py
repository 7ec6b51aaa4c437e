"""Annotations that GitHub Actions shows beside golden.yaml."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from imgconv.jobs.golden.result import GoldenReport
from imgconv.jobs.golden.text_report import details


def in_actions() -> bool:
    """Return whether this runs in GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotate(report: GoldenReport) -> Iterator[str]:
    """Return a line for each result that did not pass, as the runner reads it."""
    file = _from_root(report.file)
    for result in report.broken():
        title = f"golden {result.status.value}: {result.name}"
        text = "\n".join([*result.reasons, *details(result)])
        line = f",line={result.line}" if result.line else ""
        yield f"::error file={_property(file)}{line},title={_property(title)}::{_text(text)}"


def _from_root(path: Path) -> str:
    """Return the path as the repository has it."""
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    whole = path.resolve()
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
