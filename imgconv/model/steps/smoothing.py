"""Steps that smooth and keep edges, and steps of local contrast; not exact but for one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational
from imgconv.model.output import Depth
from imgconv.model.steps.base import Extent, Form, Peer, Reach, Step

_FLOAT_BYTES = 56  # of a value: float64 before, sums, weights, and after


class _Floats(Step):
    """A step that computes in float64 over a square window."""

    @property
    def side(self) -> int:
        """Side of all that is read."""
        raise NotImplementedError

    @property
    def extents(self) -> tuple[Extent, ...]:
        """The window."""
        return (Extent(self.side, self.side, (self.side // 2, self.side // 2)),)

    def computed_by(self, before: Form) -> tuple[str, ...]:
        """Return OpenCV, which makes sums and some of these filters, and NumPy."""
        del before
        return ("opencv", "numpy")

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of float64 values."""
        return _FLOAT_BYTES * after.values

    def _exact_numbers(self, *names: str) -> None:
        for name in names:
            value = Fraction(getattr(self, name))
            if value <= 0:
                raise ArgumentError(f"{name} is {value}; more than 0 is needed")
            object.__setattr__(self, name, value)


def odd_size(value: int, what: str) -> int:
    """Return the size of a window that has a middle.

    Raises
    ------
    ArgumentError
        For an even size, or one outside 1 to 255.
    """
    if value % 2 == 0 or not 1 <= value <= 255:
        raise ArgumentError(f"{what} {value} is not an odd number from 1 to 255")
    return value


@dataclass(frozen=True)
class Bilateral(_Floats):
    """Take the mean of a round window, weighted by distance and by likeness of colour.

    Attributes
    ----------
    size : int
        Diameter, odd.
    sigma_color : int or Fraction
        In grey levels.
    sigma_space : int or Fraction
        In pixels.
    """

    kind: ClassVar[str] = "bilateral"

    size: int = 9
    sigma_color: Rational = Fraction(25)
    sigma_space: Rational = Fraction(3)

    def __post_init__(self) -> None:
        odd_size(self.size, "size")
        self._exact_numbers("sigma_color", "sigma_space")

    @property
    def side(self) -> int:
        """The diameter."""
        return self.size

    def opencv(self, before: Form) -> Peer:
        """Return ``cv2.bilateralFilter``, which takes one or three channels."""
        if before.depth is Depth.U8 and before.values in (1, 3):
            note = "it computes in float32 with a table, and what it rounds may be off by 1"
            return Peer("cv2.bilateralFilter", note=note)
        return Peer(why_not="cv2.bilateralFilter takes one or three channels of 8 bits or floats")


@dataclass(frozen=True)
class Guided(_Floats):
    """Smooth by local linear models, each channel its own guide.

    Attributes
    ----------
    radius : int
    sigma : int or Fraction
        In grey levels: what varies by less is averaged.
    """

    kind: ClassVar[str] = "guided"

    radius: int = 4
    sigma: Rational = Fraction(20)

    def __post_init__(self) -> None:
        if not 1 <= self.radius <= 127:
            raise ArgumentError(f"radius is {self.radius}; it runs from 1 to 127")
        self._exact_numbers("sigma")

    @property
    def side(self) -> int:
        """Twice the windows' reach: means of means."""
        return 4 * self.radius + 1


