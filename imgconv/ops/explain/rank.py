"""Explain a pixel of an order statistic or of morphology, by plain Python over its window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import Footprint
from imgconv.model.numbers import Number
from imgconv.model.rank_explanation import Extreme, MorphologyStage, RankStage
from imgconv.model.settings import Settings
from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.morphology import HitOrMiss, Morphology
from imgconv.model.steps.rank import OrderStatistic
from imgconv.model.steps.windowed import Windowed
from imgconv.ops.explain.reading import Place, WindowReader
from imgconv.ops.image import Image
from imgconv.ops.rank.extremes import ends_of
from imgconv.ops.rank.sorted_windows import nearest_rank

_LIMIT = 200_000  # pixels that an explanation may look at


def explain_rank(source: Image, output: Image, planned: PlannedStep, at: Place) -> RankStage:
    """Describe how an order statistic, a range, a midpoint or a mode made one pixel.

    Raises
    ------
    ArithmeticError
        When the step wrote something else, which would be a bug.
    """
    step = planned.step
    assert isinstance(step, Windowed)
    reader = WindowReader.of(source, planned)
    top, left = reader.corner(at)
    footprint = step.window.spaced(*planned.settings.dilation)
    pixels = tuple(
        pixel for r, c in footprint.taps if (pixel := reader.pixel((top + r, left + c))) is not None
    )
    values = tuple(value.item() for value in output[at].reshape(-1))
    taken, how = _taken(step, len(pixels))
    stage = RankStage(
        step.name, at, reader.under(at), pixels, taken, how, planned.settings.border.value, values
    )
    if isinstance(step, OrderStatistic) and pixels:
        expected = [stage.in_order(c)[taken[0]].values[c] for c in range(len(values))]
        _check(expected, values)
    return stage


def _taken(step: Windowed, count: int) -> tuple[tuple[int, ...], str]:
    if count == 0:
        return (), "none, so that a value stands for them"
    if isinstance(step, OrderStatistic):
        rank = nearest_rank(step.share, count)
        share = step.share
        said = f"share {share} of {count}, rounded up, is number {rank + 1}"
        return (rank,), said
    if step.kind == "mode":
        return (), "the most frequent value, the least where several are"
    both = (0, count - 1) if count > 1 else (0,)
    what = "the last minus the first" if step.kind == "range" else "half of the first and the last"
    return both, what


def explain_morphology(
    source: Image, output: Image, planned: PlannedStep, at: Place
) -> MorphologyStage:
    """Describe how erosions and dilations made one pixel.

    Raises
    ------
    ArgumentError
        For so many passes that too many pixels would be looked at.
    ArithmeticError
        When the step wrote something else, which would be a bug.
    """
    step = planned.step
    assert isinstance(step, Windowed)
    reader = WindowReader.of(source, planned)
    values = tuple(value.item() for value in output[at].reshape(-1))
    place = reader.anchor(at)
    channels, hows = [], []
    for channel, written in enumerate(values):
        passes = _Passes(reader, step, planned.settings, channel)
        if isinstance(step, HitOrMiss):
            extremes, value, how = passes.hit_or_miss(step, place)
        else:
            assert isinstance(step, Morphology)
            extremes, value, how = passes.operation(step, place)
        low, high = ends_of(source.dtype)
        _check([min(max(value, low), high)], (written,))
        channels.append(tuple(extremes))
        hows.append(how)
    border = planned.settings.border.value
    return MorphologyStage(
        step.name,
        at,
        reader.under(at),
        tuple(channels),
        "; ".join(filter(None, hows)),
        border,
        values,
    )


class _Passes:
    """Erosions and dilations at single places of one channel, each worked out once."""

    def __init__(
        self, reader: WindowReader, step: Windowed, settings: Settings, channel: int
    ) -> None:
        self._reader = reader
        self._channel = channel
        self._element = step.window.spaced(*settings.dilation)
        self._times = step.iterations if isinstance(step, Morphology) else 1
        self._known: dict[tuple[str, Place], Extreme] = {}

    def operation(self, step: Morphology, place: Place) -> tuple[list[Extreme], float, str]:
        """Return the extremes of an operation, from the last pass back, its value, and words."""
        erode, dilate = "e" * self._times, "d" * self._times
        here = self._reader.pixel(place)
        own = float(here.values[self._channel]) if here else 0.0
        plain = {"erode": erode, "dilate": dilate, "open": erode + dilate, "close": dilate + erode}
        if step.kind in plain:
            found = self._traced(plain[step.kind], place)
            return found, float(found[0].value), ""
        first, second = {
            "morph_gradient": (dilate, erode),
            "inner_gradient": ("", erode),
            "outer_gradient": (dilate, ""),
            "top_hat": ("", erode + dilate),
            "black_hat": (dilate + erode, ""),
        }[step.kind]
        one, two = self._traced(first, place), self._traced(second, place)
        above = float(one[0].value) if one else own
        below = float(two[0].value) if two else own
        return [*one, *two], above - below, f"{above:.12g} minus {below:.12g}"

    def hit_or_miss(self, step: HitOrMiss, place: Place) -> tuple[list[Extreme], float, str]:
        """Return the least hit and the greatest miss, what is written, and words."""
        found = [
            self._extreme("", part.spaced(*self._reader.settings.dilation), place, what, least)
            for sign, what, least in (
                (1, "least of the hits", True),
                (-1, "greatest of the misses", False),
            )
            if (part := step.part(sign)) is not None
        ]
        if len(found) == 1:
            return found, float(found[0].value), ""
        above, below = (float(extreme.value) for extreme in found)
        return found, max(above - below, 0), f"{above:.12g} minus {below:.12g}, or 0"

    def _traced(self, passes: str, place: Place) -> list[Extreme]:
        """Return the extreme of each pass, the last one first, each where the one before lay."""
        found = []
        while passes:
            extreme = self._at(passes, place)
            found.append(extreme)
            passes, place = passes[:-1], extreme.position
        return found

    def _at(self, passes: str, place: Place) -> Extreme:
        known = self._known.get((passes, place))
        if known is None:
            least = passes[-1] == "e"
            element = self._element if least else self._element.reflected()
            names = {"": "the image", "e": "the eroded values", "d": "the dilated values"}
            what = f"{'least' if least else 'greatest'} of {names[passes[-2:-1]]}"
            known = self._extreme(passes[:-1], element, place, what, least)
            self._known[passes, place] = known
            if len(self._known) * len(element.taps) > _LIMIT:
                raise ArgumentError(
                    "too many pixels lie under these passes for an explanation",
                    hint="explain a smaller footprint, or fewer iterations",
                )
        return known

    def _extreme(
        self, passes: str, element: Footprint, place: Place, what: str, least: bool
    ) -> Extreme:
        """Return the extreme over an element at a place, of the image or of passes over it."""
        best: Extreme | None = None
        row, column = element.anchor
        for r, c in element.taps:
            position = place[0] + r - row, place[1] + c - column
            pixel = self._reader.pixel(position)
            if pixel is None:
                continue
            value = pixel.values[self._channel]
            if passes:
                value = self._at(passes, position).value
            height = Fraction(element.heights[r][c]) if element.heights else Fraction(0)
            raised = float(value) - float(height) if least else float(value) + float(height)
            better = best is None or (raised < best.value if least else raised > best.value)
            if better or math.isnan(raised):
                shown = (
                    int(raised) if isinstance(value, int) and height.denominator == 1 else raised
                )
                best = Extreme(what, shown, position, pixel.source, height)
            if math.isnan(raised):
                break
        if best is None:
            low, high = ends_of(self._reader.image.dtype)
            return Extreme(f"{what}, none of which counts", high if least else low, place, None)
        return best


def _check(expected: Sequence[Number], written: Sequence[Number]) -> None:
    """Compare the explanation against what the step wrote."""
    for ours, value in zip(expected, written, strict=True):
        same = float(ours) == float(value) or (math.isnan(ours) and math.isnan(value))
        # Differences and heights of floats are rounded to float32 by the step.
        near = isinstance(value, float) and math.isclose(ours, value, rel_tol=1e-6, abs_tol=1e-6)
        if not (same or near):
            raise ArithmeticError(f"explained as {ours}, but the step wrote {value}")
