"""The summary of a job in GitHub Actions: Markdown, with a small map of each change.

GitHub shows no picture in a summary that lies in the summary itself (data URIs are taken out), so
the map is made of coloured squares.
"""

from __future__ import annotations

import html
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgconv.jobs.golden.result import CaseFinding, CaseReport, CaseResult, Status
from imgconv.jobs.golden.text_report import counts, explanation
from imgconv.model.errors import ImageWriteError
from imgconv.model.text import visible
from imgconv.ops.compare.difference import per_pixel

VARIABLE = "GITHUB_STEP_SUMMARY"
_MOST_BYTES = 900_000
"""A runner refuses a summary of more than 1 MiB."""
_MOST_MAPS, _COLUMNS = 50, 24
_SQUARES = "\u2b1c\U0001f7e8\U0001f7e7\U0001f7e5"
"""White, yellow, orange and red: of the pixels of a square none, few, some and most differ."""


@dataclass
class JobSummary:
    """Collects small maps while a check runs, and adds the summary to the runner's file.

    Parameters
    ----------
    path : Path
        The file; what other steps wrote there stays.
    """

    path: Path
    _maps: dict[str, str] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> JobSummary | None:
        """Return the summary that the runner asks for, or None."""
        name = environment.get(VARIABLE)
        return cls(Path(name)) if name else None

    def take(self, finding: CaseFinding) -> None:
        """Keep a map of the first results that failed."""
        expected, actual = finding.expected, finding.actual
        if finding.result.change is None or finding.result.status is Status.PASSED:
            return
        if expected is None or actual is None or len(self._maps) >= _MOST_MAPS:
            return
        drawn = change_map(per_pixel(expected, actual) > 0)
        with self._lock:
            self._maps[finding.result.name] = drawn

    def write(self, report: CaseReport) -> None:
        """Add the summary to the file.

        Raises
        ------
        ImageWriteError
            When the file cannot be written.
        """
        try:
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(self.markdown(report))
        except OSError as error:
            raise ImageWriteError(
                f"{self.path}: {(error.strerror or str(error)).lower()}"
            ) from None

    def markdown(self, report: CaseReport) -> str:
        """Return the summary; nothing from a name or a picture is taken for markup."""
        sign = ":white_check_mark:" if not report.broken() else ":x:"
        text = f"### {sign} imgconv {report.wording.command}: {counts(report)}\n\n"
        left = len(report.broken())
        for result in report.broken():
            part = self._section(result, report)
            if len(text) + len(part) > _MOST_BYTES:
                return f"{text}\n{left} more are in the report.\n"
            text, left = text + part, left - 1
        return text

    def _section(self, result: CaseResult, report: CaseReport) -> str:
        title = f"{report.wording.states[result.status]}: {visible(result.name)}"
        lines = "\n".join(explanation(result))
        return (
            f"<details><summary>{_escaped(title)}</summary>\n\n"
            f"<pre>{_escaped(lines)}\n\n{self._maps.get(result.name, '')}</pre>\n\n</details>\n"
        )


def _escaped(text: str) -> str:
    return html.escape(text)


def change_map(differs: NDArray[np.bool_]) -> str:
    """Draw where a picture changed in at most 24 x 24 squares, a line for each row of them.

    Examples
    --------
    >>> print(change_map(np.eye(3, dtype=bool)).replace("\u2b1c", ".").replace("\U0001f7e5", "#"))
    #..
    .#.
    ..#
    """
    side = max(1, -(-max(differs.shape) // _COLUMNS))
    rows, columns = (np.arange(0, length, side) for length in differs.shape)
    sums = np.add.reduceat(np.add.reduceat(differs.astype(np.int64), rows, 0), columns, 1)
    sizes = np.outer(*(np.diff([*starts, length]) for starts, length in
                       ((rows, differs.shape[0]), (columns, differs.shape[1]))))  # fmt: skip
    level = np.ceil(sums / sizes * (len(_SQUARES) - 1)).astype(int)
    return "\n".join("".join(_SQUARES[value] for value in row) for row in level)
