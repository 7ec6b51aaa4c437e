"""Zero crossings, as of a Laplacian of a Gaussian."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.model.output import Depth
from imgconv.ops.edges.hysteresis import as_white
from imgconv.ops.image import Image, as_image


def zero_crossing(image: ArrayLike, threshold: float = 0, *, level: float = 0) -> Image:
    """Return white where values change their sign (Marr and Hildreth 1980).

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        Signed values, such as those of the kernel ``log`` at depth i16 or f32.
    threshold : float, default 0
        By how much the two sides must differ at least; more than that is needed.
    level : float, default 0
        What counts as zero: 128 for bytes to which mid-grey was added.

    Returns
    -------
    ndarray
        0 and white, of the image's type. A crossing lies on its negative pixel, beside a positive
        one in the same row or column; or on a pixel that is zero between a positive and a negative
        one. Outside the image there is nothing to cross to. NaN has no sign.

    Examples
    --------
    >>> import numpy as np
    >>> zero_crossing(np.array([[-4, -1, 3, 0, -2]], np.int16))
    array([[    0, 32767,     0, 32767,     0]], dtype=int16)
    """
    array = as_image(image)
    channels = array if array.ndim == 3 else array[..., None]
    values = channels.astype(np.float64) - level
    with np.errstate(invalid="ignore"):
        found = _along(values, threshold) | _along(values.swapaxes(0, 1), threshold).swapaxes(0, 1)
    return as_white(found, Depth.of(array.dtype)).reshape(array.shape)


def _along(values: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    """Return the crossings along the first axis."""
    found = np.zeros(values.shape, bool)
    before, after = values[:-1], values[1:]
    enough = np.abs(before - after) > threshold
    found[:-1] |= (before < 0) & (after > 0) & enough
    found[1:] |= (before > 0) & (after < 0) & enough
    left, middle, right = values[:-2], values[1:-1], values[2:]
    opposite = np.sign(left) * np.sign(right) < 0
    found[1:-1] |= (middle == 0) & opposite & (np.abs(left - right) > 2 * threshold)
    return found
