"""Describe what a kernel is, by looking at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np

from imgconv.model import algebra
from imgconv.model.facts import examine
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational

Shape = tuple[tuple[int, ...], ...]

_TURNS: dict[str, Callable[[Kernel], Kernel]] = {
    "": lambda kernel: kernel,
    "turned by 90 degrees": algebra.rotated,
    "turned by 180 degrees": lambda kernel: kernel.flipped(),
    "turned by 270 degrees": lambda kernel: algebra.rotated(kernel.flipped()),
    "transposed": algebra.transposed,
    "mirrored": lambda kernel: algebra.rotated(algebra.transposed(kernel)),
}
_CLOSE_TO_GAUSSIAN = 0.02  # of the largest weight


def identify(kernel: Kernel, bank: Iterable[Kernel]) -> list[str]:
    """Return what can be said of a kernel, the most telling first.

    Parameters
    ----------
    kernel : Kernel
    bank : iterable of Kernel
        Those that it may turn out to be, up to a factor and a turn.

    Returns
    -------
    list of str
        Such as ``"sobel_x times 2"``, ``"Gaussian about sigma 1.40"``, ``"separable, rank 1"``.

    Examples
    --------
    >>> sobel = Kernel([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], name="sobel_x")
    >>> identify(Kernel([[2, 0, -2], [4, 0, -4], [2, 0, -2]]), [sobel])[0]
    'sobel_x times -2'
    """
    said = _names(kernel, bank)
    said += _window(kernel)
    facts = examine(kernel)
    said.append("separable, rank 1" if facts.rank == 1 else f"not separable, rank {facts.rank}")
    said.append(_pass(kernel))
    if "half-turn" in facts.symmetry:
        said.append("point-symmetric: convolution and correlation are the same")
    elif "anti-half-turn" in facts.symmetry:
        said.append("antisymmetric: convolution is correlation with the sign changed")
    else:
        said.append("asymmetric: convolution and correlation differ")
    return said


def _names(kernel: Kernel, bank: Iterable[Kernel]) -> list[str]:
    """Name the kernels of the bank of which this is a multiple, as it stands or turned."""
    wanted, factor = _shape(kernel)
    if not factor:
        return ["all weights are 0"]
    found: dict[str, str] = {}
    for known in bank:
        for turn, change in _TURNS.items():
            shape, unit = _shape(change(known))
            if shape == wanted and known.name not in found:
                found[known.name] = (
                    known.name + (f", {turn}" if turn else "") + _times(factor, unit)
                )
    upright = [text for text in found.values() if "," not in text]
    return sorted(upright or found.values(), key=lambda text: ("times" in text, len(text)))[:5]


def _shape(kernel: Kernel) -> tuple[Shape, Fraction]:
    """Return whole weights without zero rims, the first positive, and their factor."""
    rows = [list(row) for row in kernel.integer_form.weights]
    while rows and not any(rows[0]):
        rows.pop(0)
    while rows and not any(rows[-1]):
        rows.pop()
    columns = [c for c in range(kernel.shape[1]) if any(row[c] for row in rows)]
    if not columns:
        return (), Fraction(0)
    kept = [row[columns[0] : columns[-1] + 1] for row in rows]
    sign = next(1 if weight > 0 else -1 for row in kept for weight in row if weight)
    return tuple(tuple(sign * w for w in row) for row in kept), sign * kernel.integer_form.gain


def _times(factor: Fraction, unit: Fraction) -> str:
    ratio = factor / unit
    return "" if ratio == 1 else f" times {_short(ratio)}"


def _window(kernel: Kernel) -> list[str]:
    """Recognise a mean and a Gaussian."""
    weights = np.array([[float(w) for w in row] for row in kernel.weights]) * float(kernel.scale)
    total = weights.sum()
    if (weights < 0).any() or total <= 0 or weights.size == 1:
        return []
    rows, columns = kernel.shape
    if (weights == weights[0, 0]).all():
        return [f"mean of a {rows} x {columns} window" + _times(Fraction(kernel.sum), Fraction(1))]
    y, x = (np.arange(n) - (n - 1) / 2 for n in kernel.shape)
    share = weights / total
    sigmas = np.sqrt(share.sum(1) @ y**2), np.sqrt(share.sum(0) @ x**2)
    if min(sigmas) == 0:
        return []
    bell = np.outer(np.exp(-(y**2) / (2 * sigmas[0] ** 2)), np.exp(-(x**2) / (2 * sigmas[1] ** 2)))
    off = np.abs(bell / bell.sum() - share).max() / share.max()
    if off > _CLOSE_TO_GAUSSIAN:
        return []
    if abs(sigmas[0] - sigmas[1]) < 0.01 * sigmas[0]:
        return [f"Gaussian about sigma {sigmas[0]:.2f}"]
    return [f"Gaussian about sigma {sigmas[0]:.2f} down, {sigmas[1]:.2f} across"]


def _pass(kernel: Kernel) -> str:
    if kernel.sum == 0:
        return "adds up to 0: flat areas vanish"
    if kernel.sum == 1:
        return "adds up to 1: flat areas keep their value"
    return f"adds up to {_short(kernel.sum)}: flat areas are multiplied by it"


def _short(value: Rational) -> str:
    return str(value) if value.denominator < 10**5 else f"{float(value):.6g}"
