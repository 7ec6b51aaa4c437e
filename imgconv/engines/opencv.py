"""OpenCV as an engine: what `cv2.filter2D` makes of the same job, for comparison.

Its sums are float32 or float64, so it is not exact. Borders that it refuses (wrap, a constant other
than 0) and sizes that it does not have are padded first; stride is a slice, dilation a kernel with
zeros between its weights.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from imgconv.engines.base import Correlation, Filtered, Pixels, padded
from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.rounding import clamped, round_floats
from imgconv.model.border import Border
from imgconv.model.geometry import Axis, Geometry
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, Rounding

_DIRECT = {  # depths that filter2D writes itself, by input
    Depth.U8: {Depth.U8, Depth.U16, Depth.I16, Depth.F32},
    Depth.U16: {Depth.U16, Depth.F32},
    Depth.I16: {Depth.I16, Depth.F32},
    Depth.F32: {Depth.F32},
}

_CV_DEPTHS = {
    "uint8": "CV_8U",
    "uint16": "CV_16U",
    "int16": "CV_16S",
    "float32": "CV_32F",
    "float64": "CV_64F",
}
_CV_BORDERS = {
    Border.CONSTANT: "BORDER_CONSTANT",
    Border.REPLICATE: "BORDER_REPLICATE",
    Border.REFLECT: "BORDER_REFLECT",
    Border.REFLECT101: "BORDER_REFLECT_101",
}


class OpenCVEngine:
    """`cv2.filter2D`, in float32 or float64 sums."""

    name = "opencv"

    def _filtered(self, job: Correlation, dtype: str) -> Pixels:
        return _filter2d(job, dtype)

    def correlate(self, job: Correlation) -> Filtered:
        """Compute one correlation (see `imgconv.engines.base.Engine`)."""
        depth_in = Depth.of(job.image.dtype)
        plain = not job.absolute and (job.depth is Depth.F32 or job.rounding is Rounding.HALF_EVEN)
        if plain and job.depth in _DIRECT[depth_in]:
            return Filtered(self._filtered(job, job.depth.dtype), 0)
        values = self._filtered(job, "float32" if depth_in is Depth.F32 else "float64")
        if job.absolute:
            values = np.abs(values)
        if job.depth is Depth.F32:
            return Filtered(values.astype(np.float32), 0)
        return Filtered(*clamped(round_floats(values, job.depth, job.rounding), job.depth))

    def extremes(self, job: Correlation) -> tuple[Fraction, Fraction]:
        """Return the least and the greatest sum, as floats see them."""
        sums = self.sums(job)
        known = sums[np.isfinite(sums)]
        if not known.size:
            return Fraction(0), Fraction(0)
        return Fraction(float(known.min())), Fraction(float(known.max()))

    def sums(self, job: Correlation) -> Pixels:
        """Return the sums as float64; computed in float32 where the image is float32."""
        dtype = "float32" if job.image.dtype == np.float32 else "float64"
        plain = job._replace(gain=Fraction(1), bias=Fraction(0))
        return self._filtered(plain, dtype).astype(np.float64)


class DoubleOpenCVEngine(OpenCVEngine):
    """`cv2.filter2D` on a float64 copy of the image: float64 weights and sums."""

    name = "opencv in float64"

    def _filtered(self, job: Correlation, dtype: str) -> Pixels:
        return _narrowed(_filter2d(_doubled(job), "float64"), dtype)


class SteadyOpenCVEngine(OpenCVEngine):
    """`cv2.filter2D` in float64 with sums rounded to 9 decimals, to see what its last bits do."""

    name = "opencv, sums rounded"

    def _filtered(self, job: Correlation, dtype: str) -> Pixels:
        return _narrowed(np.round(_filter2d(_doubled(job), "float64"), 9), dtype)


class DirectOpenCVEngine(OpenCVEngine):
    """`cv2.filter2D` kept off its DFT path: the kernel in pieces too small for it, summed."""

    name = "opencv without DFT"

    def _filtered(self, job: Correlation, dtype: str) -> Pixels:
        total: Pixels | float = float(job.bias)
        for piece in _pieces(job):
            total = total + _filter2d(_doubled(piece), "float64")
        return _narrowed(np.asarray(total), dtype)


_DFT_TAPS = 50
_DFT_TAPS_WITH_SIMD = 130
_WITH_SIMD = {(Depth.U8, Depth.U8), (Depth.U8, Depth.I16), (Depth.F32, Depth.F32)}


def takes_dft(kernel: Kernel, depth: Depth, depth_out: Depth) -> bool:
    """Return whether filter2D computes a kernel by a discrete Fourier transform."""
    limit = _DFT_TAPS_WITH_SIMD if (depth, depth_out) in _WITH_SIMD else _DFT_TAPS
    return kernel.shape[0] * kernel.shape[1] >= limit


def _doubled(job: Correlation) -> Correlation:
    return job._replace(image=job.image.astype(np.float64))


def _pieces(job: Correlation) -> list[Correlation]:
    """Cut a kernel into kernels of the same size of which few weights are not zero.

    filter2D drops zero taps on its direct path but counts the size, so each piece is a kernel of
    its own that is small.
    """
    down, across = job.geometry.rows, job.geometry.columns
    width = _DFT_TAPS // max(1, across.dilation) - 1
    pieces = []
    for r, row in enumerate(job.weights):
        for c in range(0, len(row), max(1, width)):
            part = row[c : c + max(1, width)]
            columns = across._replace(taps=len(part), before=across.before - c * across.dilation)
            rows = down._replace(taps=1, before=down.before - r * down.dilation)
            geometry = Geometry(rows, columns)
            pieces.append(job._replace(weights=(part,), bias=Fraction(0), geometry=geometry))
    return pieces


def _narrowed(values: Pixels, dtype: str) -> Pixels:
    """Return float64 values as filter2D writes that type: rounded half to even and saturated."""
    if dtype.startswith("float"):
        return values.astype(dtype)
    ends = np.iinfo(dtype)
    return np.clip(np.rint(values), ends.min, ends.max).astype(dtype)


def _filter2d(job: Correlation, dtype: str) -> Pixels:
    cv2 = load_cv2()
    down, across = job.geometry.rows, job.geometry.columns
    native = _is_native(job)
    source = job.image if native else padded(job)
    border = _CV_BORDERS.get(job.border, "BORDER_REPLICATE") if native else "BORDER_REPLICATE"
    result: Pixels = cv2.filter2D(
        np.ascontiguousarray(source),
        getattr(cv2, _CV_DEPTHS[dtype]),
        _spread_weights(job),
        anchor=(across.before, down.before) if native else (0, 0),
        delta=float(job.bias),
        borderType=getattr(cv2, border),
    ).reshape(source.shape)
    return result[: _stop(down) : down.stride, : _stop(across) : across.stride]


def _is_native(job: Correlation) -> bool:
    """Return whether filter2D has this border and reads from these positions by itself."""
    axes = job.geometry.rows, job.geometry.columns
    known = job.border in _CV_BORDERS and (
        job.border is not Border.CONSTANT or job.border_value == 0
    )
    return known and all(
        0 <= axis.before <= (axis.taps - 1) * axis.dilation and _stop(axis) <= axis.length
        for axis in axes
    )


def _stop(axis: Axis) -> int:
    return (axis.out - 1) * axis.stride + 1


def _spread_weights(job: Correlation) -> Pixels:
    """Return the kernel as float64, with the zeros that its dilation means."""
    down, across = job.geometry.rows, job.geometry.columns
    weights = np.array([[float(job.gain * w) for w in row] for row in job.weights])
    shape = (down.taps - 1) * down.dilation + 1, (across.taps - 1) * across.dilation + 1
    spread = np.zeros(shape)
    spread[:: down.dilation, :: across.dilation] = weights
    return spread
