"""What was found of how a picture was made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.kernel import Kernel, as_kernel
from imgconv.model.numbers import format_number
from imgconv.model.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Known:
    """A step that may have been used, and how it is written behind ``-k``."""

    name: str
    step: Any

    @property
    def kernel(self) -> Kernel | None:
        """The step where it is a kernel."""
        return as_kernel(self.step) if self.step.is_linear else None

    @property
    def is_identity(self) -> bool:
        """Whether the step is a kernel that leaves a picture as it is."""
        return self.kernel is not None and is_identity(self.kernel)

    @cached_property
    def floats(self) -> NDArray[np.float64]:
        """The weights of a kernel, its scale included."""
        return as_floats(self.step)


def is_identity(kernel: Kernel) -> bool:
    """Return whether a kernel leaves a picture as it is."""
    row, column = kernel.anchor
    alone = sum(1 for line in kernel.weights for weight in line if weight) == 1
    return alone and kernel.weights[row][column] * kernel.scale == 1 and not kernel.offset


def as_floats(kernel: Kernel) -> NDArray[np.float64]:
    """Return the weights of a kernel, its scale included."""
    scale = float(kernel.scale)
    return np.array([[float(w) * scale for w in row] for row in kernel.weights])


class Equality(NamedTuple):
    """How well a recipe reproduces a picture, measured on every value of it.

    Attributes
    ----------
    equal_share : float
        Of the pixels, those that are equal in every channel.
    max_abs_diff : float
    where : (int, int), optional
        Row and column of the greatest difference; None where there is none.
    near_share : float
        Of the pixels, those that differ by one level at most.
    """

    equal_share: float
    max_abs_diff: float
    where: tuple[int, int] | None
    near_share: float


class Alternative(NamedTuple):
    """Another recipe, and the share of pixels that it reproduces on the part it was tried on."""

    name: str
    equal_share: float


class Tool(NamedTuple):
    """A call of another tool that was run and reproduced every pixel.

    Attributes
    ----------
    call : str
        In Python, without the picture.
    habit : str
        Why no recipe has the same bits.
    """

    call: str
    habit: str


class Compressed(NamedTuple):
    """What is known of a linear filter whose result was compressed.

    Attributes
    ----------
    confidence : float
        With which each weight lies in its interval, and the name, if there is one, is right.
    intervals : tuple of tuple of (float, float)
    origin : (int, int)
        Row and column, relative to the output pixel, where intervals begin.
    nearest : tuple of (str, float)
        Names, each with the logarithm of its likelihood relative to the best weights.
    """

    confidence: float
    intervals: tuple[tuple[tuple[float, float], ...], ...]
    origin: tuple[int, int]
    nearest: tuple[tuple[str, float], ...]

    def as_dict(self) -> dict[str, object]:
        """Return the report as JSON has it."""
        named = [{"name": name, "log_likelihood": value} for name, value in self.nearest]
        return {**self._asdict(), "nearest": named}


@dataclass(frozen=True)
class Recovery:
    """The recipe that reproduces a picture best, and how well it does.

    Attributes
    ----------
    recipe : Recipe
    equality : Equality
    name : str, optional
        What the bank, or a generator with parameters, calls what was done.
    kernel : Kernel, optional
        The weights, where one kernel was found.
    alternatives : tuple of Alternative
    notes : tuple of str
    tool : Tool, optional
        Where the recipe leaves a difference and another tool's call does not.
    rim : str, optional
        What became of the border, where the recipe reproduces all other pixels.
    compressed : Compressed, optional
        Where the picture after was compressed with loss.
    """

    recipe: Recipe
    equality: Equality
    name: str | None = None
    kernel: Kernel | None = None
    alternatives: tuple[Alternative, ...] = ()
    notes: tuple[str, ...] = ()
    tool: Tool | None = None
    rim: str | None = None
    compressed: Compressed | None = None

    @property
    def exact(self) -> bool:
        """Whether every pixel is reproduced."""
        return self.equality.max_abs_diff == 0 and self.equality.equal_share == 1

    @property
    def exit_code(self) -> int:
        """0 where every pixel is reproduced, else 1."""
        return 0 if self.exact else 1

    def as_dict(self) -> dict[str, object]:
        """Return the report as JSON has it, but for the recipe."""
        where = self.equality.where
        return {
            "name": self.name,
            "kernel": self.kernel and _weights(self.kernel),
            "exact": self.exact,
            "equal_share": self.equality.equal_share,
            "max_abs_diff": self.equality.max_abs_diff,
            "where": list(where) if where else None,
            "alternatives": [alternative._asdict() for alternative in self.alternatives],
            "notes": list(self.notes),
            "rim": self.rim,
            "tool": self.tool and self.tool._asdict(),
            "compressed": self.compressed and self.compressed.as_dict(),
        }


def _weights(kernel: Kernel) -> dict[str, object]:
    return {
        "weights": [[format_number(weight * kernel.scale) for weight in row]
                    for row in kernel.weights],
        "offset": format_number(kernel.offset),
        "anchor": list(kernel.anchor),
    }  # fmt: skip
