"""The step that makes black and white, and the ways to choose a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Self

from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import Rational, format_number, parse_number
from imgconv.model.output import Depth, parse_choice
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Form, Obstacle, Reach, Step
from imgconv.model.steps.color import gray_scratch
from imgconv.model.steps.methods import THRESHOLD_PARAMETERS, ThresholdMethod

FROM_HISTOGRAM = (
    ThresholdMethod.OTSU,
    ThresholdMethod.MEAN,
    ThresholdMethod.TRIANGLE,
    ThresholdMethod.LI,
    ThresholdMethod.YEN,
    ThresholdMethod.ISODATA,
    ThresholdMethod.MINIMUM,
)
"""Methods that need no more of an image than how often each level occurs."""
_MASK_BYTES = 18  # for each pixel: a comparison and its choice
_LOCAL_BYTES = 64  # for each pixel: sums of the window and the threshold, as float64


@dataclass(frozen=True)
class Binarization(Step):
    """Make black and white by a threshold; colour becomes gray first.

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

    kind: ClassVar[str] = "binarize"

    method: ThresholdMethod = ThresholdMethod.OTSU
    threshold: Rational | None = None
    window: int = 25
    k: Rational = Fraction(1, 5)
    offset: Rational = 0

    def __post_init__(self) -> None:
        if self.window < 3 or self.window % 2 == 0:
            raise ArgumentError(f"window is {self.window}; it must be odd and at least 3")

    @classmethod
    def parse(cls, text: str) -> Self:
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
    def of(cls, method: ThresholdMethod, given: dict[str, object]) -> Self:
        """Make one from a method and the parameters that were given.

        Raises
        ------
        ArgumentError
            For a parameter that the method does not have, or one that is no number.
        """
        known = THRESHOLD_PARAMETERS.get(method, ())
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

    @property
    def reach(self) -> Reach:
        """One pixel, or the whole image for a threshold of each pixel's own."""
        return Reach.WHOLE if self.method.is_local else Reach.PIXEL

    def output_form(self, before: Form, settings: Settings) -> Form:
        """Return the same depth with one channel."""
        return super().output_form(before, settings)._replace(channels=None)

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of gray, of thresholds and of the comparison."""
        return gray_scratch(before) + (_LOCAL_BYTES if self.method.is_local else _MASK_BYTES)

    def obstacle(self, before: Form, settings: Settings, alpha: Alpha) -> Obstacle | None:
        """Return why it cannot run on bands: a method that a histogram does not serve."""
        what = f"threshold method {self.method.value}"
        if self.method.is_local:
            return Obstacle(what, "choose one for the whole image (otsu), or ")
        if self.method is ThresholdMethod.FIXED:
            return None
        if before.depth is Depth.F32:
            return Obstacle(f"{what} of a float image", "a number serves; or ")
        if self.method not in FROM_HISTOGRAM:
            known = ", ".join(["a number", *(method.value for method in FROM_HISTOGRAM)])
            return Obstacle(what, f"these do not: {known}; or ")
        return None

    def surveys(self, before: Form, settings: Settings) -> bool:
        """Return whether the method chooses one threshold for the whole image."""
        return self.method is not ThresholdMethod.FIXED and not self.method.is_local

    @property
    def spec(self) -> str:
        """The kind and the method with its parameters."""
        return f"binarize:{self}"

    def __str__(self) -> str:
        """Return the method as `parse` reads it."""
        known = THRESHOLD_PARAMETERS.get(self.method, ())
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
