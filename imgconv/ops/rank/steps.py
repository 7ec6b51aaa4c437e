"""Order statistics and morphology as steps of a recipe."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import Footprint
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth
from imgconv.model.steps.base import Step
from imgconv.model.steps.morphology import HitOrMiss, Morphology
from imgconv.model.steps.rank import OrderStatistic
from imgconv.model.steps.windowed import Windowed
from imgconv.ops.context import StepContext, StepResult
from imgconv.ops.image import Image, has_alpha
from imgconv.ops.rank.combined import combined, direct_combined, hits_and_misses
from imgconv.ops.rank.extremes import extreme
from imgconv.ops.rank.filtering import DirectFilter, over_image, run_windows
from imgconv.ops.rank.modes import mode_of
from imgconv.ops.rank.ordered import direct_statistic, order_statistic
from imgconv.ops.rank.placing import windows_of_step
from imgconv.ops.rank.statistics import midpoint_between, range_between
from imgconv.ops.rank.windows import Windows
from imgconv.ops.windows import under_anchor

Function = Callable[[Windows], Image]


def statistic(image: Image, step: OrderStatistic, context: StepContext) -> StepResult:
    """Take an order statistic of each channel."""
    direct = partial(direct_statistic, percentile=step.share)
    return _applied(image, step, context, partial(order_statistic, percentile=step.share), direct)


def spread(image: Image, step: Windowed, context: StepContext) -> StepResult:
    """Take the greatest minus the least value."""
    return _applied(image, step, context, lambda w: range_between(*_ends(w)))


def midpoint(image: Image, step: Windowed, context: StepContext) -> StepResult:
    """Take the middle of the extremes."""
    rounding = context.settings.rounding
    return _applied(image, step, context, lambda w: midpoint_between(*_ends(w), rounding))


def mode(image: Image, step: Windowed, context: StepContext) -> StepResult:
    """Take the most frequent value."""
    return _applied(image, step, context, mode_of)


def morphology(image: Image, step: Morphology, context: StepContext) -> StepResult:
    """Erode and dilate."""
    spaced = step.window.spaced(*context.settings.dilation)
    kind, times = step.kind, step.iterations
    function = partial(combined, operation=kind, element=spaced, times=times)
    direct = partial(direct_combined, operation=kind, element=spaced, times=times)
    return _applied(image, step, context, function, direct, minds_nan=True)


def hit_or_miss(image: Image, step: HitOrMiss, context: StepContext) -> StepResult:
    """Look for a pattern."""
    parts = [step.part(1), step.part(-1)]
    hits, misses = (part and part.spaced(*context.settings.dilation) for part in parts)
    assert hits is not None, "a pattern has hits"
    return _applied(image, step, context, partial(hits_and_misses, hits=hits, misses=misses))


def _ends(windows: Windows) -> tuple[Image, Image]:
    return extreme(windows, greatest=False), extreme(windows, greatest=True)


def _applied(
    image: Image,
    step: Windowed,
    context: StepContext,
    function: Function,
    direct: DirectFilter | None = None,
    *,
    minds_nan: bool = False,
) -> StepResult:
    """Filter each channel; alpha stays, unless it is filtered like a colour."""
    if not has_alpha(image) or context.alpha is Alpha.FILTER:
        return StepResult(_filtered(image, step, context, function, direct, minds_nan))
    colours = np.ascontiguousarray(image[..., :-1])
    found = _filtered(colours, step, context, function, direct, minds_nan)
    opacity = under_anchor(image[..., -1:], step, context, outside=Depth.of(image.dtype).high)
    return StepResult(np.concatenate([found, opacity], axis=2))


def _filtered(
    image: Image,
    step: Windowed,
    context: StepContext,
    function: Function,
    direct: DirectFilter | None,
    minds_nan: bool,
) -> Image:
    channels = image if image.ndim == 3 else image[..., None]
    footprint = _whole_window(step)
    if context.part is None:
        found = over_image(
            channels,
            footprint,
            function,
            settings=context.settings,
            outside=context.settings.border,
            threads=context.threads,
            direct=direct,
            minds_nan=minds_nan,
        )
    else:
        windows = windows_of_step(channels, step.extents[0], footprint, context)
        found = run_windows(windows, function, minds_nan=minds_nan)
    return found if image.ndim == 3 else found[..., 0]


def _whole_window(step: Windowed) -> Footprint:
    """Return the footprint, or a box of all that several passes read."""
    if not isinstance(step, Morphology):
        return step.window
    extent = step.extents[0]
    return Footprint(((True,) * extent.columns,) * extent.rows, extent.anchor)


def peer(image: Image, step: Step, context: StepContext) -> StepResult:
    """Return what OpenCV's own function makes of an image, with its own border."""
    assert isinstance(step, Windowed)
    settings = context.settings
    if settings.size is not OutputSize.SAME:
        raise ArgumentError("OpenCV's filters have no size but same")
    footprint = step.window.spaced(*settings.dilation)
    made = _by_opencv(image, step, footprint)
    return StepResult(np.ascontiguousarray(made[:: settings.stride[0], :: settings.stride[1]]))


def _by_opencv(image: Image, step: Windowed, footprint: Footprint) -> Image:
    cv2 = load_cv2()
    element = np.array(footprint.rows, np.uint8)
    anchor = footprint.anchor[::-1]
    call = {
        "range": "MORPH_GRADIENT",
        "open": "MORPH_OPEN",
        "close": "MORPH_CLOSE",
        "morph_gradient": "MORPH_GRADIENT",
        "top_hat": "MORPH_TOPHAT",
        "black_hat": "MORPH_BLACKHAT",
        "hit_or_miss": "MORPH_HITMISS",
    }.get(step.kind)
    pixels = np.ascontiguousarray(image)
    times = step.iterations if isinstance(step, Morphology) else 1
    if isinstance(step, HitOrMiss):
        element = np.array(step.pattern, np.int8)
    if step.kind in ("erode", "min"):
        made = cv2.erode(pixels, element, anchor=anchor, iterations=times)
    elif step.kind in ("dilate", "max"):
        made = cv2.dilate(pixels, element, anchor=anchor, iterations=times)
    elif call is not None:
        made = cv2.morphologyEx(
            pixels, getattr(cv2, call), element, anchor=anchor, iterations=times
        )
    else:
        made = cv2.medianBlur(pixels, footprint.shape[0])
    found: Image = made.reshape(image.shape)
    return found
