"""A picture of kernels: their weights and what they do to each frequency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from imgconv.model.kernel import Kernel
from imgconv.ops.draw.draw import FAINT, INK, Box, Canvas, Cell, Colour, Picture, signed
from imgconv.ops.draw.response import Response, measure_response

_SIDE = 300
_GAP = 24
_HEAD = 86
_FOOT = 46
_MOST_CELLS = 41  # more would be too small to be seen apart; they are drawn as a picture
_MOST_NUMBERS = 9
_TILE = (2 * _SIDE + 3 * _GAP, _HEAD + _SIDE + _FOOT)


def plot(kernels: Sequence[Kernel], columns: int = 2) -> Picture:
    """Draw the weights of kernels as heat maps with numbers, and their frequency responses.

    Parameters
    ----------
    kernels : sequence of Kernel
    columns : int, default 2
        How many stand side by side.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB. Of each kernel, on the left the weights: blue is negative, red positive, white 0. On
        the right the response to frequencies from -1/2 to 1/2 cycles a pixel, the greatest bright,
        zero frequency in the centre.
    """
    columns = max(1, min(columns, len(kernels)))
    rows = -(-len(kernels) // columns)
    canvas = Canvas(columns * _TILE[0], rows * _TILE[1])
    for i, kernel in enumerate(kernels):
        _tile(canvas, kernel, (i % columns * _TILE[0], i // columns * _TILE[1]))
    return canvas.picture()


def _tile(canvas: Canvas, kernel: Kernel, at: tuple[int, int]) -> None:
    left, top = at
    rows, columns = kernel.shape
    response = measure_response(kernel)
    wide = 2 * _SIDE + _GAP
    name = kernel.name or "kernel"
    title = f"{name if len(name) <= 44 else name[:43] + '…'}   {rows} x {columns}"
    canvas.text(title, (left + _GAP, top + 16), 20)
    facts = Box(left + _GAP, top + 40, wide, 20)
    canvas.fitted_text(describe(kernel, response), facts, 14, FAINT, "left")
    body = top + _HEAD
    canvas.text(f"weights, sum {_number(float(kernel.sum))}", (left + _GAP, body - 20), 13, INK)
    _weights(canvas, kernel, (left + _GAP, body))
    right = left + 2 * _GAP + _SIDE
    peak = response.magnitude.max()
    said = f"response, {_number(response.at_zero)} at zero frequency, at most {_number(peak)}"
    canvas.text(said, (right, body - 20), 13, INK)
    canvas.paste(_heat(response.magnitude / (peak or 1), _SIDE), (right, body))
    under = body + _SIDE + 4
    for text, x, anchor in (("-1/2", right, "la"), ("0", right + _SIDE // 2, "ma")):
        canvas.text(text, (x, under), 12, FAINT, anchor)
    canvas.text("1/2 cycles a pixel", (right + _SIDE, under), 12, FAINT, "ra")
    for text, y, anchor in (("-1/2", 0, "ra"), ("0", _SIDE // 2, "rm"), ("1/2", _SIDE, "rd")):
        canvas.text(text, (right - 3, body + y), 10, FAINT, anchor)


def describe(kernel: Kernel, response: Response) -> str:
    """Describe what a kernel does, in a line.

    Examples
    --------
    >>> sobel = Kernel([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], orientation="answers at edges")
    >>> describe(sobel, measure_response(sobel))
    'band-pass, most for detail across; separable; answers at edges'
    """
    kind = response.kind
    if response.direction:
        kind += f", most for detail {response.direction}"
    parts = [kind, "separable" if kernel.is_separable else "not separable", kernel.orientation]
    return "; ".join(filter(None, parts))


def _weights(canvas: Canvas, kernel: Kernel, at: tuple[int, int]) -> None:
    weights = np.array([[float(kernel.scale * w) for w in row] for row in kernel.weights])
    share = weights / (np.abs(weights).max() or 1)
    if max(weights.shape) > _MOST_CELLS:
        canvas.paste(_stretched(np.array([[signed(s) for s in row] for row in share.tolist()])), at)
        return
    written = max(weights.shape) <= _MOST_NUMBERS
    cells = [
        [
            Cell(_number(weight) if written else "", signed(s))
            for weight, s in zip(*both, strict=True)
        ]
        for both in zip(weights.tolist(), share.tolist(), strict=True)
    ]
    side = _SIDE // max(weights.shape)
    box = canvas.grid(cells, at, (side, side))
    row, column = kernel.anchor
    canvas.frame(Box(box.left + column * side, box.top + row * side, side, side), INK, 2)


def _stretched(picture: NDArray[np.int_]) -> Picture:
    """Enlarge or reduce to the side of a panel, keeping the shape."""
    longest = max(picture.shape[:2])
    rows, columns = (max(1, round(_SIDE * n / longest)) for n in picture.shape[:2])
    down = np.arange(rows) * picture.shape[0] // rows
    across = np.arange(columns) * picture.shape[1] // columns
    stretched: Picture = picture[down][:, across].astype(np.uint8)
    return stretched


_STOPS: tuple[Colour, ...] = (
    (20, 22, 48), (48, 54, 128), (38, 118, 142), (46, 176, 124), (168, 214, 72), (252, 232, 84)
)  # fmt: skip


def _heat(share: NDArray[np.float64], side: int) -> Picture:
    """Paint numbers from 0 to 1, dark to bright, interpolated to a square."""
    steps = np.linspace(0, len(share) - 1, side)
    whole = np.minimum(steps.astype(int), len(share) - 2)
    rest = steps - whole
    down = share[whole] * (1 - rest)[:, None] + share[whole + 1] * rest[:, None]
    smooth: NDArray[np.float64] = down[:, whole] * (1 - rest) + down[:, whole + 1] * rest
    at = np.linspace(0, 1, len(_STOPS))
    parts = [np.interp(smooth, at, [stop[i] for stop in _STOPS]) for i in range(3)]
    painted: Picture = np.rint(np.stack(parts, axis=2)).astype(np.uint8)
    return painted


def _number(value: float) -> str:
    return f"{value:.3g}".replace("e-0", "e-")
