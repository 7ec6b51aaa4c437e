"""Images as arrays: what every operation checks of its arguments."""

from __future__ import annotations

import math
import operator
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.steps.base import Form
from imgconv.ops.arrays import plain_array
from imgconv.system.cpus import usable_cpus

Image = NDArray[Any]

_MOST_THREADS = 256


def as_image(image: ArrayLike, depth: Depth | None = None) -> Image:
    """Check that an array is an image that an engine takes.

    Raises
    ------
    ArgumentError
        For another type, another number of axes, no pixels, masked values, or a Pillow image
        that is neither gray nor colour.
    """
    array = plain_array(image)
    if array.dtype == np.float64 and depth is Depth.F32:
        array = array.astype(np.float32)
    Depth.of(array.dtype)
    if array.ndim not in (2, 3) or array.size == 0:
        raise ArgumentError(
            f"an image has shape (rows, columns) or (rows, columns, channels) and at least one "
            f"pixel, not shape {array.shape}"
        )
    return array


def form_of(image: Image) -> Form:
    """Return depth and channels of an image."""
    return Form(Depth.of(image.dtype), image.shape[2] if image.ndim == 3 else None)


def shape_of(rows: int, columns: int, form: Form) -> tuple[int, ...]:
    """Return the shape of the array of an image."""
    return (rows, columns) if form.channels is None else (rows, columns, form.channels)


def has_alpha(image: Image) -> bool:
    """Return whether the last channel is alpha: that of two or four is."""
    return image.ndim == 3 and image.shape[2] in (2, 4)


def colour_values(shape: tuple[int, ...]) -> int:
    """Return the number of values of an image, without alpha."""
    return math.prod(shape[:2]) * {2: 1, 4: 3}.get(
        shape[-1] if len(shape) == 3 else 1, math.prod(shape[2:])
    )


def checked_threads(threads: object) -> int:
    """Return a number of threads; None means the CPUs that this process may use."""
    if threads is None:
        return usable_cpus()
    # An int first: to ask whether something has a method takes longer than a small image.
    if type(threads) is int and threads >= 1:
        return min(threads, _MOST_THREADS)
    if isinstance(threads, int | SupportsIndex) and (count := operator.index(threads)) >= 1:
        return min(count, _MOST_THREADS)
    raise ArgumentError(f"threads is {threads!r}; a whole number of at least 1 is needed")


def outside_value(value: int | float, depth: Depth) -> int | float:
    """Return what stands outside an image of this depth under ``Border.CONSTANT``."""
    if depth is Depth.F32:
        if abs(value) > float(np.finfo(np.float32).max):
            raise ArgumentError(f"border value {value} is beyond the range of float32")
        return float(np.float32(value))
    if value != int(value) or not depth.low <= value <= depth.high:
        raise ArgumentError(
            f"border value {value} is not a value of a {depth.value} image",
            hint=f"give a whole number from {depth.low} to {depth.high}",
        )
    return int(value)
