"""The explorer: a page in which the window of a kernel moves over a picture."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np

from imgconv.io.page import render_page
from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, OutputRange
from imgconv.model.recipe import Recipe
from imgconv.ops.correlate import Image
from imgconv.ops.run import with_tone
from imgconv.ops.window_frames import cropped

LARGEST_SIDE = 96
LARGEST_KERNEL = 15
_RANGES = (OutputRange.SATURATE, OutputRange.ABS, OutputRange.OFFSET)


def explorer_page(
    image: Image, recipe: Recipe, bank: Iterable[Kernel], crop: tuple[int, ...] | None = None
) -> str:
    """Make the page, which needs nothing but a browser.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, 3)
        uint8, uint16 or int16. At most 96 x 96 pixels are shown, the middle ones unless `crop`
        says which; the border lies around these.
    recipe : Recipe
        Its first kernel, tone, border, stride, dilation, range and rounding are where one begins.
    bank : iterable of Kernel
        What one may switch to; those larger than 15 x 15 are left out.
    crop : (int, int, int, int), optional
        Top, left, rows and columns.

    Returns
    -------
    str
        HTML. What it computes is what the engine computes.

    Raises
    ------
    ArgumentError
        For an image, a kernel or a range that it cannot show.
    """
    pixels, _ = with_tone(image, recipe)
    part, (top, left) = cropped(pixels, crop or _middle(pixels))
    depth = Depth.of(part.dtype)
    channels = 1 if part.ndim == 2 else part.shape[2]
    if depth is Depth.F32 or channels not in (1, 3):
        raise ArgumentError(
            "the explorer shows gray and RGB images of whole numbers",
            hint="--depth u8 with --range full makes such an image of floats; --gray drops alpha",
        )
    if max(part.shape[:2]) > LARGEST_SIDE:
        raise ArgumentError(f"the explorer shows at most {LARGEST_SIDE} x {LARGEST_SIDE} pixels")
    if recipe.settings.output_range not in _RANGES or len(recipe.kernels) > 1:
        raise ArgumentError(
            "the explorer shows one kernel, with range saturate, abs or offset",
            hint="leave out the other kernels and --range",
        )
    rows, columns = part.shape[:2]
    about = f"{rows} x {columns} pixels at row {top}, column {left} of {_shape(pixels)}"
    data = {
        "about": f"{about}; the border lies around these. Exact sums, rounded once.",
        "rows": rows,
        "columns": columns,
        "channels": channels,
        "depth": depth.value,
        "low": depth.low,
        "high": depth.high,
        "middle": str(depth.middle),
        "pixels": base64.b64encode(_little_endian(part)).decode("ascii"),
        "settings": _settings(recipe),
        "kernels": _kernels(recipe, bank),
    }
    return render_page("explorer.html", "imgconv explorer", data)


def _middle(image: Image) -> tuple[int, int, int, int]:
    rows, columns = (min(n, LARGEST_SIDE) for n in image.shape[:2])
    return (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2, rows, columns


def _shape(image: Image) -> str:
    return f"{image.shape[0]} x {image.shape[1]}"


def _little_endian(image: Image) -> bytes:
    return np.ascontiguousarray(image, image.dtype.newbyteorder("<")).tobytes()


def _settings(recipe: Recipe) -> dict[str, Any]:
    settings = recipe.settings
    return {
        "border": settings.border.value,
        "borderValue": settings.border_value,
        "stride": settings.stride[0],
        "dilation": settings.dilation[0],
        "range": settings.output_range.value,
        "rounding": settings.rounding.value,
    }


def _kernels(recipe: Recipe, bank: Iterable[Kernel]) -> list[dict[str, Any]]:
    placed, _ = recipe.chain(Depth.U8)
    first = [kernel for kernel in placed if isinstance(kernel, Kernel)]
    if len(first) < len(placed):
        raise ArgumentError("the explorer shows single kernels, not sets of them")
    if first and max(first[0].shape) > LARGEST_KERNEL:
        raise ArgumentError(f"the explorer shows kernels of at most {LARGEST_KERNEL} on a side")
    known: dict[str, Kernel] = {kernel.name or "yours": kernel for kernel in first}
    for kernel in bank:
        if max(kernel.shape) <= LARGEST_KERNEL:
            known.setdefault(kernel.name, kernel)
    return [_kernel(name, kernel) for name, kernel in known.items()]


def _kernel(name: str, kernel: Kernel) -> dict[str, Any]:
    return {
        "name": name,
        "weights": [[str(weight) for weight in row] for row in kernel.weights],
        "scale": str(kernel.scale),
        "offset": str(kernel.offset),
        "anchor": list(kernel.anchor),
    }
