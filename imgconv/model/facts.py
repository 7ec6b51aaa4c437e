"""What can be said of a kernel by looking at its weights, exactly."""

from __future__ import annotations

from dataclasses import dataclass

from imgconv.model.kernel import Kernel, Weights
from imgconv.model.numbers import Rational

_PRIME = 2**61 - 1


@dataclass(frozen=True, slots=True)
class KernelProperties:
    """Facts about a kernel.

    Attributes
    ----------
    sum : int or Fraction
        Of scale times weights.
    rank : int
        Of the matrix of weights; 1 is separable, and that is decided exactly. A higher rank is
        found modulo ``2**61 - 1``: it is never too great, and too small only for weights that
        were made for that.
    symmetry : tuple of str
        Of "left-right", "top-bottom", "transpose", "half-turn", and the same with "anti-" where
        the sign changes.
    low, high : int or Fraction
        The least and the greatest exact value for 8-bit input.
    """

    sum: Rational
    rank: int
    symmetry: tuple[str, ...]
    low: Rational
    high: Rational


def examine(kernel: Kernel) -> KernelProperties:
    """Find the facts of a kernel.

    Examples
    --------
    >>> facts = examine(Kernel([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]))
    >>> facts.rank, facts.symmetry, (facts.low, facts.high)
    (1, ('anti-left-right', 'top-bottom', 'anti-half-turn'), (-1020, 1020))
    """
    scaled = [kernel.scale * weight for row in kernel.weights for weight in row]
    low = 255 * sum(weight for weight in scaled if weight < 0) + kernel.offset
    high = 255 * sum(weight for weight in scaled if weight > 0) + kernel.offset
    return KernelProperties(kernel.sum, _rank(kernel), _symmetry(kernel.weights), low, high)


def _rank(kernel: Kernel) -> int:
    if kernel.is_separable:
        return 1
    weights = kernel.integer_form.weights
    distinct = zip(*dict.fromkeys(weights), strict=True)  # columns of the distinct rows
    rows = [[weight % _PRIME for weight in column] for column in dict.fromkeys(distinct)]
    rank = 0
    while rows:
        pivot = rows.pop()
        at = next((i for i, weight in enumerate(pivot) if weight), None)
        if at is None:
            continue
        rank += 1
        inverse = pow(pivot[at], -1, _PRIME)
        for row in rows:
            if row[at]:
                factor = row[at] * inverse % _PRIME
                row[:] = [(a - factor * b) % _PRIME for a, b in zip(row, pivot, strict=True)]
    return rank


def _symmetry(weights: Weights) -> tuple[str, ...]:
    turned = {
        "left-right": tuple(row[::-1] for row in weights),
        "top-bottom": weights[::-1],
        "transpose": tuple(zip(*weights, strict=True)),
        "half-turn": tuple(row[::-1] for row in weights[::-1]),
    }
    found = []
    for name, other in turned.items():
        if other == weights:
            found.append(name)
        elif other == tuple(tuple(-weight for weight in row) for row in weights):
            found.append(f"anti-{name}")
    return tuple(found)
