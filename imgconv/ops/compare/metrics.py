"""How far two images are apart."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth

Image = NDArray[Any]


@dataclass(frozen=True, slots=True)
class DifferenceStats:
    """How far two images are apart over some of their pixels.

    Attributes
    ----------
    pixels, equal : int
        All, and those that agree in every channel.
    max_abs_diff, mean_abs_diff : float
        In grey levels.
    """

    pixels: int
    equal: int
    max_abs_diff: float
    mean_abs_diff: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two images are apart.

    Attributes
    ----------
    pixels, equal : int
        All, and those that agree in every channel.
    max_abs_diff, mean_abs_diff, rmse : float
        In grey levels; infinite where only one of two values is NaN or infinite.
    max_at : (int, int) or None
        Row and column of the greatest difference, the first of several; None for equal images.
    psnr : float or None
        In dB, over the range of the type (1 for float32); None for equal images, and where a
        difference is infinite.
    ssim : float or None
        Mean structural similarity of scikit-image; None below 7 x 7 pixels.
    border, interior : DifferenceStats
        The pixels whose window reached outside the image, and the others.
    """

    pixels: int
    equal: int
    max_abs_diff: float
    max_at: tuple[int, int] | None
    mean_abs_diff: float
    rmse: float
    psnr: float | None
    ssim: float | None
    border: DifferenceStats
    interior: DifferenceStats


def measure(
    ours: Image,
    theirs: Image,
    inside: NDArray[np.bool_],
    counted: NDArray[np.bool_] | None = None,
) -> Difference:
    """Measure the difference of two images of the same shape and type.

    Parameters
    ----------
    ours, theirs : ndarray, shape (rows, columns[, channels])
    inside : ndarray of bool, shape (rows, columns)
        Where the window lay inside the image.
    counted : ndarray of bool, shape (rows, columns), optional
        The pixels that are measured; default all.

    Raises
    ------
    ArgumentError
        When shapes or types differ, or no pixel is measured.
    """
    if counted is not None and not counted.any():
        raise ArgumentError("no pixel was filtered, so there is nothing to compare")
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        raise ArgumentError(
            f"two images of different kind: {ours.shape} {ours.dtype} and "
            f"{theirs.shape} {theirs.dtype}"
        )
    apart = absolute_difference(ours, theirs)
    largest = apart if apart.ndim == 2 else apart.max(axis=2)
    kept = np.ones(largest.shape, bool) if counted is None else counted
    at = np.unravel_index(int(np.argmax(np.where(kept, largest, -1))), largest.shape)
    per_pixel, inner, outer = largest[kept], apart[inside & kept], apart[~inside & kept]
    apart = apart[kept]
    mean_square = float(np.mean(np.square(apart)))
    white = Depth.of(ours.dtype).high
    equal = mean_square == 0
    psnr = None
    if not equal and math.isfinite(mean_square):
        psnr = 10 * math.log10(white * white / mean_square)
    return Difference(
        pixels=per_pixel.size,
        equal=int(np.count_nonzero(per_pixel == 0)),
        max_abs_diff=float(per_pixel.max()),
        max_at=None if equal else (int(at[0]), int(at[1])),
        mean_abs_diff=float(apart.mean()),
        rmse=math.sqrt(mean_square),
        psnr=psnr,
        ssim=1.0 if equal else _ssim(ours, theirs, white, counted),
        border=_region(outer),
        interior=_region(inner),
    )


def absolute_difference(ours: Image, theirs: Image) -> NDArray[np.float64]:
    """Return the distance of each pair of values; equal infinities and two NaN are 0 apart."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
    odd = ~np.isfinite(apart)
    if odd.any():
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        apart[odd] = np.where(same[odd], 0, np.inf)
    return apart


def _region(apart: NDArray[np.float64]) -> DifferenceStats:
    if apart.size == 0:
        return DifferenceStats(0, 0, 0.0, 0.0)
    per_pixel = apart if apart.ndim == 1 else apart.max(axis=1)
    return DifferenceStats(
        pixels=per_pixel.size,
        equal=int(np.count_nonzero(per_pixel == 0)),
        max_abs_diff=float(per_pixel.max()),
        mean_abs_diff=float(apart.mean()),
    )


def _ssim(
    ours: Image, theirs: Image, white: int, counted: NDArray[np.bool_] | None
) -> float | None:
    if min(ours.shape[:2]) < 7 or not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return None
    from skimage.metrics import structural_similarity

    axis = None if ours.ndim == 2 else 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value, each = structural_similarity(
            ours, theirs, data_range=white, channel_axis=axis, full=True
        )
    return float(value if counted is None else np.mean(each[counted]))
