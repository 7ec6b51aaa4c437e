"""Several kernels whose answers become one: compass sets and gradient magnitudes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar

from imgconv.model.alpha import Alpha
from imgconv.model.errors import KernelError
from imgconv.model.kernel import Kernel, as_kernel
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Extent, Form, Obstacle, Peer, Step
from imgconv.model.steps.sums import stretch_obstacle, stretches, sums_scratch


class Combine(Enum):
    """How the values of the members become one."""

    MAX = "max"
    MAX_ABS = "max_abs"
    ROOT_SUM_SQUARES = "root_sum_squares"
    SUM_ABS = "sum_abs"


_MEMBER_BYTES = 16  # for a value of one member: its sum, widened and combined


class SetOutput(Enum):
    """What is written."""

    VALUE = "value"
    """The combined value."""
    INDEX = "index"
    """Which member was greatest (in magnitude, but for ``max``), counted from 0; the first wins."""
    ORIENTATION = "orientation"
    """The direction in which it gets brighter, from a pair of x and y kernels: clockwise from the
    x axis (y runs down), a full turn being the range of an integer type, or 360 for float32."""


@dataclass(frozen=True)
class KernelSet(Step):
    """Kernels that a recipe applies at once.

    Attributes
    ----------
    kernels : tuple of Kernel
        Two or more, without offsets.
    combine : Combine
    output : SetOutput
    name, source, description : str

    Examples
    --------
    >>> pair = Kernel([[-1, 0, 1]]), Kernel([[-1], [0], [1]])
    >>> KernelSet(pair, Combine.ROOT_SUM_SQUARES).shape
    (3, 3)
    """

    kind: ClassVar[str] = "set"

    kernels: tuple[Kernel, ...]
    combine: Combine
    output: SetOutput = SetOutput.VALUE
    name: str = ""
    source: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        if len(self.kernels) < 2:
            raise KernelError(f"a set needs two kernels or more, not {len(self.kernels)}")
        for kernel in self.kernels:
            if kernel.offset:
                raise KernelError(f"kernel {kernel.name} of a set has an offset; it cannot")
        if self.output is SetOutput.ORIENTATION and len(self.kernels) != 2:
            raise KernelError("orientation needs a set of two kernels: x and y")

    @property
    def shape(self) -> tuple[int, int]:
        """The most rows and the most columns of any member."""
        rows, columns = zip(*(kernel.shape for kernel in self.kernels), strict=True)
        return max(rows), max(columns)

    def flipped(self) -> KernelSet:
        """Return the set of flipped kernels."""
        return replace(self, kernels=tuple(kernel.flipped() for kernel in self.kernels))

    def anchored(self, anchor: Sequence[int]) -> KernelSet:
        """Return the set with another anchor in every kernel."""
        return replace(self, kernels=tuple(kernel.anchored(anchor) for kernel in self.kernels))

    def named(self, name: str) -> KernelSet:
        """Return the same set under another name."""
        return replace(self, name=name)

    def divided(self, unit: int) -> KernelSet:
        """Return the set with every weight divided by a number."""
        members = tuple(kernel.divided(unit) for kernel in self.kernels)
        return KernelSet(members, self.combine, self.output, self.name)

    @property
    def extents(self) -> tuple[Extent, ...]:
        """The windows of its members."""
        return tuple(Extent(*kernel.shape, kernel.anchor) for kernel in self.kernels)

    @property
    def makes_sums(self) -> bool:
        """Whether depth, range and rounding are applied by it."""
        return True

    @property
    def members(self) -> tuple[Kernel, ...]:
        """The kernels."""
        return self.kernels

    @property
    def choices(self) -> int | None:
        """How many kernels there are, where the output says which one answered most."""
        return len(self.kernels) if self.output is SetOutput.INDEX else None

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of each member's sums, and of products with alpha."""
        each = _MEMBER_BYTES * (len(self.kernels) + 1)
        return each * after.values + sums_scratch(before, after)

    def obstacle(self, before: Form, settings: Settings, alpha: Alpha) -> Obstacle | None:
        """Return why it cannot run on bands: a stretch of weighed colours."""
        return stretch_obstacle(before, settings, alpha)

    def surveys(self, before: Form, settings: Settings) -> bool:
        """Return whether the least and the greatest value must be known first."""
        return stretches(settings)

    def opencv(self, before: Form) -> Peer:
        """Return ``cv2.filter2D``."""
        return Peer("cv2.filter2D")

    @property
    def spec(self) -> str:
        """Its name."""
        return self.name

    @property
    def exact(self) -> tuple[str, ...]:
        """How the members are combined, and each member."""
        members = [line for kernel in self.kernels for line in kernel.exact]
        return (f"{self.combine.value} {self.output.value}", *members, "end")


def as_sums(step: Step, spec: str = "") -> Kernel | KernelSet:
    """Return a step that must be a kernel or a set of them.

    Raises
    ------
    KernelError
        When it makes no sums of weights.
    """
    return step if isinstance(step, KernelSet) else as_kernel(step, spec)
