"""Kernels made of Gaussians: blur, unsharp mask, difference, Laplacian, Gabor.

A blur is the outer product of one row with itself. The row is the sampled Gaussian, normalised and
rounded to multiples of 2**-s that add up to exactly 1; s is at least 15 and gives the largest
weight 12 bits or more. That is enough for bytes; on 16 bits results may be some levels from those
of the true Gaussian. With precision "fine" s is so large that they are within 1/100 of a level.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from imgconv.model.errors import ArgumentError
from imgconv.model.generators.exact_math import (
    cos_sin_degrees,
    exact,
    fifty_digits,
    quantised,
    rounded_to_bits,
)
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational

Size = int | str
"""An odd number, or ``"auto"``."""

_SURFACE_BITS, _SHIFT = 15, 15
_DEEPEST, _LEVEL_PARTS = 65535, 100
"""Of fine weights: the highest level, and the parts of a level that results may be off by."""
_LARGEST = 1023
_LARGEST_WAVE = 255


def gaussian(sigma: Rational, size: Size, rule: str, precision: str = "standard") -> Kernel:
    """Return the Gaussian blur; the rule says what size ``"auto"`` is."""
    side = _side(size, _auto_size(sigma, rule))
    return _blur(sigma, side, _fine_shift(side) if precision == "fine" else _SHIFT)


def unsharp(sigma: Rational, amount: Rational, size: Size) -> Kernel:
    """Return identity + amount * (identity - blur), exactly."""
    blur = _blur(sigma, _side(size, _auto_size(sigma, "3sigma")))
    return _sharpened(blur, amount)


def high_boost(amount: Rational) -> Kernel:
    """Return identity + amount * (identity - 3 x 3 mean), exactly."""
    return _sharpened(Kernel([[1] * 3] * 3, scale=Fraction(1, 9)), amount)


def dog(sigma1: Rational, sigma2: Rational, size: Size) -> Kernel:
    """Return the blur of sigma1 minus the blur of sigma2, exactly."""
    if sigma1 >= sigma2:
        raise ArgumentError(f"dog needs sigma1 < sigma2, not {sigma1} and {sigma2}")
    side = _side(size, _auto_size(sigma2, "3sigma"))
    narrow, wide = _blur(sigma1, side), _blur(sigma2, side)
    if narrow.weights == wide.weights:
        raise ArgumentError(
            f"the Gaussians of sigma {sigma1} and {sigma2} round to the same weights over "
            f"{side} x {side}",
            hint="choose sigmas further apart, or a larger size",
        )
    common = math.lcm(Fraction(narrow.scale).denominator, Fraction(wide.scale).denominator)
    factors = int(narrow.scale * common), int(wide.scale * common)
    weights = [
        [a * factors[0] - b * factors[1] for a, b in zip(row, other, strict=True)]
        for row, other in zip(narrow.weights, wide.weights, strict=True)
    ]
    return Kernel(weights, scale=Fraction(1, common))


@fifty_digits
def log(sigma: Rational, size: Size) -> Kernel:
    """Return the Laplacian of a Gaussian that sums to 1, itself summing to 0; size auto is 4 sigma.

    As in MATLAB's fspecial('log'); multiples of 2**-s with 15 bits for the largest weight.
    """
    side = _side(size, _auto_size(sigma, "4sigma"))
    reach, variance = side // 2, exact(sigma) ** 2
    row = _bell(reach, variance)
    total = sum(row) ** 2 * variance**2
    values = [
        (x * x + y * y - 2 * variance) * row[x + reach] * row[y + reach] / total
        for y in range(-reach, reach + 1)
        for x in range(-reach, reach + 1)
    ]
    mean = sum(values, Decimal(0)) / len(values)
    whole, shift = quantised([value - mean for value in values], 0, _SURFACE_BITS)
    return _square(whole, side, shift)


@fifty_digits
def gabor(
    sigma: Rational,
    theta: Rational,
    wavelength: Rational,
    gamma: Rational,
    psi: Rational,
    size: Size,
) -> Kernel:
    """Return OpenCV's Gabor wave, angles in degrees, over an envelope that sums to 1.

    `cv2.getGaborKernel` writes its wave turned by 180 degrees, hence minus psi here.
    Multiples of 2**-s with 15 bits for the largest weight.
    """
    wide = max(Fraction(sigma), Fraction(sigma) / Fraction(gamma))
    side = _side(size, _auto_size(wide, "3sigma"), _LARGEST_WAVE)
    span = range(-(side // 2), side // 2 + 1)
    across, down = cos_sin_degrees(theta)
    squeeze, spread = exact(gamma), 2 * exact(sigma) ** 2
    turn = (
        Fraction(across) * 360 / Fraction(wavelength),
        Fraction(down) * 360 / Fraction(wavelength),
    )
    waves_x = [cos_sin_degrees(turn[0] * x - psi) for x in span]
    waves_y = [cos_sin_degrees(turn[1] * y) for y in span]
    envelope, values = Decimal(0), []
    for y, (cos_y, sin_y) in zip(span, waves_y, strict=True):
        for x, (cos_x, sin_x) in zip(span, waves_x, strict=True):
            along, aside = x * across + y * down, (y * across - x * down) * squeeze
            height = (-(along * along + aside * aside) / spread).exp()
            envelope += height
            values.append(height * (cos_x * cos_y - sin_x * sin_y))
    whole, shift = rounded_to_bits([value / envelope for value in values], _SURFACE_BITS)
    return _square(whole, side, shift)


def _fine_shift(side: int) -> int:
    """Return the least s with which rounded weights put no value off by a part of a level.

    Of a row each weight is off by less than 2**-s, and the central one by half of that for each
    weight, so all of them by less than 3/2 * side, and the products with the column by twice that.
    """
    return (3 * side * _DEEPEST * _LEVEL_PARTS).bit_length()


@fifty_digits
def _blur(sigma: Rational, side: int, least_shift: int = _SHIFT) -> Kernel:
    row = _bell(side // 2, exact(sigma) ** 2)
    total = sum(row)
    whole, shift = quantised([value / total for value in row], 1, bits=12, least_shift=least_shift)
    return Kernel([[a * b for b in whole] for a in whole], scale=Fraction(1, 4**shift))


def _bell(reach: int, variance: Decimal) -> list[Decimal]:
    return [(-(x * x) / (2 * variance)).exp() for x in range(-reach, reach + 1)]


def _sharpened(blur: Kernel, amount: Rational) -> Kernel:
    rows, columns = blur.shape
    factor = Fraction(amount) * blur.scale
    whole = [[-weight for weight in row] for row in blur.weights]
    if factor == 0:
        return Kernel([[1]])
    centre = (1 + Fraction(amount)) / factor
    weights = [
        [w + centre * (r == rows // 2 and c == columns // 2) for c, w in enumerate(row)]
        for r, row in enumerate(whole)
    ]
    return Kernel(weights, scale=factor)


def _square(whole: list[int], side: int, shift: int) -> Kernel:
    rows = [whole[i : i + side] for i in range(0, len(whole), side)]
    return Kernel(rows, scale=Fraction(1, 2**shift))


def _auto_size(sigma: Rational, rule: str) -> int:
    if rule == "opencv":  # cv2.GaussianBlur for 8-bit images: round(6 sigma + 1), made odd
        return round(6 * Fraction(sigma) + 1) | 1
    return 2 * math.ceil((3 if rule == "3sigma" else 4) * Fraction(sigma)) + 1


def _side(size: Size, auto: int, largest: int = _LARGEST) -> int:
    if isinstance(size, str):
        if auto > largest:
            raise ArgumentError(
                f"the kernel would have {auto} x {auto} weights; a side is at most {largest}",
                hint="give a smaller sigma, or the size",
            )
        return auto
    if size % 2 == 0:
        raise ArgumentError(f"size is {size}; a kernel of Gaussians has an odd size")
    return size
