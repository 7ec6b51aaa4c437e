"""A picture of a kernel: its weights and what it does to each frequency."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.opencv import load_cv2
from imgconv.model.kernel import Kernel

Image = NDArray[np.uint8]

_SIDE = 480
_MARGIN = 24
_HEAD = 64
_INK = (40, 40, 40)
_MOST_NUMBERS = 9  # a larger kernel's cells are too small for them


def plot(kernel: Kernel) -> Image:
    """Draw the weights as a heat map with numbers, and the magnitude of the frequency response.

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB. On the left blue is negative, red positive, white 0; on the right the response to
        frequencies from -1/2 to 1/2 cycles a pixel, the greatest bright, zero frequency in the
        centre.
    """
    weights = np.array([[float(kernel.scale * w) for w in row] for row in kernel.weights])
    response = frequency_response(kernel)
    canvas = np.full((_SIDE + _HEAD + 2 * _MARGIN, 2 * _SIDE + 3 * _MARGIN, 3), 255, np.uint8)
    top = _HEAD + _MARGIN
    canvas[top : top + _SIDE, _MARGIN : _MARGIN + _SIDE] = _weights_picture(weights)
    canvas[top : top + _SIDE, 2 * _MARGIN + _SIDE : -_MARGIN] = _response_picture(response)
    name = kernel.name if len(kernel.name) <= 40 else kernel.name[:37] + "..."
    rows, columns = kernel.shape
    _write(canvas, f"{name or 'kernel'}  {rows} x {columns}", (_MARGIN, 34), 0.8)
    _write(canvas, f"weights, sum {float(kernel.sum):.4g}", (_MARGIN, _HEAD + 10), 0.5)
    peak = f"response {response.min():.3g} to {response.max():.3g}; at 0: {abs(weights.sum()):.3g}"
    _write(canvas, peak, (2 * _MARGIN + _SIDE, _HEAD + 10), 0.5)
    return canvas


def frequency_response(kernel: Kernel, samples: int = 129) -> NDArray[np.float64]:
    """Give the magnitude of the response, shape (samples, samples); zero frequency is central."""
    weights = np.array([[float(kernel.scale * w) for w in row] for row in kernel.weights])
    rows, columns = weights.shape
    frequencies = np.linspace(-0.5, 0.5, samples)
    down = np.exp(2j * np.pi * np.outer(frequencies, np.arange(rows)))
    across = np.exp(2j * np.pi * np.outer(np.arange(columns), frequencies))
    response: NDArray[np.float64] = np.abs(down @ weights @ across)
    return response


def _weights_picture(weights: NDArray[np.float64]) -> Image:
    share = weights / (np.abs(weights).max() or 1)
    cells = np.empty((*share.shape, 3))
    cells[..., 0] = 255 * np.where(share < 0, 1 + 0.8 * share, 1)
    cells[..., 1] = 255 * (1 - 0.8 * np.abs(share))
    cells[..., 2] = 255 * np.where(share > 0, 1 - 0.8 * share, 1)
    picture = _enlarged(np.rint(cells).astype(np.uint8), nearest=True)
    if max(weights.shape) <= _MOST_NUMBERS:
        _write_numbers(picture, weights)
    return picture


def _write_numbers(picture: Image, weights: NDArray[np.float64]) -> None:
    cv2 = load_cv2()
    font = cv2.FONT_HERSHEY_SIMPLEX
    texts = [[f"{weight:.3g}" for weight in row] for row in weights]
    longest = max((text for row in texts for text in row), key=len)
    cell = np.array(picture.shape[:2]) / weights.shape
    width = cv2.getTextSize(longest, font, 1.0, 1)[0][0]
    scale = min(0.9, 0.8 * cell[1] / width, 0.5 * cell[0] / 24)
    for r, row in enumerate(texts):
        for c, text in enumerate(row):
            (wide, high), _ = cv2.getTextSize(text, font, scale, 1)
            at = int((c + 0.5) * cell[1] - wide / 2), int((r + 0.5) * cell[0] + high / 2)
            cv2.putText(picture, text, at, font, scale, _INK, 1, cv2.LINE_AA)


def _response_picture(response: NDArray[np.float64]) -> Image:
    cv2 = load_cv2()
    levels = np.rint(255 * response / (response.max() or 1)).astype(np.uint8)
    coloured = cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)
    picture: Image = cv2.cvtColor(_enlarged(coloured, nearest=False), cv2.COLOR_BGR2RGB)
    return picture


def _enlarged(image: Image, *, nearest: bool) -> Image:
    cv2 = load_cv2()
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    enlarged: Image = cv2.resize(image, (_SIDE, _SIDE), interpolation=how)
    return enlarged


def _write(canvas: Image, text: str, at: tuple[int, int], scale: float) -> Any:
    cv2 = load_cv2()
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, _INK, 1, cv2.LINE_AA)
