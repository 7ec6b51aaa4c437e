"""What an output value may be: depth, rounding and range."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from functools import cache
from typing import TypeVar

from imgconv.model.errors import ArgumentError

_Choice = TypeVar("_Choice", bound=Enum)

DEFAULT_MAX_PIXELS = 256_000_000
"""A file with more, all its pages together, is refused unless it is asked for."""


class Depth(Enum):
    """Pixel types; the value is the name on the command line."""

    U8 = "u8"
    U16 = "u16"
    I16 = "i16"
    F32 = "f32"

    @property
    def dtype(self) -> str:
        """The NumPy name of the type."""
        return _DTYPES[self]

    @property
    def low(self) -> int:
        """The least value of the nominal range (0 for f32)."""
        return -32768 if self is Depth.I16 else 0

    @property
    def high(self) -> int:
        """The greatest value of the nominal range: white (1 for f32)."""
        return _HIGHS[self]

    @property
    def middle(self) -> Fraction:
        """Mid-grey: 128, 32768, 0 and 1/2."""
        return Fraction(_HIGHS[self] + 1, 2) if self is not Depth.I16 else Fraction(0)

    def holds(self, other: Depth) -> bool:
        """Return whether every value of another depth is a value of this one."""
        return self is other or other.value in _HOLDS[self]

    @classmethod
    def of(cls, dtype: object) -> Depth:
        """Return the depth of a NumPy dtype.

        Raises
        ------
        ArgumentError
            For every other dtype, float64 included.
        """
        return _depth_of(dtype)


@cache
def _depth_of(dtype: object) -> Depth:
    for depth, name in _DTYPES.items():
        if dtype == name:
            return depth
    raise ArgumentError(
        f"an image of {dtype} is not supported: only uint8, uint16, int16 and float32",
        hint=_WAYS.get(str(dtype), "give an array of numbers"),
    )


_WHOLE = "convert it first: image.astype('float32') keeps whole numbers up to 2**24"
_PARTS = "take a real part of it first: image.real, or abs(image)"
_WAYS = {
    "float64": "convert it first; for float64, depth f32 does that",
    "float16": "convert it first: image.astype('float32') keeps every value",
    "int8": "convert it first: image.astype('int16') keeps every value",
    "bool": "convert it first: image.astype('uint8') * 255 is black and white",
    **dict.fromkeys(("int32", "int64", "uint32", "uint64"), _WHOLE),
    **dict.fromkeys(("complex64", "complex128"), _PARTS),
}
"""What makes an image of an array of another type, and loses nothing, or says what it loses."""
_DTYPES = {Depth.U8: "uint8", Depth.U16: "uint16", Depth.I16: "int16", Depth.F32: "float32"}
_HIGHS = {Depth.U8: 255, Depth.U16: 65535, Depth.I16: 32767, Depth.F32: 1}
_HOLDS = {
    Depth.U8: frozenset[str](),
    Depth.U16: frozenset({"u8"}),
    Depth.I16: frozenset({"u8"}),
    Depth.F32: frozenset({"u8", "u16", "i16"}),
}


class Rounding(Enum):
    """How a rational becomes an integer; float32 is always rounded half to even."""

    HALF_EVEN = "half-even"
    HALF_UP = "half-up"
    """``floor(v + 1/2)``."""
    HALF_DOWN = "half-down"
    """``ceil(v - 1/2)``."""
    TRUNCATE = "truncate"
    """Towards zero."""


class OutputRange(Enum):
    """What is done to the exact value before it is rounded and clamped to the output type."""

    SATURATE = "saturate"
    """Nothing."""
    ABS = "abs"
    """The absolute value."""
    OFFSET = "offset"
    """Plus mid-grey, so that both signs show."""
    RESCALE = "rescale"
    """The least value of the image becomes black, the greatest white."""
    FULL = "full"
    """White of the input type becomes white of the output type (255 becomes 65535)."""


def parse_choice(kind: type[_Choice], value: _Choice | str, what: str) -> _Choice:
    """Return the member of an enum for its name.

    Raises
    ------
    ArgumentError
        With the choices, when there is none.
    """
    if isinstance(value, kind):
        return value
    for member in kind:
        if member.value == str(value).strip().lower():
            return member
    choices = ", ".join(str(member.value) for member in kind)
    raise ArgumentError(f"no {what} is called {str(value)!r}", hint=f"choose from {choices}")