@dataclass(frozen=True)
class NlMeans(_Floats):
    """Take the mean of a window, weighted by likeness of what is around each pixel.

    Attributes
    ----------
    strength : int or Fraction
        In grey levels.
    patch, search : int
        Sides, odd.
    """

    kind: ClassVar[str] = "nlmeans"

    strength: Rational = Fraction(10)
    patch: int = 7
    search: int = 21

    def __post_init__(self) -> None:
        odd_size(self.patch, "patch")
        odd_size(self.search, "search")
        self._exact_numbers("strength")

    @property
    def side(self) -> int:
        """What patches read at the rim of the window."""
        return 2 * (self.patch // 2 + self.search // 2) + 1

    def opencv(self, before: Form) -> Peer:
        """Return ``cv2.fastNlMeansDenoising``, where it takes squared differences."""
        if before.depth is Depth.U8 and before.values <= 4:
            return Peer("cv2.fastNlMeansDenoising")
        return Peer(why_not="cv2.fastNlMeansDenoising takes squared differences of 8 bits only")


@dataclass(frozen=True)
class LocalNormalize(_Floats):
    """Make the local mean mid-grey, and the local deviation a sixth of the range.

    Attributes
    ----------
    size : int
        Side of the window, odd.
    floor : int or Fraction
        In grey levels: a smaller deviation counts as this.
    """

    kind: ClassVar[str] = "local_normalize"

    size: int = 31
    floor: Rational = Fraction(2)

    def __post_init__(self) -> None:
        odd_size(self.size, "size")
        self._exact_numbers("floor")

    @property
    def side(self) -> int:
        """The window's side."""
        return self.size


@dataclass(frozen=True)
class UnsharpMask(Step):
    """Sharpen as the kernel ``unsharp`` does, where the difference is at least a threshold.

    Attributes
    ----------
    sigma, amount : int or Fraction
    threshold : int or Fraction
        In grey levels; 0 is the kernel.
    """

    kind: ClassVar[str] = "unsharp_threshold"

    sigma: Rational = Fraction(1)
    amount: Rational = Fraction(1)
    threshold: Rational = Fraction(0)

    def __post_init__(self) -> None:
        for name in ("sigma", "amount", "threshold"):
            object.__setattr__(self, name, Fraction(getattr(self, name)))
        if self.threshold < 0:
            raise ArgumentError(f"threshold {self.threshold} is negative", hint="0 is none")
        _ = self.kernels

    @cached_property
    def kernels(self) -> tuple[Kernel, Kernel]:
        """The kernel that sharpens, and the blur that it is made of."""
        from imgconv.model.generators.gaussians import gaussian, unsharp

        return unsharp(self.sigma, self.amount, "auto"), gaussian(self.sigma, "auto", "3sigma")

    @property
    def extents(self) -> tuple[Extent, ...]:
        """The window of the kernel."""
        kernel = self.kernels[0]
        return (Extent(*kernel.shape, kernel.anchor),)

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of the blur as float32 and float64, and of the result."""
        return 24 * after.values


@dataclass(frozen=True)
class Clahe(Step):
    """Spread the grey levels of each part of an image, with a limit to the contrast.

    Attributes
    ----------
    clip : int or Fraction
        How much more frequent than the mean a level may be.
    rows, columns : int
        In how many tiles the image is cut.
    """

    kind: ClassVar[str] = "clahe"

    clip: Rational = Fraction(2)
    rows: int = 8
    columns: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "clip", Fraction(self.clip))
        if self.clip <= 0:
            raise ArgumentError(f"clip is {self.clip}; more than 0 is needed")
        if min(self.rows, self.columns) < 1:
            raise ArgumentError(f"{self.rows} x {self.columns} tiles; 1 x 1 is the least")

    @property
    def reach(self) -> Reach:
        """The whole image, which is cut into tiles."""
        return Reach.WHOLE

    def computed_by(self, before: Form) -> tuple[str, ...]:
        """Return OpenCV, whose own filter and colours these are."""
        del before
        return ("opencv",)

    def scratch(self, before: Form, after: Form) -> int:
        """Return the bytes of L*a*b* in float32 and of the way back."""
        return 40 * after.values if after.values > 2 else 12 * after.values

    def opencv(self, before: Form) -> Peer:
        """Return ``cv2.createCLAHE``, which takes gray."""
        if before.depth in (Depth.U8, Depth.U16) and before.values == 1:
            return Peer("cv2.createCLAHE")
        return Peer(why_not="cv2.createCLAHE takes gray of 8 or 16 bits")
