"""What steps have in common that look at the pixels under a footprint."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import Footprint, FootprintShape, footprint_size
from imgconv.model.steps.base import Extent, Form, Step, WindowRule

if TYPE_CHECKING:
    from imgconv.model.kernel import Kernel

_SHAPES = {shape.value for shape in FootprintShape}
_BYTES = 16  # of a value: the input with its border, keys that are sorted, the result


@dataclass(frozen=True)
class Windowed(Step):
    """A step whose window is a footprint; subclasses say what is done with its pixels.

    Attributes
    ----------
    size : str
        A number, or rows x columns: ``"3x7"``.
    shape : FootprintShape
    footprint : str
        The spec of a kernel: its weights that are not zero are the footprint. In place of size and
        shape; `with_kernel` must be told what it means.
    anchor : (int, int), optional
        In place of the footprint's own.
    given : Footprint, optional
        What `footprint` means.
    turned : bool
        Whether the footprint is turned by 180 degrees.
    """

    positional: ClassVar[tuple[str, ...]] = ("size",)
    """Options that values without a key are, in order; a shape is told by its name."""

    size: str = "3"
    shape: FootprintShape = FootprintShape.BOX
    footprint: str = ""
    anchor: tuple[int, int] | None = field(default=None, metadata={"option": False})
    given: Footprint | None = field(default=None, metadata={"option": False})
    turned: bool = field(default=False, metadata={"option": False})

    def __post_init__(self) -> None:
        rows, columns = footprint_size(self.size)
        object.__setattr__(self, "size", str(rows) if rows == columns else f"{rows}x{columns}")
        if not self.footprint or self.given is not None:
            _ = self.window  # an anchor outside, a size that the shape cannot have

    @classmethod
    def parse(cls, options: str) -> Self:
        """Read ``5``, ``disk,5`` or ``size=3x5,shape=cross``, and options of the step's own.

        Examples
        --------
        >>> from imgconv.model.steps.rank import Median
        >>> Median.parse("disk,5").spec
        'median:size=5,shape=disk'
        """
        return super().parse(",".join(_keyed(options, cls.positional, cls.kind)))

    @property
    def kernel_spec(self) -> str:
        """The spec of a kernel that `with_kernel` must be given; "" for none."""
        return self.footprint if self.given is None else ""

    def with_kernel(self, kernel: Kernel) -> Self:
        """Return the step with the footprint that a kernel stands for.

        Raises
        ------
        KernelError
            For a kernel without a weight.
        """
        return replace(self, given=self._footprint_of(kernel))

    def _footprint_of(self, kernel: Kernel) -> Footprint:
        return Footprint.of(kernel.weights, kernel.anchor)

    @cached_property
    def window(self) -> Footprint:
        """The footprint, with its anchor.

        Raises
        ------
        ArgumentError
            For an anchor outside, or a footprint whose spec was not resolved.
        """
        if self.given is not None:
            found = self.given
        elif self.footprint:
            raise ArgumentError(
                f"the footprint {self.footprint!r} is not known yet",
                hint="make the step by load_step, or give it a Footprint",
            )
        else:
            found = Footprint.shaped(self.shape, *footprint_size(self.size))
        if self.anchor is not None:
            # A cross goes through the middle wherever its anchor is.
            found = Footprint.of(found.rows, self.anchor, found.heights)
        return found.reflected() if self.turned else found

    @property
    def extents(self) -> tuple[Extent, ...]:
        """The window."""
        rows, columns = self.window.shape
        return (Extent(rows, columns, self.window.anchor),)

    @property
    def drawing(self) -> tuple[tuple[str, ...], ...]:
        """The footprint: 1, or the height, where a pixel counts, and a point elsewhere."""
        window = self.window
        heights = window.heights if window.is_raised else None
        return tuple(
            tuple(
                ("1" if heights is None else str(heights[r][c])) if on else "."
                for c, on in enumerate(row)
            )
            for r, row in enumerate(window.rows)
        )

    @property
    def window_rule(self) -> WindowRule | None:
        """Its kind, unless the footprint is raised."""
        return None if self.window.is_raised else WindowRule(self.kind, self.window.anchor)

    def anchored(self, anchor: tuple[int, int]) -> Self:
        """Return the step with another anchor."""
        return replace(self, anchor=anchor)

    def flipped(self) -> Self:
        """Return the step with its footprint turned by 180 degrees."""
        return replace(self, turned=not self.turned)

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of the input with its border, of what is sorted, and of the result."""
        del before
        return _BYTES * after.values

    @property
    def spec(self) -> str:
        """What `parse` reads back; a footprint that has no name is written as a matrix."""
        if self.given is None or self.footprint:
            return str(super().spec)
        return str(replace(self, footprint=_text_of(self.given)).spec)

    @property
    def exact(self) -> tuple[str, ...]:
        """The spec, and what a footprint of another name is."""
        lines = super().exact
        if self.given is None:
            return lines
        heights = self.given.heights
        shown = heights if heights is not None and self.given.is_raised else ()
        return (
            *lines,
            f"footprint {_text_of(self.given)} anchor {self.given.anchor}",
            *(f"heights {' '.join(map(str, row))}" for row in shown),
        )


@dataclass(frozen=True)
class WithFootprint(Windowed):
    """A step that may raise the pixels of its footprint.

    Attributes
    ----------
    weighted : bool
        Whether the weights of `footprint` are heights: added by dilation, subtracted by erosion.
    """

    weighted: bool = False

    def __post_init__(self) -> None:
        if self.weighted and not self.footprint and self.given is None:
            raise ArgumentError(
                "weighted needs a footprint with weights", hint="add footprint=SPEC, such as a file"
            )
        super().__post_init__()

    def _footprint_of(self, kernel: Kernel) -> Footprint:
        if not self.weighted:
            return super()._footprint_of(kernel)
        scale = Fraction(kernel.scale)
        heights = [[scale * weight for weight in row] for row in kernel.weights]
        return Footprint.of(kernel.weights, kernel.anchor, heights)


def _keyed(options: str, positional: tuple[str, ...], kind: str) -> list[str]:
    """Return options with a key each."""
    left = list(positional)
    keyed = []
    for part in options.split(",") if options.strip() else []:
        text = part.strip()
        if "=" in text:
            name = text.partition("=")[0].strip()
            if name in left:
                left.remove(name)
            keyed.append(text)
        elif text in _SHAPES:
            keyed.append(f"shape={text}")
        elif left:
            keyed.append(f"{left.pop(0)}={text}")
        else:
            takes = f"values without a key are {', '.join(positional)}, and a shape"
            raise ArgumentError(f"{kind} has no option {text!r}", hint=takes)
    return keyed


def _text_of(footprint: Footprint) -> str:
    """Return a matrix that has the footprint's values."""
    if footprint.heights is not None and footprint.is_raised:
        return "; ".join(" ".join(map(str, row)) for row in footprint.heights)
    return "; ".join(" ".join(str(int(on)) for on in row) for row in footprint.rows)
