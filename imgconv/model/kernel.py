"""A kernel: exact rational weights, and what an engine needs to know of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar, NamedTuple, Protocol

from imgconv.model.alpha import Alpha
from imgconv.model.anchor import checked_anchor
from imgconv.model.errors import ArgumentError, KernelError, LimitError
from imgconv.model.numbers import LARGEST, Rational, format_number, parse_number, simplest
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Extent, Form, Obstacle, Peer, Step
from imgconv.model.steps.sums import stretch_obstacle, stretches, sums_scratch

LARGEST_SIDE = 4095
LARGEST_TAP_COUNT = 1 << 20
_LONGEST_QUOTED = 60
_MOST_COMMON_BITS = 1 << 14  # of the common denominator; float64 weights need 1075


class _Array(Protocol):
    def tolist(self) -> object: ...


WeightsLike = _Array | Sequence[Sequence[object]]
Weights = tuple[tuple[Rational, ...], ...]


class IntegerForm(NamedTuple):
    """A kernel over the integers: its value is ``gain * sum(weights * x) + bias``, exactly.

    `weights` are whole and have no common divisor; zero taps stay in place.
    """

    weights: tuple[tuple[int, ...], ...]
    gain: Fraction
    bias: Fraction


@dataclass(frozen=True, init=False, repr=False)
class Kernel(Step):
    """Weights of a linear filter, kept as exact rational numbers.

    The value at a pixel is ``scale * sum(weights * window) + offset``.

    Parameters
    ----------
    weights : array_like, shape (rows, columns)
        Integers, floats, `fractions.Fraction` or text such as ``"1/49"``. A float means the
        dyadic rational that it holds; text means what it says (``"0.1"`` is 1/10).
    scale : number or str, default 1
        Multiplies every weight.
    offset : number or str, default 0
        Added to the sum, in grey levels.
    anchor : (int, int), optional
        Row and column of the tap that lies on the output pixel; default ``(rows // 2,
        columns // 2)``, as in OpenCV.
    name, source, description, orientation : str, default ""
        What it is called, where its coefficients come from, what it does and which way it looks.

    Raises
    ------
    KernelError
        When the weights are empty, ragged, not numbers, or more than 4095 on a side or 2**20 in
        all, or the anchor lies outside.

    Examples
    --------
    >>> kernel = Kernel([[1, 2, "1/2"]], scale="1/4", name="ramp")
    >>> kernel.shape, kernel.anchor, kernel.sum
    ((1, 3), (0, 1), Fraction(7, 8))
    >>> kernel.flipped().weights
    ((Fraction(1, 2), 2, 1),)
    """

    kind: ClassVar[str] = "kernel"

    weights: Weights
    scale: Rational
    offset: Rational
    anchor: tuple[int, int]
    name: str
    source: str
    description: str
    orientation: str

    def __init__(
        self,
        weights: WeightsLike | str,
        *,
        scale: object = 1,
        offset: object = 0,
        anchor: Sequence[int] | None = None,
        name: str = "",
        source: str = "",
        description: str = "",
        orientation: str = "",
    ) -> None:
        rows = _exact_rows(weights)
        fields: dict[str, object] = {
            "weights": rows,
            "scale": _number(scale, "scale"),
            "offset": _number(offset, "offset"),
            "anchor": checked_anchor(anchor, (len(rows), len(rows[0])), "kernel", KernelError),
            "name": name,
            "source": source,
            "description": description,
            "orientation": orientation,
        }
        for field, value in fields.items():
            object.__setattr__(self, field, value)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.weights), len(self.weights[0])

    @cached_property
    def sum(self) -> Rational:
        """``scale`` times the sum of the weights: what a constant image is multiplied by."""
        form = self.integer_form
        return simplest(form.gain * sum(map(sum, form.weights)))

    @cached_property
    def factors(self) -> tuple[tuple[Rational, ...], tuple[int, ...]] | None:
        """A column and a row whose outer product is `weights`, or None; decided exactly.

        The row has whole numbers without a common divisor.
        """
        pivot_row = next((row for row in self.weights if any(row)), None)
        if pivot_row is None:
            return None
        row = _primitive(pivot_row)
        at = next(j for j, weight in enumerate(row) if weight)
        column = tuple(simplest(Fraction(weights[at]) / row[at]) for weights in self.weights)
        outer = all(
            weight == factor * along
            for factor, weights in zip(column, self.weights, strict=True)
            for along, weight in zip(row, weights, strict=True)
        )
        return (column, row) if outer else None

    @property
    def is_separable(self) -> bool:
        """Whether the weights are exactly the outer product of a column and a row (rank 1)."""
        return self.factors is not None

    @cached_property
    def integer_form(self) -> IntegerForm:
        """The same kernel over whole numbers; found once and kept.

        Raises
        ------
        LimitError
            When the common denominator of the weights has more than 16384 bits.
        """
        flat = [weight for row in self.weights for weight in row]
        width = self.shape[1]
        whole = _primitive(flat)
        unit = next((Fraction(w) / q for w, q in zip(flat, whole, strict=True) if q), Fraction(0))
        if self.scale == 0:
            whole = (0,) * len(whole)
        rows = tuple(whole[i : i + width] for i in range(0, len(whole), width))
        return IntegerForm(rows, self.scale * unit, Fraction(self.offset))

    def flipped(self) -> Kernel:
        """Return the kernel turned by 180 degrees, anchor included: what convolution correlates."""
        return self._flipped

    @cached_property
    def _flipped(self) -> Kernel:
        rows, columns = self.shape
        return self._with(
            weights=[row[::-1] for row in self.weights[::-1]],
            anchor=(rows - 1 - self.anchor[0], columns - 1 - self.anchor[1]),
        )

    def anchored(self, anchor: Sequence[int]) -> Kernel:
        """Return the same kernel with another anchor (row, column)."""
        return self._with(anchor=anchor)

    def named(self, name: str) -> Kernel:
        """Return the same kernel under another name."""
        return self._with(name=name)

    def described(self, name: str, description: str, orientation: str, source: str) -> Kernel:
        """Return the same kernel with the words that a bank has for it."""
        return self._with(
            name=name, source=source, description=description, orientation=orientation
        )

    def _with(self, **changes: object) -> Kernel:
        copy = object.__new__(Kernel)
        rows, columns = self.shape
        for field in self.__dataclass_fields__:
            object.__setattr__(copy, field, changes.get(field, getattr(self, field)))
        if "weights" in changes:
            object.__setattr__(copy, "weights", tuple(copy.weights))
        elif "integer_form" in self.__dict__:
            object.__setattr__(copy, "integer_form", self.integer_form)
        if "anchor" in changes:
            object.__setattr__(
                copy, "anchor", checked_anchor(copy.anchor, (rows, columns), "kernel", KernelError)
            )
        return copy

    @property
    def extents(self) -> tuple[Extent, ...]:
        """The window of its taps."""
        return (Extent(*self.shape, self.anchor),)

    @property
    def makes_sums(self) -> bool:
        """Whether depth, range and rounding are applied by it."""
        return True

    @property
    def members(self) -> tuple[Kernel, ...]:
        """Itself."""
        return (self,)

    def divided(self, unit: int) -> Kernel:
        """Return the kernel with its weights divided by a number; the offset stays."""
        scale = Fraction(self.scale) / unit
        return Kernel(self.weights, scale=scale, offset=self.offset, anchor=self.anchor)

    def in_light(self, depth: Depth) -> Kernel:
        """Return the kernel with its offset, levels of an image of this depth, as a share."""
        if not self.offset:
            return self
        return Kernel(
            self.weights,
            scale=self.scale,
            offset=Fraction(self.offset) / depth.high,
            anchor=self.anchor,
            name=self.name,
        )

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of sums in float64, and of products with alpha."""
        return sums_scratch(before, after)

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
    def spec(self) -> str | dict[str, object]:
        """Its name, its matrix, or a mapping where it has a scale, an offset or an anchor too."""
        if self.name:
            return self.name
        plain = self.scale == 1 and self.offset == 0
        if plain and self.anchor == (self.shape[0] // 2, self.shape[1] // 2):
            return format_matrix(
                [[format_number(weight) for weight in row] for row in self.weights]
            )
        return {
            "weights": [[format_number(weight) for weight in row] for row in self.weights],
            "scale": format_number(self.scale),
            "offset": format_number(self.offset),
            "anchor": list(self.anchor),
        }

    @property
    def exact(self) -> tuple[str, ...]:
        """Weights, scale, offset and anchor; not the name."""
        numbers = f"{format_number(self.scale)} {format_number(self.offset)}"
        matrix = "; ".join(" ".join(map(format_number, row)) for row in self.weights)
        return (f"{matrix} | {numbers} | {self.anchor[0]},{self.anchor[1]}",)

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"<Kernel {self.name or 'unnamed'} {rows}x{columns} sum {self.sum}>"


def format_matrix(rows: Sequence[Sequence[str]]) -> str:
    """Return a matrix as text that reads back as the same rows.

    A square count of numbers in one row has its size before it, since it could be a square whose
    row marks got lost.

    Examples
    --------
    >>> format_matrix([["1", "2"], ["3", "4"]]), format_matrix([["1", "2", "3", "4"]])
    ('1 2; 3 4', '1x4: 1 2 3 4')
    """
    matrix = "; ".join(" ".join(row) for row in rows)
    count = len(rows[0])
    square = len(rows) == 1 and count > 1 and math.isqrt(count) ** 2 == count
    return f"1x{count}: {matrix}" if square else matrix


def as_kernel(step: Step, spec: str = "", why: str = "") -> Kernel:
    """Return a step that must be a single kernel.

    Parameters
    ----------
    step : Step
    spec : str, optional
        What was asked for; default the step's name.
    why : str, optional
        Why a single kernel is needed, for the message.

    Raises
    ------
    KernelError
        When it is a set of kernels, or makes no sums of weights.
    """
    if isinstance(step, Kernel):
        return step
    asked = spec or step.name
    asked = repr(asked if len(asked) <= _LONGEST_QUOTED else asked[: _LONGEST_QUOTED - 3] + "...")
    why = f"; {why}" if why else ""
    if step.members:
        members = ", ".join(member.name for member in step.members)
        raise KernelError(f"{asked} is a set of kernels{why}", hint=f"take one of them: {members}")
    raise KernelError(f"{asked} is a step without weights, not a kernel{why}")


def _number(value: object, what: str) -> Rational:
    if type(value) is int and -LARGEST <= value <= LARGEST:
        return value
    try:
        return parse_number(value)
    except ArgumentError as error:
        raise KernelError(f"{what}: {error.message}", error.hint) from None


def _primitive(weights: Sequence[Rational]) -> tuple[int, ...]:
    """Return the whole numbers without a common divisor that are in the same proportion."""
    common = 1
    for denominator in {weight.denominator for weight in weights}:
        common = math.lcm(common, denominator)
        if common.bit_length() > _MOST_COMMON_BITS:
            raise LimitError(
                f"the common denominator of the weights has more than {_MOST_COMMON_BITS} bits",
                hint="write the weights with fewer digits, or over one denominator",
            )
    whole = [weight.numerator * (common // weight.denominator) for weight in weights]
    divisor = math.gcd(*whole) or 1
    return tuple(value // divisor for value in whole)


def _exact_rows(weights: object) -> Weights:
    listed = weights.tolist() if hasattr(weights, "tolist") else weights
    if not isinstance(listed, Iterable) or isinstance(listed, str | bytes):
        raise KernelError("weights are rows of numbers, such as [[0, 1], [1, 0]]")
    rows: list[tuple[Rational, ...]] = []
    count = 0
    for r, row in enumerate(listed):
        if not isinstance(row, Iterable) or isinstance(row, str | bytes):
            raise KernelError(
                "weights are two-dimensional: a list of rows",
                hint="a single row is written [[1, 2, 1]]",
            )
        parsed = tuple(_number(weight, f"weight [{r}, {c}]") for c, weight in enumerate(row))
        count += len(parsed)
        if count > LARGEST_TAP_COUNT or len(parsed) > LARGEST_SIDE or r >= LARGEST_SIDE:
            raise KernelError(
                f"the kernel is too large: at most {LARGEST_SIDE} weights on a side "
                f"and {LARGEST_TAP_COUNT} in all"
            )
        if rows and len(parsed) != len(rows[0]):
            raise KernelError(
                f"the rows differ in length: {len(parsed)} in row {r}, {len(rows[0])} in row 0",
                hint="every row of a kernel has the same length",
            )
        rows.append(parsed)
    if not rows or not rows[0]:
        raise KernelError("a kernel needs at least one weight")
    return tuple(rows)
