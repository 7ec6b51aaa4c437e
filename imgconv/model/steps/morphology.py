"""Steps of morphology: erosion, dilation, and what they are composed to.

Dilation turns the footprint by 180 degrees, erosion does not (Serra 1982). The image is continued
by its border once; erosions and dilations follow one another on the continued image.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from imgconv.model.errors import ArgumentError, KernelError, LimitError
from imgconv.model.footprint import Footprint
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth
from imgconv.model.steps.base import Extent, Form, Peer, WindowRule
from imgconv.model.steps.windowed import Windowed, WithFootprint

_LARGEST = 1 << 12
_LONE = "-1 -1 -1; -1 1 -1; -1 -1 -1"


@dataclass(frozen=True)
class Morphology(WithFootprint):
    """An operation of morphology.

    Attributes
    ----------
    iterations : int
        How many erosions or dilations stand in place of each.
    """

    positional: ClassVar[tuple[str, ...]] = ("size", "iterations")
    call: ClassVar[str] = "cv2.morphologyEx"
    passes: ClassVar[tuple[int, int]] = (1, 0)
    """How many erosions and dilations follow one another; (-1, -1) where they stand beside."""

    iterations: int = 1

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise ArgumentError(f"iterations is {self.iterations}; it is at least 1")
        super().__post_init__()
        if (not self.footprint or self.given) and max(self.extents[0][:2]) > _LARGEST:
            raise LimitError(
                f"{self.kind} reaches over more than {_LARGEST} pixels",
                hint="take fewer iterations or a smaller footprint",
            )

    @property
    def window_rule(self) -> WindowRule | None:
        """Its kind and iterations."""
        rule = super().window_rule
        return rule and rule._replace(iterations=self.iterations)

    @property
    def extents(self) -> tuple[Extent, ...]:
        """The window of all passes together."""
        (rows, columns), (row, column) = self.window.shape, self.window.anchor
        down = _reach(rows, row, self.passes, self.iterations)
        across = _reach(columns, column, self.passes, self.iterations)
        return (Extent(sum(down) + 1, sum(across) + 1, (down[0], across[0])),)

    def opencv(self, before: Form) -> Peer:
        """Return the function of OpenCV, which has flat footprints only."""
        del before
        if self.weighted:
            return Peer(why_not="OpenCV has no heights")
        return Peer(self.call)


def _reach(size: int, anchor: int, passes: tuple[int, int], times: int) -> tuple[int, int]:
    """Return how many pixels before and after the output pixel are read."""
    before, after = anchor, size - 1 - anchor
    if passes == (-1, -1):
        return (times * max(before, after),) * 2
    eroded, dilated = passes
    return (
        times * (eroded * before + dilated * after),
        times * (eroded * after + dilated * before),
    )


@dataclass(frozen=True)
class Erode(Morphology):
    """Take the least value over the footprint."""

    kind: ClassVar[str] = "erode"
    call: ClassVar[str] = "cv2.erode"


@dataclass(frozen=True)
class Dilate(Morphology):
    """Take the greatest value over the turned footprint."""

    kind: ClassVar[str] = "dilate"
    call: ClassVar[str] = "cv2.dilate"
    passes: ClassVar[tuple[int, int]] = (0, 1)


@dataclass(frozen=True)
class Open(Morphology):
    """Erode, then dilate: what is bright and smaller than the footprint goes."""

    kind: ClassVar[str] = "open"
    passes: ClassVar[tuple[int, int]] = (1, 1)


@dataclass(frozen=True)
class Close(Morphology):
    """Dilate, then erode: what is dark and smaller than the footprint goes."""

    kind: ClassVar[str] = "close"
    passes: ClassVar[tuple[int, int]] = (1, 1)


@dataclass(frozen=True)
class MorphGradient(Morphology):
    """Take the dilation minus the erosion."""

    kind: ClassVar[str] = "morph_gradient"
    passes: ClassVar[tuple[int, int]] = (-1, -1)


@dataclass(frozen=True)
class InnerGradient(Morphology):
    """Take the image minus its erosion."""

    kind: ClassVar[str] = "inner_gradient"

    def opencv(self, before: Form) -> Peer:
        """Return that there is none."""
        return Peer(why_not="OpenCV has the whole gradient only")


@dataclass(frozen=True)
class OuterGradient(Morphology):
    """Take the dilation minus the image."""

    kind: ClassVar[str] = "outer_gradient"
    passes: ClassVar[tuple[int, int]] = (0, 1)

    def opencv(self, before: Form) -> Peer:
        """Return that there is none."""
        return Peer(why_not="OpenCV has the whole gradient only")


@dataclass(frozen=True)
class TopHat(Morphology):
    """Take the image minus its opening."""

    kind: ClassVar[str] = "top_hat"
    passes: ClassVar[tuple[int, int]] = (1, 1)


@dataclass(frozen=True)
class BlackHat(Morphology):
    """Take the closing minus the image."""

    kind: ClassVar[str] = "black_hat"
    passes: ClassVar[tuple[int, int]] = (1, 1)


@dataclass(frozen=True)
class HitOrMiss(Windowed):
    """Take the least of the hits minus the greatest of the misses, or 0.

    The footprint's kernel says which: positive weights are hits, negative ones misses.

    Attributes
    ----------
    pattern : tuple of tuples of int
        1, -1 and 0, for `given`.
    """

    kind: ClassVar[str] = "hit_or_miss"
    positional: ClassVar[tuple[str, ...]] = ("footprint",)

    footprint: str = _LONE
    pattern: tuple[tuple[int, ...], ...] = field(default=(), metadata={"option": False})

    def __post_init__(self) -> None:
        if self.footprint == _LONE and self.given is None:
            object.__setattr__(self, "given", Footprint.of([[1] * 3] * 3))
            object.__setattr__(self, "pattern", ((-1,) * 3, (-1, 1, -1), (-1,) * 3))
        super().__post_init__()

    def with_kernel(self, kernel: Kernel) -> HitOrMiss:
        """Return the step with the hits and misses of a kernel.

        Raises
        ------
        KernelError
            For a kernel without a positive weight.
        """
        signs = tuple(tuple((w > 0) - (w < 0) for w in row) for row in kernel.weights)
        if kernel.scale < 0:
            signs = tuple(tuple(-sign for sign in row) for row in signs)
        if not any(sign > 0 for row in signs for sign in row):
            raise KernelError(
                "a pattern needs at least one positive weight, a pixel to hit",
                hint="invert the image and the signs to look for dark pixels only",
            )
        return replace(self, given=Footprint.of(signs, kernel.anchor), pattern=signs)

    @property
    def signs(self) -> tuple[tuple[int, ...], ...]:
        """The pattern, turned where the step is."""
        if not self.turned:
            return self.pattern
        return tuple(row[::-1] for row in self.pattern[::-1])

    @property
    def drawing(self) -> tuple[tuple[str, ...], ...]:
        """The pattern: 1 for a hit, -1 for a miss, a point for what does not matter."""
        return tuple(tuple(str(sign) if sign else "." for sign in row) for row in self.signs)

    def part(self, sign: int) -> Footprint | None:
        """Return the footprint of the hits (1) or of the misses (-1); None where there are none."""
        chosen = [[value == sign for value in row] for row in self.signs]
        return Footprint.of(chosen, self.window.anchor) if any(map(any, chosen)) else None

    @property
    def exact(self) -> tuple[str, ...]:
        """The spec and the signs."""
        signs = "; ".join(" ".join(map(str, row)) for row in self.pattern)
        return (*super().exact, f"pattern {signs}")

    def opencv(self, before: Form) -> Peer:
        """Return ``cv2.morphologyEx``, which knows black and white bytes."""
        if before.depth is not Depth.U8 or before.values != 1:
            return Peer(why_not="cv2.morphologyEx finds patterns in gray bytes only")
        note = "it looks for patterns in black and white; of grays it makes something else"
        return Peer("cv2.morphologyEx", note=note)
