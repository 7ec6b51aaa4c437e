"""What the tests of faults share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.program import Run, run_in_process, save
from numpy.typing import NDArray


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Run]:
    """Run the program in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run_in_process(arguments, capfdbinary)


@pytest.fixture(autouse=True)
def _no_leftovers(tmp_path: Path) -> Iterator[None]:
    """After every test: no partial file stayed behind (a test of SIGKILL removes its own)."""
    yield
    assert not list(tmp_path.rglob("*.part"))


@pytest.fixture
def gray(camera: NDArray[Any]) -> NDArray[Any]:
    """Give the camera man's head, 96 x 80."""
    return camera[60:156, 180:260].copy()


@pytest.fixture
def rgb(astronaut: NDArray[Any]) -> NDArray[Any]:
    """Give the astronaut's head, 96 x 80."""
    return astronaut[40:136, 180:260].copy()


@pytest.fixture
def photo(tmp_path: Path, gray: NDArray[Any]) -> Path:
    """Give a gray photograph as a file."""
    return save(tmp_path / "photo.png", gray)
