"""Several kernels whose answers become one: compass sets and gradient magnitudes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from imgconv.model.errors import KernelError
from imgconv.model.kernel import Kernel


class Combine(Enum):
    """How the values of the members become one."""

    MAX = "max"
    MAX_ABS = "max_abs"
    ROOT_SUM_SQUARES = "root_sum_squares"
    SUM_ABS = "sum_abs"


class SetOutput(Enum):
    """What is written."""

    VALUE = "value"
    """The combined value."""
    INDEX = "index"
    """Which member was greatest (in magnitude, but for ``max``), counted from 0; the first wins."""
    ORIENTATION = "orientation"
    """The direction in which it gets brighter, from a pair of x and y kernels: clockwise from the
    x axis (y runs down), a full turn being the range of an integer type, or 360 for float32."""


@dataclass(frozen=True, slots=True)
class KernelSet:
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


Filter = Kernel | KernelSet
"""One stage of a recipe."""
