"""The metrics that can be limits beside levels; each compares two pictures of one shape and type.

Where pictures have alpha, PSNR and SSIM of ``alpha: data`` take it as a channel; else, and always
where colours are compared, they are seen over black and over white, and the worse one counts.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.tolerance import METRICS
from imgconv.ops.compare.appearance import appearances, as_srgb

Image = NDArray[Any]


def measure_metric(name: str, expected: Image, actual: Image, *, look: bool) -> float:
    """Measure two images by a metric.

    Parameters
    ----------
    name : {"psnr", "ssim", "ciede2000", "flip"}
    expected, actual : ndarray
    look : bool
        Whether alpha is seen, and not a channel.

    Returns
    -------
    float
        PSNR in dB, infinite for equal images; mean SSIM; the greatest CIEDE2000; the mean FLIP.

    Raises
    ------
    ArgumentError
        For images that the metric is not defined for.

    Examples
    --------
    >>> image = np.zeros((9, 9), np.uint8)
    >>> round(measure_metric("psnr", image, image + np.uint8(1), look=True), 2)
    48.13
    """
    by_look = look or name in ("ciede2000", "flip")
    pairs = appearances(expected, actual) if by_look else [(expected, actual)]
    values = [_FUNCTIONS[name](*pair) for pair in pairs]
    return min(values) if is_similarity(name) else max(values)


def is_similarity(name: str) -> bool:
    """Return whether a metric is greater for pictures that are more alike."""
    return name in ("psnr", "ssim")


def describe_broken(name: str, value: float, limit: float) -> str | None:
    """Describe a limit that is not kept, or return None.

    Examples
    --------
    >>> describe_broken("ssim", 0.91, 0.98)
    'ssim/1 is 0.91, at least 0.98 must be'
    """
    if is_similarity(name):
        kept, rule = value >= limit, f"at least {limit:g} must be"
    else:
        kept, rule = value <= limit, f"at most {limit:g} may be"
    return None if kept else f"{METRICS[name]} is {value:.6g}, {rule}"


def _psnr(expected: Image, actual: Image) -> float:
    with np.errstate(invalid="ignore"):
        change = actual.astype(np.float64) - expected
    mean_square = float(np.mean(np.square(change)))
    if mean_square == 0:
        return math.inf
    if not math.isfinite(mean_square):
        return 0.0
    return max(0.0, 10 * math.log10(Depth.of(expected.dtype).high ** 2 / mean_square))


def _ssim(expected: Image, actual: Image) -> float:
    if min(expected.shape[:2]) < 7:
        raise ArgumentError("ssim is not defined below 7 x 7 pixels")
    from skimage.metrics import structural_similarity

    channels = None if expected.ndim == 2 else 2
    white = Depth.of(expected.dtype).high
    pair = [np.nan_to_num(image) for image in (expected, actual)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = structural_similarity(*pair, data_range=white, channel_axis=channels)
    return float(value)


def _ciede2000(expected: Image, actual: Image) -> float:
    from skimage.color import rgb2lab

    return float(
        ciede2000_of(*(rgb2lab(as_srgb(i, "ciede2000")) for i in (expected, actual))).max()
    )


def ciede2000_of(expected: Image, actual: Image) -> NDArray[np.float64]:
    """Return the colour difference CIEDE2000 of CIELAB values, shape (..., 3)."""
    from skimage.color import deltaE_ciede2000

    return np.asarray(deltaE_ciede2000(expected, actual))


def _flip(expected: Image, actual: Image) -> float:
    from imgconv.ops.compare.flip import flip_map

    return float(flip_map(*(as_srgb(image, "flip") for image in (expected, actual))).mean())


_FUNCTIONS: dict[str, Callable[[Image, Image], float]] = {
    "psnr": _psnr,
    "ssim": _ssim,
    "ciede2000": _ciede2000,
    "flip": _flip,
}
