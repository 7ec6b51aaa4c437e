"""Where a recipe acts: rectangles, a mask, and how far the effect fades."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from imgconv.model.errors import ArgumentError

WHITE = 65535
"""The weight of a pixel that is filtered in full; weights are whole shares of it."""
MOST_FEATHER = 250
"""Up to this distance the distances are exact in float32."""
COLOURS = ("red", "green", "blue")
MEANS = ("luma", "luma:bt709", "lightness", "value")
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


class Sees(Enum):
    """Which pixels take part in what is made of the selected ones."""

    ALL = "all"
    """All that the windows reach."""
    REGION = "region"
    """Only selected ones: nothing leaks over the edge of a region or of a mask."""


def parse_channels(value: str | Sequence[str]) -> tuple[str, ...]:
    """Read channels: ``red,blue``, ``alpha``, or one of ``luma``, ``lightness`` and ``value``.

    Raises
    ------
    ArgumentError
        For another word, one that is there twice, and a mean of colours beside others.

    Examples
    --------
    >>> parse_channels("blue, alpha"), parse_channels("luma:bt601")
    (('blue', 'alpha'), ('luma',))
    """
    words = value.split(",") if isinstance(value, str) else list(value)
    names = [str(word).strip().lower() for word in words]
    names = ["luma" if name == "luma:bt601" else name for name in names]
    known = (*COLOURS, "alpha", *MEANS)
    for name in names:
        if name not in known:
            raise ArgumentError(
                f"no channel is called {name!r}", hint=f"choose from {', '.join(known)}"
            )
    if len(set(names)) < len(names):
        raise ArgumentError(f"channels {','.join(names)} name one twice")
    means = [name for name in names if name in MEANS]
    if means and len(names) > 1:
        raise ArgumentError(
            f"{means[0]} is made of all colours, so it is filtered alone",
            hint=f"write channels={means[0]}, or name colours: red,green",
        )
    return tuple(names)


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
    channels : tuple of str
        The channels that are filtered, each by itself as a gray image; the others are kept. Empty
        for all of them together.
    sees : Sees
        Which pixels take part.

    Raises
    ------
    ArgumentError
        For a feather that is not from 0 to 250, or one without an edge.
    """

    regions: tuple[Region, ...] = ()
    mask: str = ""
    mask_invert: bool = False
    feather: int = 0
    channels: tuple[str, ...] = ()
    sees: Sees = Sees.ALL

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

        if self.sees is Sees.REGION and not self.limits:
            raise ArgumentError(
                "sees region leaves out what is not selected, and everything is",
                hint="add --region ROW,COL,ROWS,COLS or --mask FILE",
            )

    @property
    def limits(self) -> bool:
        """Whether some pixels may be left as they are."""
        return bool(self.regions or self.mask)


EVERYWHERE = Selection()
