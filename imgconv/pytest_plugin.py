"""The pytest fixture ``golden_image``.

It is there in every test-suite of an environment that has imgconv, so this module imports nothing
but pytest until the fixture is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from imgconv.jobs.golden.result import CaseFinding

FOLDER = "goldens"
"""The folder of the goldens, beside the test's file."""

_written = pytest.StashKey[list[str]]()
_taken = pytest.StashKey[dict[Path, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--golden-update``."""
    group = parser.getgroup("imgconv")
    group.addoption(
        "--golden-update",
        action="store_true",
        help="golden_image: take the pictures that the tests give as the new goldens",
    )


@pytest.fixture
def golden_image(request: pytest.FixtureRequest, tmp_path: Path) -> GoldenImage:
    """Compare a picture against a golden: ``golden_image(array_or_path, name=..., tolerance=...)``.

    Missing goldens fail; ``pytest --golden-update`` records them, and takes changed pictures.
    """
    return GoldenImage(request, tmp_path)


class GoldenImage:
    """What the fixture gives: call it with a picture."""

    def __init__(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        self._request, self._tmp_path = request, tmp_path

    def __call__(
        self,
        array_or_path: Any,
        name: str | None = None,
        tolerance: str | Mapping[str, object] | None = None,
    ) -> None:
        """Fail the test unless the picture is the recorded one.

        Parameters
        ----------
        array_or_path : ndarray or path
            An image, RGB, of shape (rows, columns[, channels]) and type uint8, uint16, int16 or
            float32, or a file of one.
        name : str, optional
            Of the golden; default that of the test. Folders apart by ``/``.
        tolerance : str or mapping, optional
            As in golden.yaml: "exact" (default), "loose", or limits by name.
        """
        from imgconv.jobs.golden.check import check_picture
        from imgconv.jobs.golden.store import GoldenStore
        from imgconv.jobs.golden.suite import check_name
        from imgconv.jobs.golden.text_report import describe_result
        from imgconv.model.tolerance import parse_tolerance

        __tracebackhide__ = True
        chosen = check_name(name or re.sub(r"[^\w.+-]+", "_", self._request.node.name).strip("_"))
        store = GoldenStore(self._request.path.parent / FOLDER, self._request.path)
        self._claim(store.path(chosen, "json"))
        finding = check_picture(chosen, _pixels(array_or_path), store, parse_tolerance(tolerance))
        if finding.result.exit_code == 0:
            return
        if self._request.config.getoption("--golden-update"):
            assert finding.actual is not None
            store.record(chosen, finding.actual)
            self._request.config.stash.setdefault(_written, []).append(chosen)
            return
        lines = [*describe_result(finding.result), self._kept(finding)]
        lines.append("pytest --golden-update takes the new picture")
        pytest.fail("\n".join(lines), pytrace=False)

    def _claim(self, path: Path) -> None:
        """Let a golden belong to one call of one test."""
        __tracebackhide__ = True
        taken = self._request.config.stash.setdefault(_taken, {})
        if path in taken:
            pytest.fail(
                f"{path.stem}: {taken[path]} uses a golden of this name too; give it another",
                pytrace=False,
            )
        taken[path] = self._request.node.nodeid

    def _kept(self, finding: CaseFinding) -> str:
        from imgconv.jobs.golden.failures import FailureFolder

        folder = self._tmp_path / "golden-failures"
        FailureFolder.open(folder, overwrite=True).write(finding)
        return f"pictures: {folder / finding.result.name}"


def _pixels(array_or_path: Any) -> Any:
    """Return the pixels of a file or an array; one channel is gray."""
    import os

    from imgconv.io.images.image_files import read_image
    from imgconv.ops.image import as_image

    if isinstance(array_or_path, str | os.PathLike):
        return read_image(array_or_path)
    image = as_image(array_or_path)
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Describe which goldens were written."""
    written = config.stash.get(_written, [])
    if written:
        terminalreporter.section("goldens")
        for name in written:
            terminalreporter.write_line(f"recorded: {name}")
