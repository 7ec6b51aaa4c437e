"""Generators whose parameters are read off a fit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, product
from typing import Any

import numpy as np

from imgconv.model.errors import ImgconvError
from imgconv.model.generators import generate
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational, parse_number
from imgconv.ops.recover.fit import Fit, Floats
from imgconv.ops.recover.names import excess_of, placed
from imgconv.ops.recover.placement import Placement
from imgconv.ops.recover.result import Known

_DEFAULTS: dict[str, dict[str, str]] = {
    "gaussian": {"size": "auto", "rule": "3sigma"},
    "unsharp": {"size": "auto"},
    "log": {"size": "auto"},
    "dog": {"size": "auto"},
}
_NAMES = {"order", "rule", "kind", "derivative"}


@lru_cache(maxsize=4096)
def made(name: str, given: tuple[tuple[str, str], ...]) -> Kernel | None:
    """Return a generator's kernel under the name that ``-k`` takes, or None where it has none."""
    values: dict[str, Any] = {}
    for key, text in {**_DEFAULTS.get(name, {}), **dict(given)}.items():
        is_text = key in _NAMES and not text.isdecimal()
        is_text = is_text or text == "auto" or (name == "farid_derivative")
        values[key] = text if is_text else parse_number(text)
    try:
        kernel = generate(name, values)
    except (ImgconvError, ArithmeticError):
        return None
    return kernel.named(f"{name}:" + ",".join(f"{key}={text}" for key, text in given))


def proposals(fit: Fit, placement: Placement, scale: float) -> Iterator[Known]:
    """Return kernels of generators that may be the fitted one, as far as its shape tells."""
    side = side_of(fit)
    bells = _bells(fit, side, placement, scale)
    for name, given in chain(_windows(fit, side), bells, _details(fit, side)):
        kernel = made(name, tuple(given.items()))
        if kernel is not None:
            yield Known(kernel.name, kernel)


_Given = tuple[str, dict[str, str]]


def side_of(fit: Fit) -> int:
    """Return the longer side of what carries weight."""
    heavy = np.abs(fit.weights) > np.maximum(4.5 * fit.error, 1e-7 * np.abs(fit.weights).max())
    sides = [np.flatnonzero(heavy.any(axis=axis)) for axis in (0, 1)]
    return max((int(side[-1] - side[0] + 1) for side in sides if side.size), default=1)


def _windows(fit: Fit, side: int) -> Iterator[_Given]:
    for size in range(max(side - 2, 2), side + 3):
        yield "box", {"size": str(size)}
        yield "binomial", {"size": str(size)}
    if fit.weights.sum() > 0.7 * np.abs(fit.weights).sum():
        yield from _disks_and_lines(side)
    if side in {5, 7, 9, 11}:
        for order, derivative in product(range(1, min(side, 6)), ("none", "x", "y")):
            yield "savgol", {"size": str(side), "order": str(order), "derivative": derivative}
    for kind in ("edge_x", "edge_y", "line_x", "line_y", "checker"):
        yield "haar", {"kind": kind, "size": str(side)}


def _disks_and_lines(side: int) -> Iterator[_Given]:
    for quarter in range(max(2 * side - 8, 2), 2 * side + 3):
        yield "disk", {"radius": plain_text(quarter / 4)}
    if 2 < side < 32:
        for length, angle in product(range(side, side + 3), range(0, 180, 15)):
            yield "motion", {"length": str(length), "angle": str(angle)}


