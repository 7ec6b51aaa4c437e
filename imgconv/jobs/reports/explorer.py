"""One page on which a picture and its kernels can be explored, as data and as a file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.jobs.reports.page import render_page
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel, as_kernel
from imgconv.model.numbers import format_number
from imgconv.model.output import Depth, OutputRange
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Form, Step
from imgconv.ops.color.gray import to_gray
from imgconv.ops.draw.window_frames import cropped
from imgconv.ops.image import as_image
from imgconv.ops.pipeline.run import run_leading

Image = NDArray[Any]

LONGEST_SIDE = 256
"""A larger picture is made smaller by averaging, so that the page stays light."""

_RANGES = (OutputRange.SATURATE, OutputRange.ABS, OutputRange.OFFSET)


def explorer_page(
    image: Image,
    recipe: Recipe,
    families: Mapping[str, Mapping[str, Step]],
    *,
    title: str,
    crop: Sequence[int] | None = None,
    at: tuple[int, int] | None = None,
) -> str:
    """Make a page that explains any pixel of a picture, with any kernel, in the browser.

    Parameters
    ----------
    image : ndarray, shape (rows, columns[, 3 or 4])
        uint8, uint16 or int16; alpha is left out.
    recipe : Recipe
        Its steps before the first window are done to the picture. Its kernel, if there is one, and
        its border, stride, dilation, rounding and range are what the page begins with.
    families : mapping of str to mapping of str to Step
        Kernels and filters with a footprint to choose from; other steps are left out.
    title : str
    crop : (int, int, int, int), optional
        First row, first column, rows and columns of the part to explore; default the whole.
    at : (int, int), optional
        The pixel to begin with; default the middle.

    Returns
    -------
    str
        HTML that needs no other file. It computes in whole numbers, exactly, and so gives what
        the engine gives.

    Raises
    ------
    ArgumentError
        For a float32 picture, or what the page cannot begin with.
    """
    pixels = run_leading(as_image(image), recipe)
    pixels, note = _page_sized(_part(pixels, crop))
    depth = Depth.of(pixels.dtype)
    if depth is Depth.F32:
        raise ArgumentError(
            "a page computes with whole numbers; this picture is float32",
            hint="convert it first: imgconv apply IN OUT --depth u16 --range full",
        )
    data = {
        "note": note,
        "depth": {
            "name": depth.value,
            "low": depth.low,
            "high": depth.high,
            "middle": format_number(depth.middle),
        },
        "rows": pixels.shape[0],
        "columns": pixels.shape[1],
        "views": _views(pixels),
        "families": {
            family: {
                n: shown for n, step in steps.items() if (shown := _step_data(step)) is not None
            }
            for family, steps in families.items()
        },
        "start": _start(recipe, pixels.shape, at),
    }
    return render_page("explorer.html", title, data)


def _part(image: Image, crop: Sequence[int] | None) -> Image:
    image = image[..., :3] if image.ndim == 3 and image.shape[2] == 4 else image
    if crop is None:
        return image
    return cropped(image, crop)[0]


def _page_sized(image: Image) -> tuple[Image, str]:
    """Make a picture small enough for a page, and say so."""
    from imgconv.engines.cv2_library import load_cv2

    rows, columns = image.shape[:2]
    scale = LONGEST_SIDE / max(rows, columns)
    if scale >= 1:
        return image, f"{rows} x {columns} pixels"
    cv2 = load_cv2()
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    smaller = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    said = f"{rows} x {columns} pixels, averaged to {size[1]} x {size[0]}; --crop keeps pixels"
    return smaller, said


def _views(image: Image) -> dict[str, str]:
    """Return the pixels in gray and, of colour, in RGB; little-endian."""
    if image.ndim == 2 or image.shape[2] == 1:
        return {"gray": _packed(image)}
    return {"gray": _packed(to_gray(image)), "RGB": _packed(image)}


def _packed(image: Image) -> str:
    little = np.ascontiguousarray(image).astype(image.dtype.newbyteorder("<"), copy=False)
    return base64.b64encode(little.tobytes()).decode("ascii")


def _step_data(step: Step) -> dict[str, Any] | None:
    """Return what the page needs to know of a kernel or a filter with a footprint; None of others.

    Heights are not known to it.
    """
    if step.is_linear:
        return _kernel_data(as_kernel(step))
    rule = step.window_rule
    if rule is None:
        return None
    return {
        "operation": rule.operation,
        "weights": [["0" if cell == "." else cell for cell in row] for row in step.drawing],
        "anchor": list(rule.anchor),
        "share": format_number(rule.share),
        "iterations": rule.iterations,
        "scale": "1",
        "offset": "0",
        "words": step.words,
    }


def _kernel_data(kernel: Kernel) -> dict[str, Any]:
    return {
        "weights": [[format_number(weight) for weight in row] for row in kernel.weights],
        "scale": format_number(kernel.scale),
        "offset": format_number(kernel.offset),
        "anchor": list(kernel.anchor),
        "words": kernel.description,
    }


def _start(recipe: Recipe, shape: tuple[int, ...], at: tuple[int, int] | None) -> dict[str, Any]:
    settings = recipe.settings
    if len(recipe.kernels) > 1 or None in map(_step_data, recipe.kernels):
        raise ArgumentError(
            "a page begins with one kernel or one flat footprint, not with several or a set",
            hint="give one -k, or none",
        )
    if settings.output_range not in _RANGES or settings.depth is not None:
        raise ArgumentError(
            "the page supports the ranges saturate, abs and offset, and not --depth"
        )
    if settings.border is Border.IGNORE:
        raise ArgumentError(
            "the page does not support padding ignore", hint="choose another padding"
        )
    if settings.size not in (OutputSize.SAME, OutputSize.VALID):
        raise ArgumentError("the page supports the sizes same and valid only")
    planned = recipe.windowed().planned(Form(Depth.U8)).steps
    start: dict[str, Any] = {
        "at": list(at) if at is not None else [shape[0] // 2, shape[1] // 2],
        "border": settings.border.value,
        "value": settings.border_value,
        "stride": list(settings.stride),
        "dilation": list(settings.dilation),
        "size": settings.size.value,
        "range": settings.output_range.value,
        "rounding": settings.rounding.value,
    }
    if recipe.kernels:
        step = planned[0].step
        start |= {"name": step.name, "kernel": _step_data(step)}
    return start
