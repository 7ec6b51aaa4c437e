"""The script of the source documents as an engine, for comparison.

That is ``convolve`` of "Convolution and cross-correlation in neural networks" (pyimagesearch,
2021): replicate padding by half of the kernel's *width*, one pixel at a time in float64, clipping,
then ``astype("uint8")``, which truncates. Other borders and roundings are ignored: it has none.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from imgconv.engines.base import Correlation, Filtered, Pixels
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth


class NaiveEngine:
    """The script's loop, one row of windows at a time; the same bits as the script."""

    name = "naive"

    def correlate(self, job: Correlation) -> Filtered:
        """Compute one correlation the script's way.

        Raises
        ------
        ArgumentError
            For what the script cannot do: colour, other depths than 8 bit, kernels that are not
            square and odd, strides, dilation, other output sizes.
        """
        _check(job)
        side = len(job.weights)
        pad = (side - 1) // 2
        padded = np.pad(job.image[..., 0], pad, mode="edge")
        kernel = np.array([[float(job.gain * weight) for weight in row] for row in job.weights])
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
        output = np.empty(job.image.shape[:2])
        for row in range(len(output)):
            # The script sums each product array by itself; a row of them, flat, adds in its order.
            products = (windows[row] * kernel).reshape(len(windows[row]), -1)
            output[row] = products.sum(axis=1)
        clipped = int(np.count_nonzero((output < 0) | (output > 255)))
        return Filtered(self._finished(output)[..., None], clipped)

    def _finished(self, output: Pixels) -> Pixels:
        # skimage.exposure.rescale_intensity(output, in_range=(0, 255)) is this:
        rescaled = np.clip(output, 0, 255) / 255
        return (rescaled * 255).astype("uint8")

    def extremes(self, job: Correlation) -> tuple[Fraction, Fraction]:
        """Refuse: the script has no such thing."""
        del job
        raise ArgumentError("the script of the source documents cannot rescale")

    def sums(self, job: Correlation) -> Pixels:
        """Refuse: the script has single kernels only."""
        del job
        raise ArgumentError("the script of the source documents has no kernel sets")


class SteadyNaiveEngine(NaiveEngine):
    """The script with sums rounded to 9 decimals, to see what its float64 arithmetic does."""

    name = "naive, sums rounded"

    def _finished(self, output: Pixels) -> Pixels:
        return np.clip(np.round(output, 9), 0, 255).astype("uint8")


def _check(job: Correlation) -> None:
    sides = {len(job.weights), len(job.weights[0])}
    axes = job.geometry.rows, job.geometry.columns
    plain = all(axis.stride == axis.dilation == 1 and axis.out == axis.length for axis in axes)
    if job.image.dtype != np.uint8 or job.image.shape[2] != 1 or job.depth is not Depth.U8:
        raise ArgumentError(
            "the script of the source documents filters 8-bit gray only", hint="add --gray"
        )
    if len(sides) > 1 or sides.pop() % 2 == 0:
        raise ArgumentError(
            f"the script of the source documents pads by the kernel's width alone and needs a "
            f"square kernel of odd side, not {len(job.weights)} x {len(job.weights[0])}"
        )
    if not plain or job.bias or job.absolute:
        raise ArgumentError(
            "the script of the source documents has no stride, dilation, offset, range or size"
        )
