"""What every test may use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray


@dataclass(frozen=True)
class Run:
    """What a run of the program left behind."""

    code: int
    out: bytes
    err: str


Imgconv = Callable[..., Run]


@pytest.fixture
def imgconv(tmp_path: Path) -> Imgconv:
    """Run the program in a folder of its own, as a user does."""

    def run(
        *arguments: object,
        stdin: bytes = b"",
        env: dict[str, str] | None = None,
        **settings: object,
    ) -> Run:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "imgconv", *map(os.fspath, map(_word, arguments))],
            input=stdin,
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
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
