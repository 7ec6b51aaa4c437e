"""A step of a recipe: one frozen value that takes an image and gives an image.

A step answers what planning, bands, explanations, comparisons and hashes need to know of it, so
that no other module asks for its class. The functions that work on arrays are named in
`imgconv.model.steps.registry`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from enum import Enum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import parse_number
from imgconv.model.output import Depth, parse_choice
from imgconv.model.settings import Settings

if TYPE_CHECKING:
    from imgconv.model.kernel import Kernel


class Reach(Enum):
    """Which pixels of its input one output pixel depends on."""

    PIXEL = "pixel"
    """The one at its place; stride, dilation, size and border do not apply."""
    WINDOW = "window"
    """Those under a window; stride, dilation, size and border apply."""
    WHOLE = "whole"
    """Any; the step needs the whole image in memory."""


class Extent(NamedTuple):
    """A window of a step: how large it is, and which of its places lies on the output pixel."""

    rows: int
    columns: int
    anchor: tuple[int, int]


class Form(NamedTuple):
    """What kind of array an image is, but for its size.

    Attributes
    ----------
    depth : Depth
    channels : int, optional
        None for an array of shape (rows, columns).
    """

    depth: Depth
    channels: int | None = None

    @property
    def values(self) -> int:
        """Values of one pixel."""
        return self.channels or 1

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha: that of two or four is."""
        return self.channels in (2, 4)


class Obstacle(NamedTuple):
    """Why a step cannot run on bands of rows.

    Attributes
    ----------
    what : str
        What needs the whole image, such as ``"threshold method sauvola"``.
    instead : str
        What can be done instead, as the beginning of a hint: ``"choose otsu, or "``.
    """

    what: str
    instead: str = ""


class WindowRule(NamedTuple):
    """What a step does with the pixels under its footprint, where nothing else is needed to know.

    Attributes
    ----------
    operation : str
        The step's kind.
    anchor : (int, int)
        Row and column in the footprint.
    share : Fraction
        Of an order statistic: which value, from 0 (the least) to 1.
    iterations : int
        Of morphology.
    """

    operation: str
    anchor: tuple[int, int]
    share: Fraction = Fraction(1, 2)
    iterations: int = 1


class Peer(NamedTuple):
    """What OpenCV has for a step.

    Attributes
    ----------
    call : str
        Such as ``"cv2.filter2D"``; "" where it has nothing.
    why_not : str
        The reason, where it has nothing.
    note : str
        How it differs by definition; "" for not at all.
    """

    call: str = ""
    why_not: str = "OpenCV has no function for it"
    note: str = ""


