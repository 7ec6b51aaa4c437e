"""Steps that find edges; all need the whole image."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import Rational, format_number, parse_number
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Form, Peer, Reach, Step

AUTO = "auto"
_GRADIENT_BYTES = 24  # of a pixel: sizes, ridges and labels; bands of the rest


class _Edges(Step):
    """A step that needs the whole image, whatever the border: edges may go anywhere."""

    @property
    def reach(self) -> Reach:
        """The whole image."""
        return Reach.WHOLE

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of float64 values, masks and labels."""
        del before
        return _GRADIENT_BYTES * after.values


class _OfGradient(_Edges):
    """A step that looks at the gradient of the channel where it is the largest."""

    def output_form(self, before: Form, settings: Settings) -> Form:
        """Return the same depth with one channel."""
        return super().output_form(before, settings)._replace(channels=None)

    def computed_by(self, before: Form) -> tuple[str, ...]:
        """Return OpenCV for floats, whose gradients are sums in float64; others are exact."""
        return ("opencv",) if before.depth is Depth.F32 else ()


@dataclass(frozen=True)
class Canny(_OfGradient):
    """Find edges: ridges of the gradient above `low` that hang together with one above `high`.

    Attributes
    ----------
    low, high : str
        Numbers, or ``"auto"``: Otsu's threshold of the gradient, and half of it.
    sigma : int or Fraction
        Of a Gaussian blur before; 0 is none.
    aperture : int
        Size of the Sobel kernels: 3, 5 or 7.
    l2 : bool
        Whether sizes are by Euclid's norm.
    """

    kind: ClassVar[str] = "canny"

    low: str = AUTO
    high: str = AUTO
    sigma: Rational = Fraction(0)
    aperture: int = 3
    l2: bool = False

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            text = getattr(self, name).strip().lower()
            if text != AUTO:
                text = format_number(parse_number(text))
            object.__setattr__(self, name, text)
        object.__setattr__(self, "sigma", Fraction(self.sigma))
        if self.sigma < 0:
            raise ArgumentError(f"sigma is {self.sigma}; 0 is no blur")
        check_aperture(self.aperture)

    @property
    def thresholds(self) -> tuple[float | None, float | None]:
        """Low and high; None where it is to be found."""
        low, high = (
            None if text == AUTO else float(parse_number(text)) for text in (self.low, self.high)
        )
        return low, high

    def opencv(self, before: Form) -> Peer:
        """Return ``cv2.Canny``, which takes bytes."""
        if before.depth is not Depth.U8:
            return Peer(why_not="cv2.Canny takes 8 bits only")
        if self.sigma or AUTO in (self.low, self.high):
            return Peer(why_not="cv2.Canny blurs nothing and finds no thresholds")
        return Peer("cv2.Canny")


def check_aperture(aperture: int) -> None:
    """Check that there are Sobel kernels of a size.

    Raises
    ------
    ArgumentError
        Where there are none.
    """
    if aperture not in (3, 5, 7):
        raise ArgumentError(f"aperture {aperture} is not a size of Sobel's kernels: 3, 5 or 7")


@dataclass(frozen=True)
class Nonmax(_OfGradient):
    """Take the size of the gradient where it is greatest along its direction, 0 elsewhere.

    Attributes
    ----------
    aperture, l2
        As for `Canny`.
    """

    kind: ClassVar[str] = "nonmax"

    aperture: int = 3
    l2: bool = False

    def __post_init__(self) -> None:
        check_aperture(self.aperture)


@dataclass(frozen=True)
class Hysteresis(_Edges):
    """Make white what is above `low` and hangs together with something above `high`."""

    kind: ClassVar[str] = "hysteresis"

    low: Rational = Fraction(50)
    high: Rational = Fraction(100)

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, Fraction(getattr(self, name)))


@dataclass(frozen=True)
class ZeroCrossing(_Edges):
    """Make white where values change their sign, as those of a Laplacian of a Gaussian do.

    Attributes
    ----------
    threshold : int or Fraction
        By more than this both sides must differ.
    level : int or Fraction
        What counts as zero.
    """

    kind: ClassVar[str] = "zero_crossing"

    threshold: Rational = Fraction(0)
    level: Rational = Fraction(0)

    def __post_init__(self) -> None:
        for name in ("threshold", "level"):
            object.__setattr__(self, name, Fraction(getattr(self, name)))
