"""A matrix written as text: rows apart by ``;``, its size and its weights, or nested brackets.

A row of 9 numbers is most often a square whose row marks got lost, so a square count of numbers in
one row is refused until the text says what it is: ``3x3: ...`` or ``1x9: ...``.
"""

from __future__ import annotations

import math
import re

from imgconv.model.errors import KernelError
from imgconv.model.kernel import LARGEST_SIDE, LARGEST_TAP_COUNT, Kernel

LARGEST_TEXT = 1 << 20
"""The most characters of a matrix that are read."""
MOST_QUOTED = 200
"""The most characters of what was given that a message repeats."""

_HOW = "write a matrix as '0 -1 0; -1 5 -1; 0 -1 0' or '3x3: 0,-1,0 -1,5,-1 0,-1,0'"
_SIZED = re.compile(
    r"\s*(\d{1,9})\s*[xX]\s*(\d{1,9})\s*(?:\+(\d{1,9})\+(\d{1,9}))?\s*([@<>])?\s*:(.*)", re.DOTALL
)
_NESTED = re.compile(r"\s*+\[(?:\s*+,?+\s*+\[[^\[\]]*+\])++\s*+,?+\s*+\]\s*+")
_INNER = re.compile(r"\[([^\[\]]*+)\]")
_LONGEST_READING = 60  # characters of each reading in a message

Rows = list[list[str]]


def is_sized(text: str) -> bool:
    """Return whether a text begins with a size: ``3x3: 0,-1,0 -1,5,-1 0,-1,0``."""
    return _SIZED.match(text) is not None


def is_nested(text: str) -> bool:
    """Return whether a text is rows in brackets: ``[[0, 1], [1, 0]]``."""
    return _NESTED.fullmatch(text) is not None


def parse_matrix(text: str) -> Kernel:
    """Read a matrix: rows apart by ``;`` or line ends, weights by spaces or commas.

    Parameters
    ----------
    text : str
        ``0 -1 0; -1 5 -1; 0 -1 0``; or rows and columns first: ``3x3: 0,-1,0 -1,5,-1 0,-1,0``,
        ``1x9: 1 2 3 4 5 4 3 2 1``; or ImageMagick's width, height and origin first:
        ``3x1+1+0: 1,2,1``; or rows in brackets, as in JSON and NumPy: ``[[0, 1], [1, 0]]``.

    Raises
    ------
    KernelError
        For a ragged matrix, something that is not a number, a count that the size does not fit,
        or one row of numbers that may as well be a square.

    Examples
    --------
    >>> parse_matrix("3x3: 0,-1,0 -1,5,-1 0,-1,0") == parse_matrix("0 -1 0; -1 5 -1; 0 -1 0")
    True
    >>> parse_matrix("3x1+2+0: 1,2,1").anchor
    (0, 2)
    """
    if len(text) > LARGEST_TEXT:
        raise KernelError(f"a matrix of {len(text)} characters; at most {LARGEST_TEXT} are read")
    try:
        if sized := _SIZED.fullmatch(text):
            return _sized(sized)
        if is_nested(text):
            return Kernel(nested_rows(text))
        rows = _lines(text)
        if len(rows) == 1:
            _refuse_two_readings(rows[0], _groups(text))
        return Kernel(rows)
    except KernelError as error:
        raise KernelError(f"{quoted(text)}: {error.message}", error.hint or _HOW) from None


def nested_rows(text: str) -> Rows:
    """Return the rows of ``[[0, -1], [-1, 4]]``; NumPy prints them without commas.

    Raises
    ------
    KernelError
        When it is something else.
    """
    if not is_nested(text):
        raise KernelError("a matrix in brackets is a list of rows", hint="write [[0, 1], [1, 0]]")
    inner = text.strip()[1:-1]
    return [_numbers(row.replace("'", "").replace('"', "")) for row in _INNER.findall(inner)]


