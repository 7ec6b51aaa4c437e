"""The median of a window."""

from __future__ import annotations

import numpy as np

from imgconv.engines.opencv import load_cv2
from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import Geometry, OutputSize
from imgconv.model.output import Depth
from imgconv.model.steps.rank import Median
from imgconv.ops.context import StepContext, StepResult
from imgconv.ops.image import Image, has_alpha
from imgconv.ops.windows import surroundings, under_anchor, windows_of

_MOST_OF_OPENCV = {"uint8": 255, "uint16": 5, "int16": 5, "float32": 5}
"""The largest windows that ``cv2.medianBlur`` takes, by type."""
_MOST_VALUES = 1 << 22  # that are sorted at a time
_SIGN = np.uint16(0x8000)


def apply(image: Image, step: Median, context: StepContext) -> StepResult:
    """Take the median of each channel; alpha stays, unless it is filtered like a colour."""
    if not has_alpha(image) or context.alpha is Alpha.FILTER:
        return StepResult(_median(image, step, context))
    colours = _median(image[..., :-1], step, context)
    white = Depth.of(image.dtype).high
    opacity = under_anchor(image[..., -1:], step, context, outside=white)
    return StepResult(np.concatenate([colours, opacity], axis=2))


def peer(image: Image, step: Median, context: StepContext) -> StepResult:
    """Return what ``cv2.medianBlur`` makes of an image; its border is ``replicate``."""
    settings = context.settings
    if settings.size is not OutputSize.SAME or settings.dilation != (1, 1) or step.anchor:
        raise ArgumentError("cv2.medianBlur has no dilation, no anchor and no size but same")
    every = _by_opencv(image, step.size)
    return StepResult(every[:: settings.stride[0], :: settings.stride[1]])


def _median(image: Image, step: Median, context: StepContext) -> Image:
    array, geometry = surroundings(image, step.extents[0], context.settings, context.part)
    rows, columns = geometry.rows, geometry.columns
    if (rows.dilation, columns.dilation) != (1, 1) or not _is_for_opencv(array, step.size):
        return _sorted(array, geometry)
    middle = step.size // 2
    centres = _by_opencv(array, step.size)[middle:, middle:]
    down = slice(0, rows.out * rows.stride, rows.stride)
    return centres[down, : columns.out * columns.stride : columns.stride]


def _is_for_opencv(image: Image, size: int) -> bool:
    if size > _MOST_OF_OPENCV[str(image.dtype)]:
        return False
    return image.dtype != np.float32 or not np.isnan(image).any()


def _by_opencv(image: Image, size: int) -> Image:
    """Take medians by OpenCV, channel by channel; signed values as unsigned ones."""
    if image.dtype == np.int16:
        return _by_opencv(image.view(np.uint16) ^ _SIGN, size).view(np.int16) ^ _SIGN.view(np.int16)
    blur = load_cv2().medianBlur
    if image.ndim == 2:
        found: Image = blur(np.ascontiguousarray(image), size)
        return found + 0 if image.dtype == np.float32 else found  # no -0
    channels = [_by_opencv(image[..., channel], size) for channel in range(image.shape[2])]
    return np.stack(channels, axis=2)


def _sorted(array: Image, geometry: Geometry) -> Image:
    """Take medians by NumPy, a few windows at a time; NaN counts as greater than every number."""
    windows = windows_of(array, geometry)
    taps = geometry.rows.taps * geometry.columns.taps
    step = max(1, _MOST_VALUES // (taps * max(1, array[0, 0].size)))
    result = np.empty(windows.shape[:-2], array.dtype)
    for row in range(len(windows)):
        for start in range(0, windows.shape[1], step):
            some = windows[row, start : start + step]
            flat = some.reshape(*some.shape[:-2], taps)
            result[row, start : start + step] = np.partition(flat, taps // 2)[..., taps // 2]
    return result + 0 if array.dtype == np.float32 else result  # no -0
