"""Pixels that do not count: which they are, and what becomes of the holes that they make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import parse_number
from imgconv.model.output import Depth

NAN, TAG = "nan", "tag"


@dataclass(frozen=True, kw_only=True)
class Nodata:
    """Which pixels do not count, in each channel by itself, and when a result does not.

    Attributes
    ----------
    value : str
        Pixels with it do not count: a number, ``nan``, or ``tag`` for what a TIFF says in GDAL's
        tag. "" for none.
    valid : str
        The name of a picture whose black pixels do not count, in any channel. "" for none.
    min_valid : Fraction
        The least share of a window, each tap by the magnitude of its weight, that must count.
    keep : bool
        Whether holes stay as they are; otherwise what a window reaches is filled.

    Raises
    ------
    ArgumentError
        For a share that is not from 0 to 1.
    """

    value: str = ""
    valid: str = ""
    min_valid: Fraction = Fraction(0)
    keep: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.min_valid <= 1:
            raise ArgumentError(
                f"min-valid {self.min_valid} is not from 0 to 1",
                hint="0.5 needs half of a window, 1 all of it",
            )

    @property
    def given(self) -> bool:
        """Whether anything says which pixels do not count."""
        return bool(self.value or self.valid)

    def check(self) -> None:
        """Check that what is said goes together.

        Raises
        ------
        ArgumentError
            For min-valid or nodata-keep where every pixel counts.
        """
        if not self.given and self != EVERY_PIXEL:
            raise ArgumentError(
                "min-valid and nodata-keep are about pixels that do not count, and all do",
                hint="add --nodata VALUE or --valid FILE",
            )

    def number(self, depth: Depth) -> float | int | None:
        """Return the value as one of a depth; None where there is none.

        Raises
        ------
        ArgumentError
            When the depth has no such value, or nobody read the tag.
        """
        if not self.value:
            return None
        if self.value == TAG:
            raise ArgumentError(
                "nodata tag means what the tag of a TIFF says, and nothing was read from one",
                hint="give the value: --nodata -9999",
            )
        if self.value == NAN:
            if depth is not Depth.F32:
                raise _not_of(self.value, depth)
            return math.nan
        exact = parse_number(self.value)
        if depth is Depth.F32:
            return float(exact)
        if exact.denominator != 1 or not depth.low <= exact <= depth.high:
            raise _not_of(self.value, depth)
        return int(exact)


EVERY_PIXEL = Nodata()


def _not_of(value: str, depth: Depth) -> ArgumentError:
    return ArgumentError(
        f"nodata {value} is not a value of a {depth.value} image",
        hint=f"choose a whole number from {depth.low} to {depth.high}",
    )


def parse_nodata(value: object) -> str:
    """Read a value of no data: ``nan``, ``tag`` or a number.

    Raises
    ------
    ArgumentError
        For anything else.

    Examples
    --------
    >>> parse_nodata(-9999), parse_nodata("NaN"), parse_nodata(0.5)
    ('-9999', 'nan', '0.5')
    """
    text = str(value).strip().lower()
    if text in (NAN, TAG):
        return text
    try:
        parse_number(text)
    except ArgumentError:
        raise ArgumentError(
            f"nodata {value!r} is not a value", hint="write nan, a number such as -9999, or tag"
        ) from None
    return text


def antisymmetric(weights: Sequence[Sequence[int]]) -> bool:
    """Return whether each weight has its opposite across the middle.

    Examples
    --------
    >>> antisymmetric([[-1, 0, 1]]), antisymmetric([[1, -2, 1]])
    (True, False)
    """
    flat = [weight for row in weights for weight in row]
    return all(one == -other for one, other in zip(flat, reversed(flat), strict=True))
