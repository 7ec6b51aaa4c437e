"""A matrix in a text file: a row a line, weights apart by spaces or commas; # begins a remark."""

from __future__ import annotations

from pathlib import Path

from imgconv.io.config.strict_yaml import read_text
from imgconv.io.matrix_text import parse_matrix
from imgconv.model.kernel import Kernel

_SUFFIXES = (".txt", ".csv", ".dat", ".mat")


def is_matrix_file(text: str) -> bool:
    """Return whether an argument names such a file."""
    return text.lower().endswith(_SUFFIXES)


def read_matrix(path: str) -> Kernel:
    """Read a matrix.

    Raises
    ------
    KernelError
        When the file cannot be read or holds no matrix.
    """
    lines = [line.partition("#")[0] for line in read_text(Path(path)).splitlines()]
    return parse_matrix("\n".join(lines))
