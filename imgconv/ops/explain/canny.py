"""Explain a pixel of Canny's detector, by plain sums over the pixels around it."""

from __future__ import annotations

import math
from collections import deque
from fractions import Fraction
from functools import cached_property
from itertools import product

from imgconv.model.canny_explanation import CannyStage, GradientHere
from imgconv.model.numbers import Number, simplest
from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.edges import Canny
from imgconv.ops.edges.canny import canny, smoothed
from imgconv.ops.explain.reading import Place
from imgconv.ops.image import Image, has_alpha

_SMOOTHING = {3: (1, 2, 1), 5: (1, 4, 6, 4, 1), 7: (1, 6, 15, 20, 15, 6, 1)}
_DERIVATIVE = {3: (-1, 0, 1), 5: (-1, -2, 0, 2, 1), 7: (-1, -4, -5, 0, 5, 4, 1)}
_TANGENT = 13573 / (1 << 15)  # of 22.5 degrees; of 67.5 it is larger by 2
_DIRECTIONS = {
    "along the row": ((0, -1), (0, 1)),
    "along the column": ((-1, 0), (1, 0)),
    "along the rising diagonal": ((-1, 1), (1, -1)),
    "along the falling diagonal": ((-1, -1), (1, 1)),
}


def explain_canny(source: Image, output: Image, planned: PlannedStep, at: Place) -> CannyStage:
    """Describe how Canny's detector decided one pixel.

    Raises
    ------
    ArithmeticError
        When the step wrote something else, which would be a bug.
    """
    step = planned.step
    assert isinstance(step, Canny)
    colours = source[..., :-1] if has_alpha(source) else source
    pixels = smoothed(colours, step.sigma)
    low, high = step.thresholds
    found = canny(pixels, low, high, aperture=step.aperture, l2=step.l2)
    scale = 16 if step.aperture == 7 and source.dtype.name == "uint8" else 1
    around = _Gradients(pixels, step.aperture, step.l2, scale)
    low, high = found.low / scale, found.high / scale
    here = around.at(at)
    direction = _direction(here)
    before, after = (around.at((at[0] + r, at[1] + c)) for r, c in _DIRECTIONS[direction])
    diagonal = "diagonal" in direction
    greatest = here.size > before.size and (
        here.size > after.size if diagonal else here.size >= after.size
    )
    is_edge = bool(output[at])
    strong, steps = _nearest_strong(around, output, at, high) if is_edge else (None, 0)
    verdict, expected = _verdict(here, low, high, greatest, strong)
    if source.dtype.kind != "f" and expected is not is_edge:
        raise ArithmeticError(f"explained as {verdict!r}, but the step wrote {output[at]}")
    angle = math.degrees(math.atan2(float(here.down), float(here.across)))
    scaled = "gradients and thresholds are divided by 16, as in cv2.Canny" if scale > 1 else ""
    return CannyStage(
        step.name, at, here, angle, direction, (before, after), low, high, greatest, strong, steps,
        verdict, scaled, (output[at].item(),),
    )  # fmt: skip


class _Gradients:
    """Gradients at single pixels, worked out when they are asked for; the border is replicated."""

    def __init__(self, pixels: Image, aperture: int, l2: bool, scale: int) -> None:
        self._pixels = pixels if pixels.ndim == 3 else pixels[..., None]
        self._aperture, self._l2, self._scale = aperture, l2, scale
        self._known: dict[Place, GradientHere] = {}

    def at(self, place: Place) -> GradientHere:
        """Return the gradient in the channel where it is the largest, the first of equal ones."""
        rows, columns, channels = self._pixels.shape
        if not (0 <= place[0] < rows and 0 <= place[1] < columns):
            return GradientHere(place, 0, 0, 0, 0)
        if place not in self._known:
            best = self._of_channel(place, 0)
            for channel in range(1, channels):
                other = self._of_channel(place, channel)
                best = other if other.size > best.size else best
            self._known[place] = best
        return self._known[place]

    def _of_channel(self, place: Place, channel: int) -> GradientHere:
        across: Number = 0
        down: Number = 0
        half = self._aperture // 2
        last_row, last_column = (size - 1 for size in self._pixels.shape[:2])
        for (r, smooth_r, slope_r), (c, smooth_c, slope_c) in product(self._taps, self._taps):
            row = min(max(place[0] + r - half, 0), last_row)
            column = min(max(place[1] + c - half, 0), last_column)
            pixel = _exact(self._pixels[row, column, channel].item())
            across += smooth_r * slope_c * pixel
            down += slope_r * smooth_c * pixel
        if self._scale > 1:
            across, down = (round(Fraction(value) / self._scale) for value in (across, down))
        size = _magnitude(across) + _magnitude(down)
        if self._l2:
            size = math.sqrt(across * across + down * down)
        return GradientHere(place, channel, _plain(across), _plain(down), _plain(size))

    @cached_property
    def _taps(self) -> list[tuple[int, int, int]]:
        aperture = self._aperture
        pairs = zip(_SMOOTHING[aperture], _DERIVATIVE[aperture], strict=True)
        return [(place, smooth, slope) for place, (smooth, slope) in enumerate(pairs)]


def _exact(value: float) -> Number:
    """Return a value without rounding where it is finite."""
    return Fraction(value) if isinstance(value, float) and math.isfinite(value) else value


def _magnitude(value: Number) -> Number:
    return -value if value < 0 else value


def _plain(value: Number) -> Number:
    """Return a whole number as such."""
    if isinstance(value, float) and not math.isfinite(value):
        return value
    exact = simplest(Fraction(value))
    return value if isinstance(value, float) and not isinstance(exact, int) else exact


def _direction(here: GradientHere) -> str:
    """Return which of four directions a gradient is taken for."""
    flat, steep = abs(float(here.across)), abs(float(here.down))
    if steep < flat * _TANGENT:
        return "along the row"
    if steep > flat * (_TANGENT + 2):
        return "along the column"
    falling = (here.across < 0) == (here.down < 0)
    return f"along the {'falling' if falling else 'rising'} diagonal"


def _nearest_strong(
    around: _Gradients, output: Image, at: Place, high: float
) -> tuple[GradientHere | None, int]:
    """Return the nearest pixel of the same edge that is above a threshold, and how far it is."""
    reached = {at: 0}
    queue = deque([at])
    while queue:
        place = queue.popleft()
        gradient = around.at(place)
        if gradient.size > high:
            return gradient, reached[place]
        for down, across in product((-1, 0, 1), (-1, 0, 1)):
            beside = (place[0] + down, place[1] + across)
            inside = all(0 <= n < size for n, size in zip(beside, output.shape, strict=False))
            if inside and beside not in reached and output[beside]:
                reached[beside] = reached[place] + 1
                queue.append(beside)
    return None, 0


def _verdict(
    here: GradientHere,
    low: float,
    high: float,
    greatest: bool,
    strong: GradientHere | None,
) -> tuple[str, bool]:
    """Return the verdict in words, and whether it is an edge."""
    if not here.size > low:
        return "no edge: the size is not above the lower threshold", False
    if not greatest:
        return "no edge: a neighbour in its direction is not smaller", False
    if here.size > high:
        return "an edge: above the upper threshold, and the greatest in its direction", True
    if strong is None:
        words = "no edge: between the thresholds, and with nothing above the upper one connected"
        return words, False
    return "an edge: between the thresholds, and connected with what is above the upper one", True
