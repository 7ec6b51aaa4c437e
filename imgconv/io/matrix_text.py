"""A matrix written as text: rows apart by ``;``, or its size and its weights.

A row of 9 numbers is most often a square whose row marks got lost, so a square count of numbers in
one row is refused until the text says what it is: ``3x3: ...`` or ``1x9: ...``.
"""

from __future__ import annotations

import math
import re

from imgconv.model.errors import KernelError
from imgconv.model.kernel import LARGEST_SIDE, Kernel

LARGEST_TEXT = 1 << 20
"""The most characters of a matrix that are read."""
MOST_QUOTED = 200
"""The most characters of what was given that a message repeats."""

_HOW = "write a matrix as '0 -1 0; -1 5 -1; 0 -1 0' or '3x3: 0,-1,0 -1,5,-1 0,-1,0'"
_SIZED = re.compile(r"\s*(\d{1,9})\s*[xX]\s*(\d{1,9})\s*:(.*)", re.DOTALL)
_LONGEST_READING = 60  # characters of each reading in a message

Rows = list[list[str]]


def is_sized(text: str) -> bool:
    """Return whether a text begins with a size: ``3x3: 0,-1,0 -1,5,-1 0,-1,0``."""
    return _SIZED.match(text) is not None


def parse_matrix(text: str) -> Kernel:
    """Read a matrix: rows apart by ``;`` or line ends, weights by spaces or commas.

    Parameters
    ----------
    text : str
        ``0 -1 0; -1 5 -1; 0 -1 0``, or rows and columns first: ``3x3: 0,-1,0 -1,5,-1 0,-1,0``,
        ``1x9: 1 2 3 4 5 4 3 2 1``.

    Raises
    ------
    KernelError
        For a ragged matrix, something that is not a number, a count that the size does not fit,
        or one row of numbers that may as well be a square.

    Examples
    --------
    >>> parse_matrix("3x3: 0,-1,0 -1,5,-1 0,-1,0") == parse_matrix("0 -1 0; -1 5 -1; 0 -1 0")
    True
    """
    if len(text) > LARGEST_TEXT:
        raise KernelError(f"a matrix of {len(text)} characters; at most {LARGEST_TEXT} are read")
    try:
        if sized := _SIZED.fullmatch(text):
            return Kernel(_sized_rows(int(sized[1]), int(sized[2]), sized[3]))
        rows = _lines(text)
        if len(rows) == 1:
            _refuse_two_readings(rows[0], _groups(text))
        return Kernel(rows)
    except KernelError as error:
        raise KernelError(f"{quoted(text)}: {error.message}", error.hint or _HOW) from None


def format_matrix(rows: Rows) -> str:
    """Write a matrix so that `parse_matrix` reads the same rows back.

    Examples
    --------
    >>> format_matrix([["1", "2"], ["3", "4"]]), format_matrix([["1", "2", "3", "4"]])
    ('1 2; 3 4', '1x4: 1 2 3 4')
    """
    matrix = "; ".join(" ".join(row) for row in rows)
    return f"1x{len(rows[0])}: {matrix}" if len(rows) == 1 and _side(len(rows[0])) else matrix


def quoted(text: str, most: int = 60) -> str:
    """Return a text in quotes, cut off where it is long."""
    most = min(most, MOST_QUOTED)
    return repr(text if len(text) <= most else text[: most - 3] + "...")


def _lines(text: str) -> Rows:
    lines = [line for line in re.split(r"[;\n]", text) if line.strip()]
    return [line.replace(",", " ").split() for line in lines]


def _groups(line: str) -> Rows:
    """Return the groups of a line such as ``0,-1,0 -1,5,-1 0,-1,0``, if they are equally long."""
    groups = [group.split(",") for group in re.sub(r"\s*,\s*", ",", line).strip(" ;,").split()]
    widths = {len(group) for group in groups}
    return groups if len(groups) > 1 and len(widths) == 1 and widths != {1} else []


def _refuse_two_readings(row: list[str], groups: Rows) -> None:
    """Refuse one row of numbers that is as likely several rows."""
    side = _side(len(row))
    if not side and not groups:
        return
    width = len(groups[0]) if groups else side
    count = len(row) // width
    several = " ".join(",".join(row[at : at + width]) for at in range(0, len(row), width))
    readings = f"{count}x{width}: {several}", f"1x{len(row)}: {','.join(row)}"
    raise KernelError(
        f"{len(row)} numbers without row marks may be {count} rows of {width} or one row",
        hint="write " + " or ".join(quoted(reading, _LONGEST_READING) for reading in readings),
    )


def _side(count: int) -> int:
    """Return the side of the square of more than one number, or 0."""
    side = math.isqrt(count)
    return side if side > 1 and side * side == count else 0


def _sized_rows(rows: int, columns: int, text: str) -> Rows:
    """Return the rows of a matrix of a known size, which marks of rows must agree with."""
    if not 0 < rows <= LARGEST_SIDE or not 0 < columns <= LARGEST_SIDE:
        raise KernelError(f"a kernel has from 1 to {LARGEST_SIDE} rows and columns")
    lines = _lines(text)
    flat = [number for line in lines for number in line]
    if len(flat) != rows * columns:
        raise KernelError(f"{rows}x{columns} takes {rows * columns} numbers; {len(flat)} are given")
    marked = lines if len(lines) > 1 else _groups(text)
    column_by_commas = columns == 1 < rows and len(lines) == 1 and "," in text
    if column_by_commas or (marked and [len(row) for row in marked] != [columns] * rows):
        found = f"{len(marked) or 1}x{len(marked[0]) if marked else rows}"
        raise KernelError(
            f"{rows}x{columns} is rows x columns, but the numbers stand as {found}",
            hint=f"write '{found}: ...'; ImageMagick counts columns first",
        )
    return [flat[at : at + columns] for at in range(0, len(flat), columns)]
