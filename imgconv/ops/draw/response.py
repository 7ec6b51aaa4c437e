"""What a kernel does to each frequency."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.kernel import Kernel

_FLAT = 0.02  # of the greatest response: no more than what cannot be seen
_BLOCKED = 0.1
_DIRECTED = 0.25


class Response(NamedTuple):
    """The magnitude of a frequency response, and what it amounts to.

    Attributes
    ----------
    magnitude : ndarray of float64, shape (samples, samples)
        From -1/2 to 1/2 cycles a pixel down and across; zero frequency in the middle.
    at_zero, low, middle, high : float
        At zero frequency, and the mean over the rings of up to 1/8, 1/8 to 3/8 and 3/8 to 1/2
        cycles a pixel.
    kind : str
        "all-pass", "low-pass", "high-pass", "band-pass", "band-stop" or "high-boost" (flat areas
        stay, fine detail grows).
    direction : str
        Which way the detail runs that it answers to most: "across", "down", a diagonal, or "".
    """

    magnitude: NDArray[np.float64]
    at_zero: float
    low: float
    middle: float
    high: float
    kind: str
    direction: str


def frequency_response(kernel: Kernel, samples: int = 129) -> NDArray[np.float64]:
    """Return the magnitude of the response, shape (samples, samples); zero frequency is central."""
    weights = np.array([[float(kernel.scale * w) for w in row] for row in kernel.weights])
    rows, columns = weights.shape
    frequencies = np.linspace(-0.5, 0.5, samples)
    down = np.exp(2j * np.pi * np.outer(frequencies, np.arange(rows)))
    across = np.exp(2j * np.pi * np.outer(np.arange(columns), frequencies))
    response: NDArray[np.float64] = np.abs(down @ weights @ across)
    return response


def measure_response(kernel: Kernel) -> Response:
    """Measure the response and name it.

    Examples
    --------
    >>> measure_response(Kernel([[1, 2, 1], [2, 4, 2], [1, 2, 1]], scale="1/16")).kind
    'low-pass'
    >>> edge = measure_response(Kernel([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]))
    >>> edge.kind, edge.direction
    ('band-pass', 'across')
    """
    magnitude = frequency_response(kernel)
    frequencies = np.linspace(-0.5, 0.5, len(magnitude))
    radius = np.hypot(frequencies[:, None], frequencies[None, :])
    rings = (
        radius <= 1 / 8,
        (radius > 1 / 8) & (radius <= 3 / 8),
        (radius > 3 / 8) & (radius <= 0.5),
    )
    low, middle, high = (float(magnitude[ring].mean()) for ring in rings)
    at_zero = float(magnitude[len(magnitude) // 2, len(magnitude) // 2])
    peak = float(magnitude[radius <= 0.5].max())
    kind = _kind(magnitude[radius <= 0.5], at_zero, (low, middle, high), peak)
    return Response(magnitude, at_zero, low, middle, high, kind, _direction(magnitude, radius))


def _kind(
    inside: NDArray[np.float64], at_zero: float, rings: tuple[float, float, float], peak: float
) -> str:
    low, middle, high = rings
    if peak == 0 or inside.max() - inside.min() <= _FLAT * peak:
        return "all-pass"
    if at_zero <= _BLOCKED * peak:
        return "high-pass" if high >= middle else "band-pass"
    if low >= middle >= high:
        return "low-pass"
    if middle < low and middle < high:
        return "band-stop"
    return "high-boost" if high >= middle else "band-pass"


def _direction(magnitude: NDArray[np.float64], radius: NDArray[np.float64]) -> str:
    """Name the direction of the greatest spread of the power, where one stands out."""
    frequencies = np.linspace(-0.5, 0.5, len(magnitude))
    power = np.where(radius <= 0.5, magnitude**2, 0)
    # Against what a power that is the same all round has: a half along each axis.
    total = (power * radius**2).sum()
    if total == 0:
        return ""
    down, across = frequencies[:, None], frequencies[None, :]
    straight = float((power * (across**2 - down**2)).sum() / total)
    slanted = float((power * 2 * across * down).sum() / total)
    if np.hypot(straight, slanted) < _DIRECTED:
        return ""
    names = ["across", "down the right diagonal", "down", "up the right diagonal"]
    return names[round(float(np.degrees(np.arctan2(slanted, straight))) / 90) % 4]