def _bells(fit: Fit, side: int, placement: Placement, scale: float) -> Iterator[_Given]:
    """Return Gaussians, ranked on floats first, since exact ones take their time."""
    sigma = sigma_of(fit.weights.sum(axis=0), include_centre=True)
    if sigma is None:
        return
    ranked: list[tuple[float, int, dict[str, str]]] = []
    for order, text in enumerate(near_numbers(sigma, 0.12)):
        value = float(text)
        choices = [
            (2 * math.ceil(3 * value) + 1, {"sigma": text}),
            (2 * int(4 * value + 0.5) + 1, {"sigma": text, "rule": "4sigma"}),
            (round(6 * value + 1) | 1, {"sigma": text, "rule": "opencv"}),
        ]
        sizes = range(max(side - 2, 3) | 1, side + 4, 2)
        choices += [(size, {"sigma": text, "size": str(size)}) for size in sizes]
        for size, given in choices:
            middle = size // 2
            bell = np.exp(-0.5 * (np.arange(-middle, middle + 1) / value) ** 2)
            flat = np.outer(bell, bell) / bell.sum() ** 2 * scale
            weights = placed(flat, (middle, middle), fit, placement)
            if weights is not None:
                ranked.append((round(excess_of(fit, weights), 3), order, given))
    ranked.sort(key=lambda item: (item[0], item[1], len(item[2])))
    for _, _, given in ranked[:8]:
        yield "gaussian", given


def _details(fit: Fit, side: int) -> Iterator[_Given]:
    """Return what has weights of both signs: unsharp, Laplacians, differences of Gaussians."""
    rest = fit.weights
    at = -fit.origin[0], -fit.origin[1]
    if not all(0 <= at[a] < rest.shape[a] for a in (0, 1)):
        return
    if side == 3:
        for tenth in range(1, 51):
            yield "high_boost", {"amount": plain_text(tenth / 10)}
        for twentieth in range(21):
            yield "laplacian_alpha", {"alpha": plain_text(twentieth / 20)}
    if rest[at] > 0 and rest.sum() < rest[at]:
        yield from _sharpened(rest, at)
    if side >= 5 and abs(rest.sum()) < 0.05 * np.abs(rest).sum():
        low, high = max((side - 3) / 8, 0.3), (side + 1) / 5
        for tenth in range(math.ceil(low * 10), math.floor(high * 10) + 1):
            yield "log", {"sigma": plain_text(tenth / 10)}
        for first, ratio in product((0.5, 1, 1.5, 2, 3), (1.6, 2, 3)):
            yield "dog", {"sigma1": plain_text(first), "sigma2": plain_text(first * ratio)}


def _sharpened(rest: Floats, at: tuple[int, int]) -> Iterator[_Given]:
    sigma = sigma_of(-rest[at[0]], include_centre=False)
    for text in near_numbers(sigma, 0.25) if sigma else ():
        bell = np.exp(-0.5 * (np.arange(-30, 31) / float(text)) ** 2)
        centre_share = float((1 / bell.sum()) ** 2)
        amount = (rest[at] - rest.sum()) / (1 - centre_share)
        found = {plain_text(round(amount * steps) / steps) for steps in (10, 20)} - {"0"}
        for strength in sorted(found, key=len):
            yield "unsharp", {"sigma": text, "amount": strength}


def sigma_of(marginal: Floats, *, include_centre: bool) -> float | None:
    """Return the sigma of a bell, from the slope of its logarithm over squared distances."""
    middle = len(marginal) // 2
    away = np.arange(len(marginal)) - middle
    use = marginal > 0.02 * marginal.max(initial=0)
    if not include_centre:
        use &= away != 0
        use &= marginal > 0.02 * np.where(away != 0, marginal, 0).max(initial=0)
    if use.sum() < 2 or len(set(np.abs(away[use]))) < 2:
        return None
    weight = marginal[use]
    slope = np.polyfit(away[use].astype(float) ** 2, np.log(weight), 1, w=weight)[0]
    return float(math.sqrt(-0.5 / slope)) if slope < -1e-4 else None


def near_numbers(sigma: float, spread: float) -> list[str]:
    """Return round numbers near an estimate, the roundest first."""
    found: dict[str, None] = {}
    for step in (0.5, 0.1, 0.05, 0.01):
        for k in range(-3, 4):
            value = (round(sigma / step) + k) * step
            if value >= 0.1 and abs(value - sigma) <= max(spread * sigma * (step > 0.02), step):
                found[plain_text(value)] = None
    return list(found)


def plain_text(value: float) -> str:
    """Return a number with four decimals at most."""
    rational: Rational = parse_number(f"{value:.4f}")
    return f"{float(rational):g}"
