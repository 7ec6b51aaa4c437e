"""Error bounds of convolution by Fourier transforms in double."""

from __future__ import annotations

import math

from imgconv.engines.kernel_facts import KernelFacts

_UNIT = 2.0**-53


def fourier_bounds(
    facts: KernelFacts, peak: int, tile: tuple[int, int]
) -> tuple[float, float, float]:
    """Return error bounds of whole sums and of values, and the part that no pixel changes.

    A transform of n points by radix 2, or by 4 or 8, which turn numbers less often, is off by at
    most log2(n) * eta in the 2-norm, relatively, with eta = mu + gamma_4 * (sqrt(2) + mu) and roots
    off by mu (Higham, 2002, theorem 24.2); mu <= 4 u makes that less than e = 10 u * log2(n), u =
    2**-53. Three transforms make a convolution. With pixels x, two tiles in one, |x|_2 <= peak *
    sqrt(2 n); the spectrum of the weights is at most |w|_1 and off by at most e * sqrt(n) * |w|_2
    anywhere, so no sum is off by more than |x|_2 * (|w|_1 * (2 e + 3 u) + e * sqrt(n) * |w|_2). The
    weights, in double, are off by at most 4 u.

    Parameters
    ----------
    facts : KernelFacts
    peak : int
        The largest magnitude of a pixel.
    tile : (int, int)
        Its rows and columns.

    Returns
    -------
    whole : float
        Of sums of whole weights; infinite where they are too large to be rounded.
    bound, fixed : float
        Of values: per `peak`, and what is added for the bias.
    """
    numbers = tile[0] * tile[1]
    e = 10 * _UNIT * math.log2(numbers)
    first = float(facts.positive + facts.negative)
    second = math.hypot(*map(float, facts.flat))
    sums = 1.02 * peak * math.sqrt(2 * numbers)
    sums *= first * (2 * e + 7 * _UNIT) + e * math.sqrt(numbers) * second
    total = first * peak
    bound = (sums + 1.02 * 8 * _UNIT * total) * facts.scale
    fixed = 1.02 * 4 * _UNIT * abs(float(facts.bias)) + 1e-300
    return (sums if total < 1 << 50 else math.inf), bound, fixed
