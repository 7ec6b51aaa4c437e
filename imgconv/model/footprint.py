"""Footprints: which pixels of a window count, and by how much they are raised."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cached_property
from typing import Any, SupportsIndex

from imgconv.model.anchor import checked_anchor
from imgconv.model.errors import ArgumentError, KernelError, LimitError
from imgconv.model.numbers import parse_number

_LARGEST = 1 << 12
_HIGHEST = 1 << 20

Offset = tuple[int, int]
"""Row and column."""


class FootprintShape(Enum):
    """Shapes of a stated size; the value is the name on the command line."""

    BOX = "box"
    """All pixels."""
    DISK = "disk"
    """Pixels no further from the centre than the innermost ones of the outermost rows."""
    CROSS = "cross"
    """The row and the column of the anchor."""
    DIAMOND = "diamond"
    """As the disk, with distances counted along rows and columns."""


@dataclass(frozen=True)
class Footprint:
    """The pixels of a window that count, as a rectangle of yes and no.

    Parameters
    ----------
    rows : tuple of tuples of bool
        At least one is true. Use `Footprint.of` and `Footprint.shaped` to make one.
    anchor : (int, int)
        Row and column of the pixel that gets the result.
    heights : tuple of tuples of Fraction, optional
        What dilation adds to each pixel and erosion subtracts; without them all are 0.
    """

    rows: tuple[tuple[bool, ...], ...]
    anchor: Offset
    heights: tuple[tuple[Fraction, ...], ...] | None = None

    @classmethod
    def of(
        cls,
        support: Iterable[Iterable[object]],
        anchor: Sequence[int] | None = None,
        heights: Iterable[Iterable[object]] | None = None,
    ) -> Footprint:
        """Return the footprint of the places where an array is not zero.

        Parameters
        ----------
        support : array_like of shape (rows, columns)
        anchor : (int, int), optional
            Default the middle, ``k // 2``.
        heights : array_like of the same shape, optional

        Raises
        ------
        KernelError
            For an array without a true value, or that is not a rectangle.
        ArgumentError
            For an anchor outside.

        Examples
        --------
        >>> Footprint.of([[0, 1], [1, 1]]).taps
        ((0, 1), (1, 0), (1, 1))
        """
        rows = tuple(tuple(bool(value) for value in row) for row in _nested(support, "footprint"))
        _check_rectangle(rows, "footprint")
        if not any(map(any, rows)):
            raise KernelError(
                "a footprint needs at least one pixel that counts", hint="make one value 1"
            )
        raised = None
        if heights is not None:
            raised = tuple(
                tuple(Fraction(parse_number(value)) for value in row)
                for row in _nested(heights, "heights")
            )
            _check_rectangle(raised, "heights")
            if (len(raised), len(raised[0])) != (len(rows), len(rows[0])):
                raise KernelError(
                    f"heights of {len(raised)} x {len(raised[0])} do not fit a footprint of "
                    f"{len(rows)} x {len(rows[0])}"
                )
            if max(abs(value) for row in raised for value in row) > _HIGHEST:
                raise LimitError(f"a height is beyond {_HIGHEST}")
        return cls(
            rows,
            checked_anchor(anchor, (len(rows), len(rows[0])), "footprint", ArgumentError),
            raised,
        )

    @classmethod
    def shaped(
        cls,
        shape: FootprintShape,
        rows: int,
        columns: int | None = None,
        anchor: Sequence[int] | None = None,
    ) -> Footprint:
        """Return a box, disk, cross or diamond of a size.

        Disks and diamonds of odd sizes are those of ``skimage.morphology``.

        Raises
        ------
        ArgumentError
            For a size below 1, or a disk or diamond that is not as wide as high.

        Examples
        --------
        >>> Footprint.shaped(FootprintShape.DIAMOND, 3).taps
        ((0, 1), (1, 0), (1, 1), (1, 2), (2, 1))
        """
        columns = rows if columns is None else columns
        for size in (rows, columns):
            if size < 1:
                raise ArgumentError(f"size {size} of a footprint is below 1")
            if size > _LARGEST:
                raise LimitError(f"size {size} of a footprint is above the limit of {_LARGEST}")
        at = checked_anchor(anchor, (rows, columns), "footprint", ArgumentError)
        if shape in (FootprintShape.DISK, FootprintShape.DIAMOND) and rows != columns:
            raise ArgumentError(
                f"a {shape.value} is as wide as high, not {rows} x {columns}",
                hint="give one size, or use a box or a cross",
            )
        if shape is FootprintShape.BOX:
            return cls(((True,) * columns,) * rows, at)
        counts = _rule(shape, rows, at)
        return cls(tuple(tuple(counts(r, c) for c in range(columns)) for r in range(rows)), at)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.rows[0])

    @cached_property
    def taps(self) -> tuple[Offset, ...]:
        """Row and column of each pixel that counts."""
        return tuple((r, c) for r, row in enumerate(self.rows) for c, on in enumerate(row) if on)

    @property
    def is_box(self) -> bool:
        """Whether every pixel counts and none is raised."""
        return all(map(all, self.rows)) and not self.is_raised

    @property
    def is_raised(self) -> bool:
        """Whether a height is not 0."""
        return self.heights is not None and any(map(any, self.heights))

    def reflected(self) -> Footprint:
        """Return the footprint turned by 180 degrees about its anchor."""
        (rows, columns), (row, column) = self.shape, self.anchor
        return Footprint(
            _turned(self.rows),
            (rows - 1 - row, columns - 1 - column),
            None if self.heights is None else _turned(self.heights),
        )

    def spaced(self, rows: int, columns: int) -> Footprint:
        """Return the footprint with its pixels so many rows and columns apart (dilation).

        Examples
        --------
        >>> Footprint.of([[1, 1]]).spaced(1, 3)
        Footprint(rows=((True, False, False, True),), anchor=(0, 3), heights=None)
        """
        if (rows, columns) == (1, 1):
            return self
        anchor = (self.anchor[0] * rows, self.anchor[1] * columns)
        heights = None if self.heights is None else _spread(self.heights, rows, columns, Fraction())
        return Footprint(_spread(self.rows, rows, columns, False), anchor, heights)


def _rule(shape: FootprintShape, size: int, anchor: Offset) -> Callable[[int, int], bool]:
    """Return what decides whether a pixel counts; distances are in halves of a pixel."""
    reach, middle = size - 1, 1 - size % 2  # of the outermost row, and of its innermost pixels
    match shape:
        case FootprintShape.CROSS:
            return lambda row, column: row == anchor[0] or column == anchor[1]
        case FootprintShape.DISK:
            limit = reach**2 + middle**2
            return lambda row, column: (2 * row - reach) ** 2 + (2 * column - reach) ** 2 <= limit
        case _:
            limit = reach + middle
            return lambda row, column: abs(2 * row - reach) + abs(2 * column - reach) <= limit


def _nested(values: Iterable[Iterable[object]], what: str) -> list[list[object]]:
    try:
        return [list(row) for row in values]
    except TypeError:
        raise KernelError(f"a {what} is a table of rows and columns") from None


def _check_rectangle(rows: Sequence[Sequence[object]], what: str) -> None:
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise KernelError(f"the rows of a {what} have the same length, at least 1")
    if max(len(rows), len(rows[0])) > _LARGEST:
        raise LimitError(f"a {what} has at most {_LARGEST} rows and columns")


def _turned(rows: tuple[tuple[Any, ...], ...]) -> tuple[tuple[Any, ...], ...]:
    return tuple(row[::-1] for row in rows[::-1])


def _spread(
    rows: tuple[tuple[Any, ...], ...], by_rows: int, by_columns: int, empty: object
) -> tuple[tuple[Any, ...], ...]:
    height, width = (len(rows) - 1) * by_rows + 1, (len(rows[0]) - 1) * by_columns + 1
    if max(height, width) > _LARGEST:
        raise LimitError(f"a footprint reaches over at most {_LARGEST} rows and columns")
    return tuple(
        tuple(
            rows[r // by_rows][c // by_columns] if r % by_rows == c % by_columns == 0 else empty
            for c in range(width)
        )
        for r in range(height)
    )


def footprint_size(value: int | str | Sequence[SupportsIndex]) -> tuple[int, int]:
    """Read ``5`` or ``3x7``: rows and columns of a footprint.

    Raises
    ------
    ArgumentError
        For anything else.

    Examples
    --------
    >>> footprint_size("3x7"), footprint_size(5)
    ((3, 7), (5, 5))
    """
    wrong = ArgumentError(
        f"{value!r} is not a size", hint="give one whole number, or rows x columns: 3x7"
    )
    parts: Sequence[Any] = value.lower().split("x") if isinstance(value, str) else (
        [value] if isinstance(value, int) else value
    )  # fmt: skip
    try:
        sizes = [int(part) if isinstance(part, str) else operator.index(part) for part in parts]
    except (TypeError, ValueError):
        raise wrong from None
    if len(sizes) not in (1, 2) or min(sizes) < 1:
        raise wrong
    return sizes[0], sizes[-1]
