"""Steps that put the pixels of a window in order."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import Rational
from imgconv.model.output import Depth
from imgconv.model.steps.base import Form, Peer, WindowRule
from imgconv.model.steps.windowed import Windowed


@dataclass(frozen=True)
class OrderStatistic(Windowed):
    """Take one value of the window's pixels in order, by the nearest rank.

    Of n values it is number ``ceil(share * n)``, the first for 0.
    """

    @property
    def share(self) -> Fraction:
        """Which one, from 0 (the least) to 1 (the greatest)."""
        return Fraction(1, 2)

    @property
    def window_rule(self) -> WindowRule | None:
        """Its kind and share."""
        rule = super().window_rule
        return rule and rule._replace(share=self.share)

    def opencv(self, before: Form) -> Peer:
        """Return ``cv2.erode``, ``cv2.dilate`` or ``cv2.medianBlur``, where there is one."""
        if self.share in (0, 1):
            return Peer("cv2.dilate" if self.share else "cv2.erode")
        if self.share != Fraction(1, 2):
            return Peer(why_not="OpenCV has no rank filter but the median")
        rows, columns = self.window.shape
        if not self.window.is_box or rows != columns or rows % 2 == 0:
            return Peer(why_not="cv2.medianBlur has only square windows of odd size")
        if rows > 5 and before.depth is not Depth.U8:
            return Peer(why_not="cv2.medianBlur takes larger windows than 5 x 5 on 8 bits alone")
        return Peer("cv2.medianBlur")


@dataclass(frozen=True)
class Median(OrderStatistic):
    """Take the median; of an even number of pixels the lower one in the middle."""

    kind: ClassVar[str] = "median"


@dataclass(frozen=True)
class Rank(OrderStatistic):
    """Take the value at a percentile.

    Attributes
    ----------
    percentile : int or Fraction
        From 0 to 1.
    """

    kind: ClassVar[str] = "rank"
    positional: ClassVar[tuple[str, ...]] = ("size", "percentile")

    percentile: Rational = Fraction(1, 2)

    def __post_init__(self) -> None:
        if not 0 <= self.percentile <= 1:
            raise ArgumentError(
                f"percentile {self.percentile} is not from 0 to 1",
                hint="0 is the least value, 0.5 the median",
            )
        super().__post_init__()

    @property
    def share(self) -> Fraction:
        """The percentile."""
        return Fraction(self.percentile)


@dataclass(frozen=True)
class Minimum(OrderStatistic):
    """Take the least value."""

    kind: ClassVar[str] = "min"

    @property
    def share(self) -> Fraction:
        """The first."""
        return Fraction(0)


@dataclass(frozen=True)
class Maximum(OrderStatistic):
    """Take the greatest value; the footprint is not turned, as it is by ``dilate``."""

    kind: ClassVar[str] = "max"

    @property
    def share(self) -> Fraction:
        """The last."""
        return Fraction(1)


@dataclass(frozen=True)
class Range(Windowed):
    """Take the greatest value minus the least; int16 is clamped."""

    kind: ClassVar[str] = "range"

    def opencv(self, before: Form) -> Peer:
        """Return the gradient of ``cv2.morphologyEx``."""
        del before
        return Peer("cv2.morphologyEx")


@dataclass(frozen=True)
class Midpoint(Windowed):
    """Take the middle of the least and the greatest value, rounded as the settings say."""

    kind: ClassVar[str] = "midpoint"


@dataclass(frozen=True)
class Mode(Windowed):
    """Take the most frequent value, the least where several are."""

    kind: ClassVar[str] = "mode"
