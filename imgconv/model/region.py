"""Where a recipe acts: rectangles, a mask, and how far the effect fades."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from imgconv.model.errors import ArgumentError

WHITE = 65535
"""The weight of a pixel that is filtered in full; weights are whole shares of it."""
MOST_FEATHER = 250
"""Up to this distance the distances are exact in float32."""
_GEOMETRY = re.compile(r"(\d+)x(\d+)\+(\d+)\+(\d+)")


class Region(NamedTuple):
    """A rectangle of an image.

    Attributes
    ----------
    row, column : int
        Of its first pixel, from 0.
    rows, columns : int
    """

    row: int
    column: int
    rows: int
    columns: int

    @classmethod
    def parse(cls, value: str | Sequence[int]) -> Region:
        """Read ``ROW,COL,ROWS,COLS``, four numbers, or ``WxH+X+Y`` as ImageMagick writes it.

        Raises
        ------
        ArgumentError
            For anything else, and for a rectangle without pixels.

        Examples
        --------
        >>> Region.parse("10,20,30,40") == Region.parse("40x30+20+10") == (10, 20, 30, 40)
        True
        """
        numbers = cls._numbers(value)
        if numbers is None or len(numbers) != 4:
            raise ArgumentError(
                f"region {value!r} is not a rectangle",
                hint="write ROW,COL,ROWS,COLS (10,20,30,40) or WxH+X+Y (40x30+20+10)",
            )
        region = cls(*numbers)
        if min(region.row, region.column) < 0 or min(region.rows, region.columns) < 1:
            raise ArgumentError(
                f"region {region.text} has no pixel in an image",
                hint="row and column are at least 0, rows and columns at least 1",
            )
        return region

    @staticmethod
    def _numbers(value: str | Sequence[int]) -> list[int] | None:
        if isinstance(value, str):
            if found := _GEOMETRY.fullmatch(value.strip()):
                columns, rows, column, row = (int(number) for number in found.groups())
                return [row, column, rows, columns]
            value = value.split(",")  # type: ignore[assignment]
        try:
            return [int(part) if isinstance(part, str) else operator.index(part) for part in value]
        except (TypeError, ValueError):
            return None

    @property
    def text(self) -> str:
        """The four numbers, as `parse` reads them."""
        return ",".join(map(str, self))

    def check_inside(self, rows: int, columns: int) -> None:
        """Check that the rectangle lies in an image.

        Raises
        ------
        ArgumentError
            When it does not.
        """
        if self.row + self.rows > rows or self.column + self.columns > columns:
            raise ArgumentError(
                f"region {self.text} reaches outside an image of {rows} x {columns}",
                hint="ROW,COL,ROWS,COLS count from the top left pixel, which is 0,0",
            )


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which pixels a recipe changes; everywhere where nothing is said.

    Attributes
    ----------
    regions : tuple of Region
        The pixels of all of them together.
    mask : str
        The name of a picture: white is filtered, black is not, gray is mixed in proportion. With
        regions, only their pixels count.
    mask_invert : bool
        Whether black and white of the mask are exchanged.
    feather : int
        Over how many pixels the effect fades, inwards from the edge of what is selected.

    Raises
    ------
    ArgumentError
        For a feather that is not from 0 to 250, or one without an edge.
    """

    regions: tuple[Region, ...] = ()
    mask: str = ""
    mask_invert: bool = False
    feather: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.feather <= MOST_FEATHER:
            raise ArgumentError(
                f"feather {self.feather} is not from 0 to {MOST_FEATHER}",
                hint="for a wider fade, blur the mask itself",
            )

    def check(self) -> None:
        """Check that what is said goes together.

        Raises
        ------
        ArgumentError
            For a feather without an edge, and an inverted mask where there is none.
        """
        if self.mask_invert and not self.mask:
            raise ArgumentError("mask-invert inverts a mask, and there is none", "add --mask FILE")
        if self.feather and not self.limits:
            raise ArgumentError(
                "feather fades the effect at the edge of a region or a mask, and there is none",
                hint="add --region ROW,COL,ROWS,COLS or --mask FILE",
            )

    @property
    def limits(self) -> bool:
        """Whether some pixels may be left as they are."""
        return bool(self.regions or self.mask)


EVERYWHERE = Selection()
