"""Tone: the ways to gray and to black and white, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import Rational, format_number, parse_number
from imgconv.model.output import parse_choice


class Gray(Enum):
    """How three channels become one."""

    BT601 = "bt601"
    """0.299 R + 0.587 G + 0.114 B, rounded as ``cv2.cvtColor`` does."""
    BT709 = "bt709"
    """0.2125 R + 0.7154 G + 0.0721 B, the weights of scikit-image."""
    AVERAGE = "average"
    """(R + G + B) / 3."""
    LIGHTNESS = "lightness"
    """(max + min) / 2, the L of HSL."""
    LINEAR = "linear"
    """0.2126 R + 0.7152 G + 0.0722 B in linear light, encoded as sRGB again."""
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class ThresholdMethod(Enum):
    """Where the threshold comes from; the local ones have one for each pixel."""

    FIXED = "fixed"
    OTSU = "otsu"
    TRIANGLE = "triangle"
    LI = "li"
    YEN = "yen"
    ISODATA = "isodata"
    MINIMUM = "minimum"
    MEAN = "mean"
    LOCAL_MEAN = "local-mean"
    LOCAL_GAUSSIAN = "local-gaussian"
    NIBLACK = "niblack"
    SAUVOLA = "sauvola"

    @property
    def is_local(self) -> bool:
        """Whether each pixel has a threshold of its own."""
        return self in _PARAMETERS and self is not ThresholdMethod.FIXED


_PARAMETERS: dict[ThresholdMethod, tuple[str, ...]] = {
    ThresholdMethod.FIXED: ("threshold",),
    ThresholdMethod.LOCAL_MEAN: ("window", "offset"),
    ThresholdMethod.LOCAL_GAUSSIAN: ("window", "offset"),
    ThresholdMethod.NIBLACK: ("window", "k"),
    ThresholdMethod.SAUVOLA: ("window", "k"),
}


@dataclass(frozen=True, slots=True)
class Binarization:
    """A threshold method with its parameters.

    Attributes
    ----------
    method : ThresholdMethod
    threshold : int or Fraction, optional
        For ``fixed``, in grey levels; default half of white.
    window : int
        For the local methods: side of the window in pixels, odd and at least 3.
    k : int or Fraction
        For ``niblack`` and ``sauvola``: weight of the standard deviation.
    offset : int or Fraction
        For ``local-mean`` and ``local-gaussian``: taken from the local mean.
    """

    method: ThresholdMethod = ThresholdMethod.OTSU
    threshold: Rational | None = None
    window: int = 25
    k: Rational = Fraction(1, 5)
    offset: Rational = 0

    def __post_init__(self) -> None:
        if self.window < 3 or self.window % 2 == 0:
            raise ArgumentError(f"window is {self.window}; it must be odd and at least 3")

    @classmethod
    def parse(cls, text: str) -> Binarization:
        """Read ``otsu``, a number (a fixed threshold) or ``sauvola:window=25,k=0.2``.

        Examples
        --------
        >>> Binarization.parse("128").threshold
        128
        >>> Binarization.parse("sauvola:window=31").window
        31
        """
        name, _, rest = text.strip().partition(":")
        try:
            return cls(ThresholdMethod.FIXED, threshold=parse_number(name))
        except ArgumentError:
            pass
        method = parse_choice(ThresholdMethod, name, "threshold method")
        return cls.of(method, dict(_pairs(rest, text)))

    @classmethod
    def of(cls, method: ThresholdMethod, given: dict[str, object]) -> Binarization:
        """Make one from a method and the parameters that were given.

        Raises
        ------
        ArgumentError
            For a parameter that the method does not have, or one that is no number.
        """
        known = _PARAMETERS.get(method, ())
        values: dict[str, Rational] = {}
        for key, value in given.items():
            if key not in known:
                takes = f"takes {' and '.join(known)}" if known else "takes no parameter"
                raise ArgumentError(f"threshold method {method.value} {takes}, not {key!r}")
            values[key] = parse_number(value)
        window = values.pop("window", 25)
        if not isinstance(window, int):
            raise ArgumentError(f"window is {window}; it must be odd and at least 3")
        return cls(method, window=window, **values)

    def __str__(self) -> str:
        """Write it so that `parse` gives it back."""
        known = _PARAMETERS.get(self.method, ())
        if self.method is ThresholdMethod.FIXED and self.threshold is not None:
            return format_number(self.threshold)
        default = Binarization(self.method)
        changed = [
            f"{key}={getattr(self, key)}"
            for key in known
            if getattr(self, key) != getattr(default, key)
        ]
        return self.method.value + (":" + ",".join(changed) if changed else "")


def _pairs(text: str, whole: str) -> list[tuple[str, str]]:
    pairs = []
    for part in text.split(",") if text else []:
        key, equals, value = part.partition("=")
        if not equals:
            raise ArgumentError(
                f"{whole!r} is not a threshold method with parameters",
                hint="write it as sauvola:window=25,k=0.2",
            )
        pairs.append((key.strip(), value.strip()))
    return pairs
