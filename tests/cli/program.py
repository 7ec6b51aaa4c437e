"""What the tests of the program share: runs in this process, and what a failure looks like."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import cv2
from numpy.typing import NDArray

from imgconv.cli.main import group, main


@dataclass(frozen=True)
class Run:
    """What a run of the program left behind."""

    code: int
    out: bytes
    err: str


def run_in_process(arguments: Sequence[object], capture: Any) -> Run:
    """Run the program without a process of its own; `capture` is pytest's capfdbinary."""
    capture.readouterr()
    code = main([os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments])
    said = capture.readouterr()
    return Run(code, said.out, said.err.decode())


def assert_fails(run: Run, code: int, *words: str, out: bytes = b"") -> None:
    """Check that a run failed as documented: one Error line, perhaps a Hint line, nothing else."""
    assert (run.code, run.out) == (code, out), run
    lines = run.err.splitlines()
    assert [line.partition(": ")[0] for line in lines] in (["Error"], ["Error", "Hint"]), run.err
    assert run.err.endswith("\n")
    for word in words:
        assert word in run.err


def written(path: Path) -> NDArray[Any]:
    """Read a picture with OpenCV as it is: depth and channels kept, BGR."""
    pixels = cv2.imread(os.fspath(path), cv2.IMREAD_UNCHANGED)
    assert pixels is not None, f"{path} is no picture"
    return pixels


def save(path: Path, rgb: NDArray[Any]) -> Path:
    """Write gray, RGB or RGBA pixels with OpenCV."""
    order = {2: ..., 3: (..., [2, 1, 0, 3][: rgb.shape[-1]])}[rgb.ndim]
    assert cv2.imwrite(os.fspath(path), rgb[order])
    return path


def commands(
    command: click.Command = group, path: tuple[str, ...] = ("imgconv",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give every command with its path, the groups too."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*path, name))
