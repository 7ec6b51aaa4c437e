"""Steps that put the pixels of a window in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import LARGEST_SIDE
from imgconv.model.output import Depth
from imgconv.model.steps.base import Extent, Form, Peer, Step

_WIDEST = 4  # bytes of a value


@dataclass(frozen=True)
class Median(Step):
    """Take the median of a square window: as many of its pixels are less as are greater.

    Attributes
    ----------
    size : int
        Side of the window, odd.
    anchor : (int, int), optional
        Row and column in the window that lies on the output pixel; default the middle.
    """

    kind: ClassVar[str] = "median"

    size: int = 3
    anchor: tuple[int, int] | None = field(default=None, metadata={"option": False})

    def __post_init__(self) -> None:
        if self.size % 2 == 0 or not 1 <= self.size <= LARGEST_SIDE:
            raise ArgumentError(f"size is {self.size}; it is odd and from 1 to {LARGEST_SIDE}")
        if self.anchor is not None and not all(0 <= at < self.size for at in self.anchor):
            raise ArgumentError(
                f"anchor {self.anchor[0]},{self.anchor[1]} is not inside a window of "
                f"{self.size} x {self.size}"
            )

    @property
    def extents(self) -> tuple[Extent, ...]:
        """The window."""
        middle = self.size // 2
        return (Extent(self.size, self.size, self.anchor or (middle, middle)),)

    def anchored(self, anchor: tuple[int, int]) -> Median:
        """Return the step with another anchor."""
        return replace(self, anchor=anchor)

    def flipped(self) -> Median:
        """Return the step with its anchor turned by 180 degrees."""
        row, column = self.extents[0].anchor
        return replace(self, anchor=(self.size - 1 - row, self.size - 1 - column))

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of the input with its border, and of the medians before a stride."""
        return 2 * _WIDEST * after.values

    def opencv(self, before: Form) -> Peer:
        """Return ``cv2.medianBlur``, where it takes the type."""
        if before.depth is Depth.U8 or (before.depth is not Depth.I16 and self.size <= 5):
            return Peer("cv2.medianBlur")
        return Peer(why_not="cv2.medianBlur takes larger windows than 5 x 5 on 8 bits alone")
