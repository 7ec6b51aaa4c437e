"""Steps that convert colours: gray, negative, linear light and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Form, Step
from imgconv.model.steps.methods import Gray

_GRAY_BYTES = 48  # for each pixel: its channels and their sum as int64 or float64, and a quotient
_LIGHT_BYTES = 32  # for each value: float64 before and after the curve, and an index


@dataclass(frozen=True)
class ToGray(Step):
    """Convert colour to gray; alpha is left out.

    Examples
    --------
    >>> ToGray.parse("bt709").spec, ToGray().spec
    ('gray:bt709', 'gray')
    """

    kind: ClassVar[str] = "gray"

    method: Gray = Gray.BT601

    def output_form(self, before: Form, settings: Settings) -> Form:
        """Return the same depth with one channel."""
        if self.method is Gray.LINEAR and before.depth is Depth.I16 and before.values > 2:
            raise not_linear_gray()
        return super().output_form(before, settings)._replace(channels=None)

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of the channels and their sum, widened."""
        return gray_scratch(before)

    @property
    def spec(self) -> str:
        """The kind and, unless it is ``bt601``, the method."""
        return "gray" if self.method is Gray.BT601 else f"gray:{self.method.value}"

    @property
    def words(self) -> str:
        """The kind and the method."""
        return f"gray {self.method.value}"


def gray_scratch(before: Form) -> int:
    """Return the bytes for each pixel that making an image gray takes."""
    return _GRAY_BYTES if before.values > 2 else 0


@dataclass(frozen=True)
class Invert(Step):
    """Make the negative: white minus each value (for int16, ``-1 - value``); alpha stays."""

    kind: ClassVar[str] = "invert"


@dataclass(frozen=True)
class LinearLight(Step):
    """Decode sRGB to linear light in float32, white being 1; alpha becomes a share.

    What follows, up to `EncodeLight` or the end of the recipe, works on light. Offsets of kernels
    and the border's value stay levels of the image as it was.
    """

    kind: ClassVar[str] = "linear"
    opens_light: ClassVar[bool] = True

    def output_form(self, before: Form, settings: Settings) -> Form:
        """Return float32 with the same channels."""
        if before.depth is Depth.I16:
            raise not_light()
        return before._replace(depth=Depth.F32)

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of the values as float64."""
        return _LIGHT_BYTES * after.values


@dataclass(frozen=True)
class EncodeLight(Step):
    """Encode linear light as the nearest sRGB values, of the depth that the recipe asks for."""

    kind: ClassVar[str] = "encode"
    closes_light: ClassVar[bool] = True

    def output_form(self, before: Form, settings: Settings) -> Form:
        """Return the depth of the settings."""
        if settings.depth is Depth.I16:
            raise not_light()
        return super().output_form(before, settings)

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of the values as float64."""
        return _LIGHT_BYTES * after.values


def not_light() -> ArgumentError:
    """Return the error for int16, which has no white."""
    return ArgumentError("linear light needs a u8, u16 or f32 image, not i16")


def not_linear_gray() -> ArgumentError:
    """Return the error for gray in linear light of int16."""
    return ArgumentError("gray in linear light needs a u8, u16 or f32 image, not i16")
