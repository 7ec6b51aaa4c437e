"""What the tests of the commands share."""

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
    """After every test: no partial file stayed behind."""
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


@pytest.fixture
def colour(tmp_path: Path, rgb: NDArray[Any]) -> Path:
    """Give a colour photograph as a file."""
    return save(tmp_path / "colour.png", rgb)


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """Give a user's bank file with a kernel `edge` and a kernel `soft`."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        "kernels:\n"
        "  edge:\n    description: Difference to the left.\n    weights: [[-1, 1]]\n"
        "    anchor: [0, 1]\n"
        "  soft:\n    description: Mean of three in a row.\n    weights: ones 1 3\n"
        "    scale: 1/3\n"
    )
    return path
