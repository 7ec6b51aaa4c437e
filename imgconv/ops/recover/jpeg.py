"""Whether a picture was compressed, and what a filter was when its result was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from imgconv.ops.image import Image
from imgconv.ops.recover.generated import proposals
from imgconv.ops.recover.linear import Grown, is_identity
from imgconv.ops.recover.names import Match, nearest
from imgconv.ops.recover.result import Alternative, Interval, Known
from imgconv.ops.recover.snap import exact_kernels
from imgconv.ops.recover.tryout import Guess, Trial

_BLOCK = 8
_MOST_BLOCKS = 4096
_LEAST_COUNT = 40
_LEAST_PERIODIC = 3
_EXPLAINED = 0.97
_WIDER = 2 * 1.96  # half an interval in standard errors: those of neighbours go together
_NEAR, _APART = 0.35, 0.35  # of what is left, as root mean squares
_SURE = 0.95


def is_compressed(image: Image) -> bool:
    """Return whether the cosine transforms of blocks of 8 x 8 are multiples of steps, as in JPEG.

    Examples
    --------
    >>> is_compressed(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8))
    False
    """
    if image.dtype != np.uint8 or min(image.shape[:2]) < 4 * _BLOCK:
        return False
    plane = image if image.ndim == 2 else image[..., :3] @ np.array([0.299, 0.587, 0.114])
    rows, columns = (n // _BLOCK for n in plane.shape)
    blocks = plane[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    flat = blocks.transpose(0, 2, 1, 3).reshape(-1, _BLOCK, _BLOCK)
    flat = flat[:: max(1, len(flat) // _MOST_BLOCKS)].astype(np.float64)
    clipped = (flat.min(axis=(1, 2)) <= 0) | (flat.max(axis=(1, 2)) >= 255)
    turned = _cosines() @ flat[~clipped] @ _cosines().T
    periodic = sum(
        _is_periodic(turned[:, i, j]) for i in range(_BLOCK) for j in range(_BLOCK) if i + j
    )
    return periodic >= _LEAST_PERIODIC


def _cosines() -> NDArray[np.float64]:
    k, n = np.arange(_BLOCK)[:, None], np.arange(_BLOCK)[None]
    basis = np.cos(np.pi * (2 * n + 1) * k / (2 * _BLOCK)) * math.sqrt(2 / _BLOCK)
    basis[0] /= math.sqrt(2)
    return np.asarray(basis, np.float64)


def _is_periodic(values: NDArray[np.float64]) -> bool:
    for step in range(3, 65):
        large = values[np.abs(values) > step / 2]
        if len(large) < _LEAST_COUNT:
            return False
        off = np.abs(large / step - np.rint(large / step))
        if float(off.mean()) < 0.12:
            return True
    return False


def about(
    trial: Trial, reasons: Sequence[Grown], known: Sequence[Known]
) -> tuple[Guess, float, tuple[Alternative, ...], tuple[tuple[Interval, ...], ...], int] | None:
    """Return the linear filter that explains a compressed picture, or None where none does.

    Returns
    -------
    (Guess, float, tuple of Alternative, tuple of tuple of Interval, int) or None
        What it was; the confidence in its name; the next names, each with the share of the
        variance that it explains; the weights; and the reach.
    """
    best = max(reasons, key=lambda grown: grown.fit.explained, default=None)
    if best is None or best.fit.explained < _EXPLAINED:
        return None
    fit = best.fit
    found = [
        match
        for match in nearest(
            fit, chain(known, proposals(fit, trial.placement, 1.0)), trial.placement, most=12
        )
        if not match.negative and abs(fit.offset - float(match.kernel.offset)) < 3
    ]
    sure, other = _weighed(found, fit.rms)
    half = _WIDER * fit.error
    intervals = tuple(
        tuple(Interval(float(w - h), float(w + h)) for w, h in zip(*rows, strict=True))
        for rows in zip(fit.weights, half, strict=True)
    )
    if sure:
        kernel = found[0].kernel
        steps = () if is_identity(kernel) else (kernel,)
        guess = Guess(steps, found[0].known.name, convolve=found[0].flipped)
        reach = best.reach + 2
    else:
        kernels = list(exact_kernels(fit, trial.placement))
        if not kernels:
            return None
        guess, sure, reach = Guess((kernels[-1],)), 0.0, best.reach
    alternatives = tuple(
        Alternative(match.known.name, fit.explained * (1 - match.excess**2 / fit.rms**2))
        for match in other[:4]
        if match.excess < fit.rms
    )
    return guess, sure, alternatives, intervals, reach


def _weighed(found: Sequence[Match], rms: float) -> tuple[float, list[Match]]:
    """Return the confidence in the name of the nearest of those found, and the others.

    Compression shifts weights by more than their errors, so a name counts only where the next one
    is clearly farther away.
    """
    if not found or not rms:
        return 0.0, list(found)
    nearest_one = found[0].excess
    others = [match for match in found if match.excess - nearest_one > 1e-6 * rms]
    following = others[0].excess / rms if others else math.inf
    away = nearest_one / rms
    clear = away < _NEAR and following > max(2 * away, away + _APART)
    return (_SURE if clear else 0.0), others
