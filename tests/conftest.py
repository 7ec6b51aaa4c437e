"""What every test may use."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if (WORKER := os.environ.get("PYTEST_XDIST_WORKER")) and hasattr(os, "sched_setaffinity"):
    # Each of pytest's processes has a CPU of its own, and starts one process or thread where the
    # number is not what a test is about. Before NumPy, which starts threads.
    CPUS = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {CPUS[int(WORKER[2:]) % len(CPUS)]})

if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    # Programs that tests start find their modules compiled: a start takes 0.3 s instead of 0.8.
    sys.dont_write_bytecode = False

import numpy as np
import pytest
from cli.program import Run, run_in_process, save
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

pytest.register_assert_rewrite("services.kills")  # whose checks explain themselves then
gc.disable()  # until all tests are collected

# The same examples in every run, so that a failure is of the change at hand;
# `--hypothesis-profile=search` looks for new ones. No example fails since the machine is loaded.
UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", derandomize=True, database=None, **UNTIMED)
settings.register_profile("search", print_blob=True, **UNTIMED)
settings.load_profile("steady")

Imgconv = Callable[..., Run]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all but one row in n of a `sampled` table to ``pytest -m thorough``.

    It is the first row of the first n, the second of the next, and so on, so that a parameter that
    has as many values is not the same in all of them.
    """
    rows: dict[str, int] = {}
    for item in items:
        sampled = item.get_closest_marker("sampled")
        if sampled is not None:
            test = item.nodeid.partition("[")[0]
            rows[test] = rows.get(test, -1) + 1
            group, place = divmod(rows[test], sampled.args[0])
            if place != group % sampled.args[0]:
                item.add_marker("thorough")


def pytest_collection_finish() -> None:
    """Look for garbage again: what was collected is none, and a quarter of the time was for it."""
    gc.enable()


@pytest.fixture
def imgconv(tmp_path: Path) -> Imgconv:
    """Run the program in a folder of its own, as a user does."""

    def run(
        *arguments: object,
        stdin: bytes = b"",
        env: dict[str, str] | None = None,
        **settings: object,
    ) -> Run:
        # A program whose files are limited would leave half a module for all the others.
        unwritten = {"PYTHONDONTWRITEBYTECODE": "1"} if "preexec_fn" in settings else {}
        done = subprocess.run(
            [sys.executable, "-m", "imgconv", *map(os.fspath, map(_word, arguments))],
            input=stdin,
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, **unwritten, **(env or {})},
            timeout=120,
            **settings,
        )
        return Run(done.returncode, done.stdout, done.stderr.decode())

    return run


def _word(argument: object) -> str | Path:
    return argument if isinstance(argument, Path) else str(argument)


@pytest.fixture(scope="session")
def camera() -> NDArray[np.uint8]:
    """Give a real photograph, 512 x 512, gray."""
    from skimage import data

    return data.camera()


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    """Give a real photograph, 512 x 512, RGB."""
    from skimage import data

    return data.astronaut()


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Run]:
    """Run the program in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run_in_process(arguments, capfdbinary)


@pytest.fixture(autouse=True)
def _no_leftovers(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test: no partial file stayed behind (a test of SIGKILL removes its own)."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    assert folder is None or not list(folder.rglob("*.part"))


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
