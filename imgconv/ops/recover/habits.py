"""Habits of other tools: what they do that a recipe does not, or does by an option."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from imgconv.model.border import Border
from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel, as_kernel
from imgconv.model.output import Rounding
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Step
from imgconv.ops.image import Image
from imgconv.ops.recover.fit import Fit, Floats
from imgconv.ops.recover.local_levels import is_black_and_white
from imgconv.ops.recover.peers import Call, calls
from imgconv.ops.recover.result import Known, Recovery, Tool, as_floats, is_identity
from imgconv.ops.recover.tryout import Trial, measured, run_or_none
from imgconv.ops.recover.wrapped import wrapped_kernel

Load = Callable[[str], Step]
_MARGIN = 32
_LEAST_ON_A_PART = 0.9
_TRIED_WHOLE = 4
_WIDEST_RIM = 16
_TINY = 1e-9


def applies(trial: Trial) -> bool:
    """Return whether calls of other tools may be tried: bytes to bytes of one size."""
    placement = trial.placement
    plain = placement.size is OutputSize.SAME and placement.stride == (1, 1)
    plain = plain and not is_black_and_white(trial)
    return plain and trial.before.dtype == trial.after.dtype == np.uint8


def by_a_tool(
    trial: Trial, fit: Fit | None, best: Recovery | None, load: Load, deadline: float
) -> Recovery | None:
    """Return what a call of another tool reproduces wholly, or None.

    The recipe is the one that comes nearest to the call, or the best so far where that does better.
    """
    kernel = best.kernel if best else None
    if kernel is None and best is None:
        kernel = wrapped_kernel(trial)
    sample = trial.with_reach(_MARGIN).middle
    target = sample.counted(sample.after)
    found: list[tuple[float, Call]] = []
    for call in calls(fit, kernel):
        if time.monotonic() > deadline:
            break
        made = _made(call, sample.before)
        if made is None or made.shape != sample.after.shape:
            continue
        share = float((sample.counted(made) == target).mean())
        if share >= _LEAST_ON_A_PART:
            found.append((share, call))
        if share == 1 and _is_all(call, trial):
            return _recovered(trial, call, best, load)
    # What runs along whole lines differs a little on a part.
    found.sort(key=lambda pair: -pair[0])
    for share, call in found[:_TRIED_WHOLE]:
        if share < 1 and _is_all(call, trial):
            return _recovered(trial, call, best, load)
    return None


def _is_all(call: Call, trial: Trial) -> bool:
    whole = _made(call, trial.before)
    return whole is not None and np.array_equal(whole, trial.after)


def _made(call: Call, image: Image) -> Image | None:
    try:
        made = call.make(image)
    except (ValueError, RuntimeError, TypeError, OSError):  # a picture that the tool does not take
        return None
    return made if made.dtype == image.dtype else None


def _recovered(trial: Trial, call: Call, best: Recovery | None, load: Load) -> Recovery | None:
    tool = Tool(call.words, call.habit)
    step: Step = load(call.steps) if isinstance(call.steps, str) else call.steps
    name = call.steps if isinstance(call.steps, str) else None
    border = Border(call.border)
    settings = trial.settings._replace(border=border)
    recipe = Recipe(steps=(step,), settings=settings)
    equality = trial.whole(recipe)
    if best is not None and (equality is None or best.equality.equal_share >= equality.equal_share):
        return replace(best, tool=tool)
    if equality is None:
        return None
    alone = as_kernel(step) if step.is_linear else None
    return Recovery(recipe, equality, name, alone, tool=tool)


def with_rim(trial: Trial, best: Recovery) -> Recovery:
    """Return a recovery that says so where a border left as it was is all that it misses."""
    width = _rim_of(best.recipe)
    if best.exact or not 0 < width <= _WIDEST_RIM:
        return best
    made = run_or_none(trial.before, best.recipe)
    if made is None or made.shape != trial.after.shape:
        return best
    inner = slice(width, -width)
    if not np.array_equal(made[inner, inner], trial.after[inner, inner]):
        return best
    for kept, said in (
        (trial.before, "are left unfiltered, as Pillow leaves them"),
        (np.zeros_like(made), "are black, since only whole windows were filtered"),
    ):
        filled = kept.copy() if kept.shape == made.shape else np.zeros_like(made)
        filled[inner, inner] = made[inner, inner]
        if measured(filled, trial.after).equal_share == 1:
            outermost = "pixels" if width == 1 else f"{width} rows and columns"
            rim = f"the outermost {outermost} {said}; all other pixels are reproduced"
            return replace(best, rim=rim)
    return best


def _rim_of(recipe: Recipe) -> int:
    """Return how many rows and columns are without a whole window."""
    extents = [extent for step in recipe.steps for extent in step.extents]
    sides = [max(*e.anchor, e.rows - 1 - e.anchor[0], e.columns - 1 - e.anchor[1]) for e in extents]
    return max(sides, default=0)


def explained(best: Recovery, known: Sequence[Known]) -> Recovery:
    """Return a recovery with notes on the habits that its recipe shows, and who has them."""
    if best.compressed is not None:
        return best  # rounding cannot be seen through compression
    notes = list(_notes(best, known))
    return replace(best, notes=(*best.notes, *notes)) if notes else best


def _notes(best: Recovery, known: Sequence[Known]) -> Iterator[str]:
    settings, kernel = best.recipe.settings, best.kernel
    if settings.rounding is Rounding.TRUNCATE:
        yield "decimals are cut off, as SciPy's ndimage, NumPy's astype and ImageMagick 6 do"
    elif settings.rounding is Rounding.HALF_UP:
        yield "halves are rounded up, as Pillow does"
    if best.recipe.convolve:
        yield (
            "the kernel is turned by 180 degrees, as scipy.ndimage.convolve, MATLAB's conv2 and "
            "ImageMagick's Convolve do"
        )
    if kernel is None or is_identity(kernel):
        return
    if best.name is None and (found := _flipped(kernel, known)):
        yield found
    if (of := _divided(kernel, known)) is not None:
        yield (
            f"the weights are those of {of} divided by the sum of the positive ones, as "
            "scikit-image's edge filters and ImageMagick's normalisation do"
        )


def _flipped(kernel: Kernel, known: Sequence[Known]) -> str | None:
    """Return which known kernel a kernel is, flipped in one direction."""
    own = as_floats(kernel)
    for turned, way in (
        (own[::-1], "top to bottom, as Pillow's ImageFilter.Kernel reads its weights"),
        (own[:, ::-1], "left to right"),
    ):
        if (name := _name_of(turned, known)) is not None:
            return f"the weights are those of {name} flipped {way}"
    return None


def _divided(kernel: Kernel, known: Sequence[Known]) -> str | None:
    """Return which known kernel's weights, divided by the sum of the positive ones, these are."""
    own = as_floats(kernel)
    if abs(own.sum()) > _TINY or abs(own[own > 0].sum() - 1) > _TINY:
        return None
    for entry in known:
        if entry.step.is_linear and entry.floats.shape == own.shape:
            total = float(entry.floats[entry.floats > 0].sum())
            if total > 1 + _TINY and np.allclose(entry.floats, own * total, rtol=0, atol=_TINY):
                return entry.name
    return None


def _name_of(weights: Floats, known: Sequence[Known]) -> str | None:
    for entry in known:
        if not entry.step.is_linear or entry.floats.shape != weights.shape:
            continue
        if np.allclose(entry.floats, weights, rtol=0, atol=_TINY):
            return entry.name
    return None
