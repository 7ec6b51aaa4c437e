"""Why two engines differ: each cause is tried out by computing the recipe again with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Engine
from imgconv.engines.naive import SteadyNaiveEngine
from imgconv.engines.opencv import (
    DirectOpenCVEngine,
    DoubleOpenCVEngine,
    SteadyOpenCVEngine,
    takes_dft,
)
from imgconv.model.border import STAND_INS, Border
from imgconv.model.errors import ImgconvError
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, Rounding
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Reach, Step
from imgconv.ops.compare.cause import Cause
from imgconv.ops.pipeline.run import run_recipe
from imgconv.ops.regions.masks import NO_MASKS, Masks

Image = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a recipe yields under a supposition, and with which side it must then agree."""

    name: str
    evidence: str
    recipe: Recipe
    engine: Engine | None = None
    peers: bool = False
    agrees_with: Recipe | None = None  # what ours makes of this; None: theirs


def find_causes(
    image: Image,
    recipe: Recipe,
    ours: Image,
    theirs: Image,
    against: str,
    masks: Masks = NO_MASKS,
) -> list[Cause]:
    """Explain the pixels at which two results differ, each by the first cause that fits.

    `against` says what made `theirs`: "opencv" and "naive" have arithmetic of their own to try.
    """
    open_pixels = _differing(ours, theirs)
    causes: dict[str, Cause] = {}
    depths = Depth.of(image.dtype), Depth.of(ours.dtype)
    if against == "opencv":
        sums, borders = list(_sums_of_opencv(recipe, *depths)), list(STAND_INS)
        trials = [*_ties(recipe), *sums, *_other_settings(recipe, borders)]
    elif against != "naive":
        trials = [*_ties(recipe), *_other_settings(recipe, list(STAND_INS))]
    else:
        sums, borders = list(_sums_of_script(recipe)), [Border.REPLICATE]
        trials = [*_ties(recipe), *_other_settings(recipe, borders), *sums]
    for trial in trials:
        if not open_pixels.any():
            break
        explained = open_pixels & _agreement(image, trial, theirs, masks)
        if explained.any():
            _add(causes, Cause(trial.name, int(explained.sum()), trial.evidence))
            open_pixels &= ~explained
    clipped = open_pixels & _outside(image, recipe, ours)
    if clipped.any():
        evidence = "the exact value lies outside the type's range"
        _add(causes, Cause("clipping", int(clipped.sum()), evidence))
        open_pixels &= ~clipped
    if open_pixels.any():
        _add(causes, Cause("unexplained", int(open_pixels.sum()), "no supposition fits"))
    return list(causes.values())


def _agreement(image: Image, trial: _Trial, theirs: Image, masks: Masks) -> NDArray[np.bool_]:
    """Return where a trial agrees with what it should; nowhere, where it cannot be computed."""
    nowhere = np.zeros(theirs.shape[:2], bool)
    try:
        result = run_recipe(
            image, trial.recipe, engine=trial.engine, peers=trial.peers, masks=masks
        ).image
        target = theirs
        if trial.agrees_with is not None:
            target = run_recipe(image, trial.agrees_with, masks=masks).image
    except ImgconvError:
        return nowhere
    if result.shape != target.shape or result.dtype != target.dtype:
        return nowhere
    return ~_differing(result, target)


def _add(causes: dict[str, Cause], new: Cause) -> None:
    """Add a cause, together with an earlier one of the same name."""
    if (known := causes.get(new.name)) is not None:
        evidence = f"{known.evidence}; {new.evidence}"
        new = Cause(new.name, known.pixels + new.pixels, evidence)
    causes[new.name] = new


def _differing(one: Image, other: Image) -> NDArray[np.bool_]:
    return _per_pixel((one != other) & ~(np.isnan(one) & np.isnan(other)))


def _per_pixel(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return flags if flags.ndim == 2 else np.asarray(flags.any(axis=2))


def _outside(image: Image, recipe: Recipe, ours: Image) -> NDArray[np.bool_]:
    """Return where the exact value is beyond the range of the output's type."""
    depth = Depth.of(ours.dtype)
    wide = replace(recipe.everywhere, settings=recipe.settings._replace(depth=Depth.F32))
    values = run_recipe(image, wide).image
    return _per_pixel((values < depth.low) | (values > depth.high))


def _ties(recipe: Recipe) -> Iterator[_Trial]:
    for rounding in (Rounding.HALF_UP, Rounding.HALF_DOWN):
        evidence = f"ours, rounding {rounding.value}, agrees with theirs"
        yield _Trial("rounding ties", evidence, _with(recipe, rounding=rounding))


def _sums_of_opencv(recipe: Recipe, depth: Depth, depth_out: Depth) -> Iterator[_Trial]:
    if any(takes_dft(kernel, depth, depth_out) for kernel in _kernels(recipe)):
        yield _Trial(
            "DFT path",
            "OpenCV summing directly, in pieces, agrees with ours",
            recipe,
            DirectOpenCVEngine(),
            peers=True,
            agrees_with=recipe,
        )
    yield _Trial(
        "float32 sums",
        "OpenCV computing in float64 agrees with ours",
        recipe,
        DoubleOpenCVEngine(),
        peers=True,
        agrees_with=recipe,
    )
    yield _Trial(
        "float64 sums",
        "OpenCV computing in float64, its sums rounded to 9 decimals, agrees with ours",
        recipe,
        SteadyOpenCVEngine(),
        peers=True,
        agrees_with=recipe,
    )


def _sums_of_script(recipe: Recipe) -> Iterator[_Trial]:
    """Try the script's arithmetic: it truncates and replicates anyway, the rest is float64."""
    yield _Trial(
        "float64 sums",
        "the script, its sums rounded to 9 decimals before truncation, agrees with ours, "
        "truncating with border replicate",
        recipe,
        SteadyNaiveEngine(),
        agrees_with=_with(recipe, rounding=Rounding.TRUNCATE, border=Border.REPLICATE),
    )


def _other_settings(recipe: Recipe, borders: Iterable[Border]) -> Iterator[_Trial]:
    truncating = _with(recipe, rounding=Rounding.TRUNCATE)
    yield _Trial("truncation", "ours, truncating, agrees with theirs", truncating)
    for border in borders:
        if border is not recipe.settings.border:
            said = f"ours with border {border.value}"
            yield _Trial("border", f"{said} agrees with theirs", _with(recipe, border=border))
            both = _with(truncating, border=border)
            evidence = f"{said}, truncating, agrees with theirs"
            yield _Trial("border and truncation", evidence, both)
    turned = replace(recipe, convolve=not recipe.convolve)
    yield _Trial("flip", "ours with the kernel flipped agrees with theirs", turned)
    if any(side % 2 == 0 for kernel in _kernels(recipe) for side in kernel.shape):
        shifted = tuple(_other_centre(step) for step in recipe.steps)
        moved = replace(recipe, steps=shifted, anchor=None)
        yield _Trial("anchor", "ours with anchor (k - 1) // 2 agrees with theirs", moved)


def _kernels(recipe: Recipe) -> list[Kernel]:
    return [kernel for step in recipe.steps for kernel in step.members]


def _other_centre(step: Step) -> Step:
    if step.reach is not Reach.WINDOW:
        return step
    rows = max(extent.rows for extent in step.extents)
    columns = max(extent.columns for extent in step.extents)
    return step.anchored(((rows - 1) // 2, (columns - 1) // 2))


def _with(recipe: Recipe, **changes: Any) -> Recipe:
    return replace(recipe, settings=recipe.settings._replace(**changes))