def parse_geometry(width: int, height: int, origin: tuple[int, int] | None, text: str) -> Kernel:
    """Make a kernel of ImageMagick's ``WIDTHxHEIGHT[+X+Y]: numbers``.

    Without an origin it is the pixel at the centre, or before it where a side is even.
    """
    lowered = text.lower().replace(",", " ").split()
    if "nan" in lowered or "-" in lowered:
        raise KernelError(
            "'nan' and '-' leave pixels out of a shape for morphology; a weight is a number",
            hint="write 0 for a pixel that does not count",
        )
    if ";" in text.strip().strip(";"):
        raise KernelError(
            "ImageMagick's ; begins another kernel of a list", hint="give one kernel: -k A -k B"
        )
    x, y = origin or ((width - 1) // 2, (height - 1) // 2)
    if not (x < width and y < height):
        raise KernelError(
            f"the origin +{x}+{y} lies outside of {width}x{height}",
            hint=f"x runs from 0 to {width - 1}, y from 0 to {height - 1}",
        )
    return Kernel(_shaped(height, width, text, f"{width}x{height}+{x}+{y}"), anchor=(y, x))


def quoted(text: str, most: int = 60) -> str:
    """Return a text in quotes, cut off where it is long."""
    most = min(most, MOST_QUOTED)
    return repr(text if len(text) <= most else text[: most - 3] + "...")


def _sized(sized: re.Match[str]) -> Kernel:
    if sized[5]:
        raise KernelError(
            f"ImageMagick's {sized[5]} makes a list of turned kernels",
            hint="use a set of the bank: sobel, prewitt or kirsch",
        )
    one, other, numbers = int(sized[1]), int(sized[2]), sized[6]
    if sized[3]:
        return parse_geometry(one, other, (int(sized[3]), int(sized[4])), numbers)
    if "nan" in numbers.lower() or re.search(r"(?<![^\s,])-(?![^\s,])", numbers):
        parse_geometry(one, other, None, numbers)  # says what nan means
    return Kernel(_shaped(one, other, numbers, f"{one}x{other}"))


def _lines(text: str) -> Rows:
    return [_numbers(line) for line in re.split(r"[;\n]", text) if line.strip()]


def _numbers(line: str) -> list[str]:
    if gap := re.search(r",\s*,|^\s*,", line):
        raise KernelError(
            f"a weight is missing at {gap[0].strip()!r}", hint="write 0 where it is 0"
        )
    return line.replace(",", " ").split()


def _groups(line: str) -> Rows:
    """Return the groups of a line such as ``0,-1,0 -1,5,-1 0,-1,0``, if they are equally long."""
    close = ",".join(part.strip() for part in line.split(","))
    groups = [group.split(",") for group in close.strip(" ;,").split()]
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


def _shaped(rows: int, columns: int, text: str, said: str) -> Rows:
    """Return the rows of a matrix of a known size, which marks of rows must agree with."""
    if not 0 < rows <= LARGEST_SIDE or not 0 < columns <= LARGEST_SIDE:
        raise KernelError(f"a kernel has from 1 to {LARGEST_SIDE} rows and columns")
    if rows * columns > LARGEST_TAP_COUNT:
        raise KernelError(f"a kernel has at most {LARGEST_TAP_COUNT} weights")
    lines = _lines(text)
    flat = [number for line in lines for number in line]
    if len(flat) != rows * columns:
        raise KernelError(f"{said} takes {rows * columns} numbers, not {len(flat)}")
    marked = lines if len(lines) > 1 else _groups(text)
    column_by_commas = columns == 1 < rows and len(lines) == 1 and "," in text and "+" not in said
    if column_by_commas or (marked and [len(row) for row in marked] != [columns] * rows):
        found = f"{len(marked) or 1}x{len(marked[0]) if marked else rows}"
        order = "columns x rows" if "+" in said else "rows x columns"
        raise KernelError(
            f"{said} is {order}, but the numbers stand as {found}",
            hint=f"write '{found}: ...' (rows first), or im: before ImageMagick's columns first",
        )
    return [flat[at : at + columns] for at in range(0, len(flat), columns)]
