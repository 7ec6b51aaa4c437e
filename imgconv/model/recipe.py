"""A recipe: everything that happens to an image, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.geometry import OutputSize, Size
from imgconv.model.kernel_set import Filter
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.tone import Binarization, Gray


class Settings(NamedTuple):
    """How a kernel is applied: everything that `correlate` takes beside image and kernel."""

    border: Border = Border.REFLECT101
    border_value: int | float = 0
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    size: Size = OutputSize.SAME
    depth: Depth | None = None
    rounding: Rounding = Rounding.HALF_EVEN
    output_range: OutputRange = OutputRange.SATURATE
    white: int | None = None
    """What ``OutputRange.FULL`` takes for white; default that of the image's type."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What happens to an image, in this order.

    Gray; black and white, unless `binarize_after`; negative; the kernels, one after the other;
    black and white (and then the negative) where `binarize_after` puts it last.

    Attributes
    ----------
    kernels : tuple of Kernel or KernelSet
        Applied in order, each with the same border, stride, dilation and size.
    convolve : bool
        Whether kernels are flipped first.
    anchor : (int, int), optional
        In place of every kernel's own.
    fuse : bool
        Whether neighbouring kernels become one where that changes no bit.
    alpha : Alpha
        How the kernels treat transparency.
    linear : bool
        Whether the kernels see linear light instead of sRGB values.
    gray : Gray, optional
    binarize : Binarization, optional
        Makes colour gray too.
    binarize_after, invert : bool
    settings : Settings
        The output range applies to the last kernel. So does a depth that cannot hold every value
        of the image; a depth that can is used from the first kernel on, so that nothing between
        them is clipped to the image's type.
    """

    kernels: tuple[Filter, ...] = ()
    convolve: bool = False
    anchor: tuple[int, int] | None = None
    fuse: bool = False
    alpha: Alpha = Alpha.AUTO
    linear: bool = False
    gray: Gray | None = None
    binarize: Binarization | None = None
    binarize_after: bool = False
    invert: bool = False
    settings: Settings = field(default_factory=Settings)

    def without_tone(self) -> Recipe:
        """Return the recipe for an image to which the tone was done already."""
        return replace(self, gray=None, binarize=None, binarize_after=False, invert=False)

    def stages(self, depth: Depth) -> list[tuple[Filter, Settings]]:
        """Return each kernel as it is correlated with an image of this depth, with its settings."""
        if depth not in self._stages:
            self._stages[depth] = self._new_stages(depth)
        return self._stages[depth]

    def _new_stages(self, depth: Depth) -> list[tuple[Filter, Settings]]:
        asked = self.settings.depth or depth
        between = self.settings._replace(
            depth=asked if asked.holds(depth) else depth,
            output_range=OutputRange.SATURATE,
        )
        kernels, _ = self.chain(depth)
        stages = [(kernel, between) for kernel in kernels[:-1]]
        return stages + [
            (kernel, self.settings._replace(depth=asked, white=depth.high))
            for kernel in kernels[-1:]
        ]

    def chain(self, depth: Depth) -> tuple[list[Filter], list[str]]:
        """Return the kernels as they are correlated, and what fusing did to them, in words."""
        if depth not in self._chains:
            self._chains[depth] = self._chain(depth)
        return self._chains[depth]

    @cached_property
    def _stages(self) -> dict[Depth, list[tuple[Filter, Settings]]]:
        """Stages by depth, which every picture of a folder asks for."""
        return {}

    @cached_property
    def _chains(self) -> dict[Depth, tuple[list[Filter], list[str]]]:
        """Chains by depth, kept so that the next picture finds prepared kernels."""
        return {}

    def _chain(self, depth: Depth) -> tuple[list[Filter], list[str]]:
        kernels = [self._placed(kernel) for kernel in self.kernels]
        if not self.fuse:
            return kernels, []
        from imgconv.model.fusion import fused

        asked = self.settings.depth or depth
        return fused(kernels, self.settings, depth, asked if asked.holds(depth) else depth)

    def _placed(self, kernel: Filter) -> Filter:
        placed = kernel if self.anchor is None else kernel.anchored(self.anchor)
        return placed.flipped() if self.convolve else placed
