"""Compare a recipe's result against that of OpenCV, or of the script of the source documents."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Engine
from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.naive import NaiveEngine
from imgconv.engines.opencv import OpenCVEngine
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import Axis
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.model.step_plan import StepPlan
from imgconv.model.steps.base import Reach
from imgconv.model.tolerance import ANY, Tolerance, ToleranceSpec
from imgconv.ops.compare.cause import Cause
from imgconv.ops.compare.difference import judge
from imgconv.ops.compare.engine_diagnosis import find_causes
from imgconv.ops.compare.metrics import Difference, absolute_difference, measure
from imgconv.ops.context import Outcome
from imgconv.ops.image import Image, as_image, form_of
from imgconv.ops.pipeline.run import run_recipe
from imgconv.ops.regions.masks import NO_MASKS, Masks
from imgconv.ops.regions.selected import selected_pixels
from imgconv.ops.windows import geometries_of

ENGINES: dict[str, type[OpenCVEngine] | type[NaiveEngine]] = {
    "opencv": OpenCVEngine,
    "naive": NaiveEngine,
}
_FLOAT_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a recipe yields here and elsewhere, and how far the two are apart.

    Attributes
    ----------
    ours, theirs : ndarray
    against : str
        "opencv" or "naive".
    difference : Difference
    causes : tuple of Cause
        Why they differ; empty where they do not.
    tolerance : float
        The greatest difference that passes, in grey levels; infinite where any does.
    seconds, seconds_theirs : float
        The fastest of a few runs each.
    opencv : str
        The version of OpenCV.
    calls : tuple of str
        The functions of OpenCV that did steps there; all other steps were done as here.
    notes : tuple of str
        Filters that OpenCV does not have, and what differs by definition.
    metrics : mapping
        The values of the other metrics that have a limit.
    broken : tuple of str
        The limits that are not kept, in words.
    """

    ours: Image
    theirs: Image
    against: str
    difference: Difference
    causes: tuple[Cause, ...]
    tolerance: float
    seconds: float
    seconds_theirs: float
    opencv: str
    calls: tuple[str, ...] = ("cv2.filter2D",)
    notes: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    broken: tuple[str, ...] = ()

    @property
    def within_tolerance(self) -> bool:
        """Whether all limits are kept."""
        return not self.broken

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the images as plain data; what is not finite is None."""
        facts: dict[str, Any] = {
            "against": self.against,
            **asdict(self.difference),
            "causes": [asdict(cause) for cause in self.causes],
            "tolerance": self.tolerance,
            "within_tolerance": self.within_tolerance,
            "metrics": dict(self.metrics),
            "broken": list(self.broken),
            "seconds": self.seconds,
            "seconds_theirs": self.seconds_theirs,
            "opencv": self.opencv,
            "calls": list(self.calls),
            "notes": list(self.notes),
        }
        return _finite(facts)


def compare(
    image: Image,
    recipe: Recipe,
    *,
    against: str = "opencv",
    tolerance: float | ToleranceSpec | None = None,
    threads: int | None = None,
    masks: Masks = NO_MASKS,
) -> Comparison:
    """Run a recipe through our engine and through another, and say how and why they differ.

    Parameters
    ----------
    image : ndarray, shape (rows, columns[, channels])
        uint8, uint16, int16 or float32, RGB.
    recipe : Recipe
    against : {"opencv", "naive"}, default "opencv"
        OpenCV's functions (see `Step.opencv`) with the same weights, border and depth, or the
        script of the source documents, which has a border and a rounding of its own.
    tolerance : float or ToleranceSpec, optional
        In grey levels, or limits of any metric; default 1 for integers, and for float32 1e-5 of
        the greatest magnitude, which counts as 1 at least, unless another metric has a limit.
    threads : int, optional
    masks : Masks, optional
        The pictures that the recipe names, read.

    Returns
    -------
    Comparison
        Of the pixels that were filtered: with a region or a mask, the selected ones.

    Raises
    ------
    ArgumentError
        For an unknown engine, or a recipe that it cannot run.

    Examples
    --------
    >>> import numpy as np
    >>> from imgconv.model.kernel import Kernel
    >>> image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> recipe = Recipe(steps=(Kernel([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),))
    >>> compare(image, recipe).difference.equal
    64
    """
    if against not in ENGINES:
        raise ArgumentError(f"{against!r} is unknown; compare against {' or '.join(ENGINES)}")
    pixels = as_image(image, recipe.settings.depth)
    ours, seconds = _timed(pixels, recipe, threads, None, masks)
    theirs, seconds_theirs = _timed(
        pixels, recipe, threads, ENGINES[against](), masks, peers=against == "opencv"
    )
    plan = recipe.planned(form_of(pixels))
    inside = interior((pixels.shape[0], pixels.shape[1]), plan)
    counted = selected_pixels(recipe, (pixels.shape[0], pixels.shape[1]), masks)
    difference = measure(ours.image, theirs.image, inside, counted)
    same = difference.equal == difference.pixels
    causes = [] if same else find_causes(pixels, recipe, ours.image, theirs.image, against, masks)
    limits = _limits(tolerance, ours.image)
    change = judge(theirs.image, ours.image, limits)
    return Comparison(
        ours=ours.image,
        theirs=theirs.image,
        against=against,
        difference=difference,
        causes=tuple(causes),
        tolerance=math.inf if limits.limit is None else limits.limit,
        seconds=seconds,
        seconds_theirs=seconds_theirs,
        opencv=str(load_cv2().__version__),
        calls=_calls(plan),
        notes=_notes(plan) if against == "opencv" else (),
        metrics=change.metrics,
        broken=change.broken,
    )


def _limits(tolerance: float | ToleranceSpec | None, image: Image) -> Tolerance:
    """Return the limits that are asked for; without any, the default limit of levels."""
    if isinstance(tolerance, ToleranceSpec):
        limits = tolerance.of(Depth.of(image.dtype))
    else:
        limits = ANY._replace(limit=tolerance)
    if limits._replace(antialias=ANY.antialias, alpha=ANY.alpha) != ANY:
        return limits
    return limits._replace(limit=_default_tolerance(image))


def interior(size: tuple[int, int], plan: StepPlan) -> NDArray[np.bool_]:
    """Return which output pixels depend on no position outside the image, shape (rows, columns).

    Parameters
    ----------
    size : (int, int)
        Rows and columns of the image.
    plan : StepPlan
    """
    known = np.ones(size[0], bool), np.ones(size[1], bool)
    for planned in plan.steps:
        if planned.step.reach is not Reach.WINDOW:
            continue
        geometries = geometries_of(planned.step, planned.settings, (len(known[0]), len(known[1])))
        rows = [_reached(known[0], geometry.rows) for geometry in geometries]
        columns = [_reached(known[1], geometry.columns) for geometry in geometries]
        known = np.logical_and.reduce(rows), np.logical_and.reduce(columns)
    return np.logical_and.outer(*known)


def _reached(known: NDArray[np.bool_], axis: Axis) -> NDArray[np.bool_]:
    inside = np.ones(axis.out, bool)
    starts = np.arange(axis.out) * axis.stride - axis.before
    for tap in range(axis.taps):
        at = starts + tap * axis.dilation
        within = (at >= 0) & (at < axis.length)
        inside &= within & known[np.clip(at, 0, axis.length - 1)]
    return inside


def difference_picture(comparison: Comparison) -> tuple[NDArray[np.uint8], float]:
    """Draw the absolute difference, the greatest one white.

    Returns
    -------
    (ndarray of uint8, float)
        The picture, black where nothing differs, and the factor that it was multiplied by.
    """
    apart = absolute_difference(comparison.ours, comparison.theirs)
    apart = np.nan_to_num(apart, posinf=float(np.max(apart, where=np.isfinite(apart), initial=1)))
    factor = 255 / float(apart.max()) if apart.any() else 1.0
    picture: NDArray[np.uint8] = np.rint(apart * factor).astype(np.uint8)
    return picture, factor


def _finite(data: dict[str, Any]) -> dict[str, Any]:
    """Put None for numbers that JSON cannot say."""
    return {
        key: _finite(value)
        if isinstance(value, dict)
        else None
        if isinstance(value, float) and not math.isfinite(value)
        else value
        for key, value in data.items()
    }


def _calls(plan: StepPlan) -> tuple[str, ...]:
    """Return the functions of OpenCV; none where a recipe has filters, and OpenCV none of them."""
    calls = [planned.step.opencv(planned.before).call for planned in plan.steps]
    found = tuple(dict.fromkeys(call for call in calls if call))
    return found or (() if _notes(plan) else ("cv2.filter2D",))


def _notes(plan: StepPlan) -> tuple[str, ...]:
    notes = []
    for planned in plan.steps:
        peer = planned.step.opencv(planned.before)
        if not peer.call and planned.step.reach is not Reach.PIXEL:
            notes.append(f"{planned.step.name} was done as here: {peer.why_not}")
        elif peer.note:
            notes.append(f"{peer.call}: {peer.note}")
    return tuple(notes)


def _default_tolerance(image: Image) -> float:
    if image.dtype != np.float32:
        return 1.0
    finite = np.abs(image[np.isfinite(image)])
    return _FLOAT_TOLERANCE * max(1.0, float(finite.max(initial=0)))


def _timed(
    image: Image,
    recipe: Recipe,
    threads: int | None,
    engine: Engine | None,
    masks: Masks,
    *,
    peers: bool = False,
) -> tuple[Outcome, float]:
    """Run a recipe up to three times, for a quarter of a second at the most."""
    best, began = float("inf"), time.perf_counter()
    for _ in range(3):
        started = time.perf_counter()
        outcome = run_recipe(
            image, recipe, threads=threads, engine=engine, peers=peers, masks=masks
        )
        best = min(best, time.perf_counter() - started)
        if time.perf_counter() - began > 0.25:
            break
    return outcome, best
