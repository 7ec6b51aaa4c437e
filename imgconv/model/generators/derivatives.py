"""Derivatives: Savitzky-Golay, MATLAB's Laplacian, Farid and Simoncelli. All rational."""

from __future__ import annotations

from fractions import Fraction

from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational, parse_number

# Farid and Simoncelli, IEEE Trans. Image Processing 13(4), 2004, table 1: (interpolator,
# derivative) from the centre outwards; the derivative is odd.
_FARID = {
    3: (("0.540242", "0.229879"), ("0", "0.425287")),
    5: (("0.426375", "0.249153", "0.037659"), ("0", "0.276691", "0.109604")),
    7: (
        ("0.361117", "0.245410", "0.069321", "0.004711"),
        ("0", "0.193091", "0.125376", "0.018708"),
    ),
}


def savgol(size: int, order: int, derivative: str) -> Kernel:
    """Return the product of a polynomial fit along each axis, one of them differentiated."""
    if size % 2 == 0 or order >= size:
        raise ArgumentError(
            f"savgol needs an odd size greater than the order, not size {size} and order {order}"
        )
    if derivative != "none" and order < 1:
        raise ArgumentError("savgol needs order 1 or more for a derivative")
    smooth = _fit(size, order, 0)
    slope = _fit(size, order, 1) if derivative != "none" else smooth
    column, row = (slope, smooth) if derivative == "y" else (smooth, slope)
    return Kernel([[a * b for b in row] for a in column])


def _fit(size: int, order: int, derivative: int) -> list[Fraction]:
    """Return the weights whose sum with the samples is a coefficient of the least-squares fit."""
    xs = range(-(size // 2), size // 2 + 1)
    normal = [
        [Fraction(sum(x ** (i + j) for x in xs)) for j in range(order + 1)]
        for i in range(order + 1)
    ]
    wanted = [Fraction(int(i == derivative)) for i in range(order + 1)]
    coefficients = _solved(normal, wanted)
    return [sum((c * x**i for i, c in enumerate(coefficients)), Fraction(0)) for x in xs]


def _solved(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Solve a positive definite system by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        pivot[:] = [value / pivot[i] for value in pivot]
        for other in rows:
            if other is not pivot:
                factor = other[i]
                other[:] = [a - factor * b for a, b in zip(other, pivot, strict=True)]
    return [row[-1] for row in rows]


def laplacian_alpha(alpha: Rational) -> Kernel:
    """Return MATLAB's fspecial('laplacian', alpha)."""
    share = Fraction(alpha)
    corner, side = share / (1 + share), (1 - share) / (1 + share)
    edge = [corner, side, corner]
    return Kernel([edge, [side, -4 / (1 + share), side], edge])


def farid_derivative(size: int, derivative: str) -> Kernel:
    """Return a first derivative of Farid and Simoncelli."""
    smooth, odd = ([parse_number(text) for text in half] for half in _FARID[size])
    interpolator = smooth[:0:-1] + smooth
    slope = [-value for value in odd[:0:-1]] + odd
    column, row = (slope, interpolator) if derivative == "y" else (interpolator, slope)
    return Kernel([[a * b for b in row] for a in column])
