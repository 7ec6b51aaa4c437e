"""A comparison with OpenCV as a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from imgconv.io.storage import files
from imgconv.jobs.reports.report_page import View, make_entry, render_report
from imgconv.model.tolerance import Tolerance
from imgconv.ops.compare.compare import Comparison
from imgconv.ops.compare.difference import judge
from imgconv.ops.draw.view import highlight


def write_page(
    path: Path,
    image: NDArray[Any],
    comparison: Comparison,
    words: Sequence[str],
    *,
    overwrite: bool = False,
) -> None:
    """Write a page with the original, both results and their difference.

    Raises
    ------
    OutputExistsError
        When the file is there and `overwrite` is not given.
    ImageWriteError
        When it cannot be written.
    """
    ours, theirs = comparison.ours, comparison.theirs
    name = "OpenCV's" if comparison.against == "opencv" else "the script's"
    views = [
        View("original", "original", image),
        View("expected", name, theirs),
        View("actual", "ours", ours),
        View("difference", "difference", highlight(theirs, ours)),
    ]
    verdict = "passed" if comparison.within_tolerance else "failed"
    worst = judge(theirs, ours, Tolerance()).worst_window
    title = f"imgconv and OpenCV {comparison.opencv}"
    entry = make_entry("compare", verdict, [line.strip() for line in words], views, worst)
    files.write_whole(path, render_report(title, [entry], {}), overwrite=overwrite)