class Step:
    """A step of a recipe; subclasses are frozen dataclasses whose fields all have defaults.

    Attributes
    ----------
    kind : str
        Its name in the registry, and the word that its spec begins with.
    """

    kind: ClassVar[str] = ""

    @cached_property
    def name(self) -> str:
        """What it is called in reports and file names."""
        return str(self.spec)

    def named(self, name: str) -> Self:
        """Return the step under another name; one that is written by its kind keeps its own."""
        del name
        return self

    # What it looks at.

    @property
    def reach(self) -> Reach:
        """Which pixels one output pixel depends on."""
        return Reach.WINDOW if self.extents else Reach.PIXEL

    @property
    def extents(self) -> tuple[Extent, ...]:
        """Its windows, for `Reach.WINDOW`: one, or one for each kernel of a set."""
        return ()

    def flipped(self) -> Self:
        """Return the step with its window turned by 180 degrees: what convolution does."""
        return self

    def anchored(self, anchor: tuple[int, int]) -> Self:
        """Return the step with another anchor in its window."""
        del anchor
        return self

    @property
    def drawing(self) -> tuple[tuple[str, ...], ...]:
        """Its footprint as text, a cell for each place; empty where it has none."""
        return ()

    @property
    def window_rule(self) -> WindowRule | None:
        """What it does with the pixels under `drawing`; None where heights or more take part."""
        return None

    @property
    def kernel_spec(self) -> str:
        """The spec of a kernel that `with_kernel` must be given before the step can run."""
        return ""

    def with_kernel(self, kernel: Kernel) -> Self:
        """Return the step with the kernel that `kernel_spec` means."""
        del kernel
        return self

    # What it makes.

    def output_form(self, before: Form, settings: Settings) -> Form:
        """Return what kind of image it makes of another."""
        return before._replace(depth=settings.depth or before.depth)

    @property
    def makes_sums(self) -> bool:
        """Whether depth, range and rounding are applied by it."""
        return False

    @property
    def members(self) -> tuple[Kernel, ...]:
        """The kernels whose sums it combines; none for other steps."""
        return ()

    @property
    def is_linear(self) -> bool:
        """Whether it is one kernel: it can be composed with others and has a response."""
        return len(self.members) == 1

    @property
    def choices(self) -> int | None:
        """How many things its output numbers, from 0 on; None where the output is an image."""
        return None

    opens_light: ClassVar[bool] = False
    """Whether linear light begins with it: what follows sees float32, white being 1."""
    closes_light: ClassVar[bool] = False
    """Whether linear light ends with it."""

    def in_light(self, depth: Depth) -> Self:
        """Return the step for linear light; its numbers in levels are of an image of a depth."""
        del depth
        return self

    def computed_by(self, before: Form) -> tuple[str, ...]:
        """Return the libraries whose floating point decides its output; none for an exact step."""
        del before
        return ()

    # How it runs.

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of intermediate values for each output pixel."""
        del before, after
        return 0

    def obstacle(self, before: Form, settings: Settings, alpha: Alpha) -> Obstacle | None:
        """Return why it cannot run on bands of rows, or None where it can."""
        del before, settings, alpha
        if self.reach is Reach.WHOLE:
            return Obstacle(f"step {self.name}")
        return None

    def surveys(self, before: Form, settings: Settings) -> bool:
        """Return whether bands need a pass over the whole input first, as a threshold does."""
        del before, settings
        return False

    def opencv(self, before: Form) -> Peer:
        """Return which function of OpenCV it is compared with."""
        del before
        return Peer()

    # How it is written.

    @property
    def spec(self) -> str | Mapping[str, object]:
        """What `parse` (after the kind and a colon) or a recipe file reads back."""
        changed = [f for f in _fields(type(self)) if getattr(self, f.name) != f.default]
        return self.kind + (":" + self._options(changed) if changed else "")

    @property
    def words(self) -> str:
        """What it does, for people."""
        return self.name.replace(":", " ", 1)

    @property
    def exact(self) -> tuple[str, ...]:
        """Lines that say all that the output depends on; a recipe's hash covers them.

        Defaults are written too, so that the hash tells when one is changed.
        """
        return (f"step {self.kind}:{self._options(_fields(type(self)))}",)

    def _options(self, some: list[Field[Any]]) -> str:
        return ",".join(f"{field.name}={_written(getattr(self, field.name))}" for field in some)

    @classmethod
    def parse(cls, options: str) -> Self:
        """Read what follows the kind: ``key=value,...``, or values in the order of the fields.

        Raises
        ------
        ArgumentError
            For an option that the step does not have, or a value that it cannot be.
        """
        defaults = {field.name: field.default for field in _fields(cls)}
        given = read_options(options, list(defaults), cls.kind)
        return cls(**{name: _read(name, text, defaults[name]) for name, text in given.items()})


def read_options(text: str, known: list[str], kind: str) -> dict[str, str]:
    """Read ``key=value,...``; values without a key take the options in their order.

    Raises
    ------
    ArgumentError
        For an option that is not known, or is given twice.

    Examples
    --------
    >>> read_options("5,border=2", ["size", "border"], "median")
    {'size': '5', 'border': '2'}
    """
    given: dict[str, str] = {}
    for position, part in enumerate(text.split(",") if text.strip() else []):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals and position < len(known):
            key, value = known[position], key
        if key not in known:
            takes = f"it takes {', '.join(known)}" if known else f"{kind} takes none"
            raise ArgumentError(f"{kind} has no option {key!r}", hint=takes)
        if key in given:
            raise ArgumentError(f"{kind}: {key} is given twice")
        given[key] = value
    return given


def _fields(step: type[Step]) -> list[Field[Any]]:
    """Return the fields that a spec may set: all but those with ``metadata={"option": False}``."""
    every: tuple[Field[Any], ...] = fields(step) if is_dataclass(step) else ()
    return [field for field in every if field.metadata.get("option", True)]


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.value if isinstance(value, Enum) else value)


def _read(name: str, text: str, default: object) -> object:
    """Read a value of the type of its default."""
    if isinstance(default, Enum):
        return parse_choice(type(default), text, name)
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise ArgumentError(f"{name} is {text!r}; it is true or false")
        return text == "true"
    number = parse_number(text)
    if isinstance(default, int) and isinstance(number, Fraction):
        raise ArgumentError(f"{name} is {text}; it is a whole number")
    return number
