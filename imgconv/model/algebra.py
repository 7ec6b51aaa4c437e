"""Kernels from kernels: sums, multiples, composition, turns. All exact."""

from __future__ import annotations

import math
from fractions import Fraction

from imgconv.model.errors import KernelError, LimitError
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational

MOST_PRODUCTS = 10_000_000
"""How many a composition, or all of an expression together, may take."""
Grid = list[list[Rational]]


def multiplied(kernel: Kernel, factor: Rational) -> Kernel:
    """Multiply weights and offset."""
    return Kernel(
        kernel.weights,
        scale=kernel.scale * factor,
        offset=kernel.offset * factor,
        anchor=kernel.anchor,
    )


def added(one: Kernel, other: Kernel) -> Kernel:
    """Add two kernels, anchor upon anchor; their offsets add too.

    Examples
    --------
    >>> added(Kernel([[1, 2, 1]]), Kernel([[1], [1], [1]])).weights
    ((0, 1, 0), (1, 3, 1), (0, 1, 0))
    """
    before = [max(a, b) for a, b in zip(one.anchor, other.anchor, strict=True)]
    after = [max(one.shape[i] - one.anchor[i], other.shape[i] - other.anchor[i]) for i in (0, 1)]
    total: Grid = [[0] * (before[1] + after[1]) for _ in range(before[0] + after[0])]
    for kernel in (one, other):
        top, left = before[0] - kernel.anchor[0], before[1] - kernel.anchor[1]
        for r, row in enumerate(kernel.weights):
            for c, weight in enumerate(row):
                total[top + r][left + c] += kernel.scale * weight
    return Kernel(total, offset=one.offset + other.offset, anchor=before)


def composition_cost(first: Kernel, second: Kernel) -> int:
    """Count the products that `composed` takes."""
    return math.prod(first.shape) * math.prod(second.shape)


def composed(first: Kernel, second: Kernel) -> Kernel:
    """Return the kernel that does at once what the two do one after the other.

    That is the full convolution of their weights; the anchors add. What the first adds as offset
    goes through the second.

    Examples
    --------
    >>> composed(Kernel([[1, 1]]), Kernel([[1], [-1]])).weights
    ((1, 1), (-1, -1))
    """
    work = composition_cost(first, second)
    if work > MOST_PRODUCTS:
        raise LimitError(
            f"composing {first.shape[0]} x {first.shape[1]} with {second.shape[0]} x "
            f"{second.shape[1]} weights takes {work} products; the limit is {MOST_PRODUCTS}",
            hint="apply the kernels one after the other: -k first -k second",
        )
    rows = first.shape[0] + second.shape[0] - 1
    columns = first.shape[1] + second.shape[1] - 1
    total: Grid = [[0] * columns for _ in range(rows)]
    # Whole numbers: sums of fractions cost a hundred times as much.
    one, two = first.integer_form, second.integer_form
    for r, row in enumerate(one.weights):
        for c, weight in enumerate(row):
            if weight == 0:
                continue
            for s, other_row in enumerate(two.weights):
                for d, other in enumerate(other_row):
                    total[r + s][c + d] += weight * other
    return Kernel(
        total,
        scale=one.gain * two.gain,
        offset=second.offset + first.offset * second.sum,
        anchor=(first.anchor[0] + second.anchor[0], first.anchor[1] + second.anchor[1]),
    )


def transposed(kernel: Kernel) -> Kernel:
    """Swap rows and columns."""
    return _with_weights(kernel, list(zip(*kernel.weights, strict=True)), kernel.anchor[::-1])


def rotated(kernel: Kernel) -> Kernel:
    """Turn by 90 degrees counter-clockwise, as `numpy.rot90` does."""
    turned = list(zip(*kernel.weights, strict=True))[::-1]
    row, column = kernel.anchor
    return _with_weights(kernel, turned, (kernel.shape[1] - 1 - column, row))


def normalized(kernel: Kernel) -> Kernel:
    """Scale so that the sum is 1.

    Raises
    ------
    KernelError
        When the sum is 0.
    """
    if kernel.sum == 0:
        raise KernelError(
            "a kernel that adds up to 0 cannot be normalised", hint="leave out .normalized"
        )
    return multiplied(kernel, 1 / Fraction(kernel.sum))


def _with_weights(kernel: Kernel, weights: object, anchor: tuple[int, ...]) -> Kernel:
    return Kernel(weights, scale=kernel.scale, offset=kernel.offset, anchor=anchor)  # type: ignore[arg-type]
