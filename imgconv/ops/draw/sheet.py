"""A contact sheet: the results of many kernels on one picture, here and in OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.opencv import OpenCVEngine
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Step
from imgconv.ops.draw.draw import ACCENT, COLD, FAINT, INK, LINE, PAPER, Box, Canvas, Picture
from imgconv.ops.image import Image, as_image, form_of
from imgconv.ops.pipeline.run import run_leading, run_recipe

SIZES = {"screen": 160, "print": 400}
"""Longest side of a panel, in pixels."""

_MOST_PANELS = 3  # imgconv, OpenCV, difference
_GAP = 8
_TITLE = 26
_LABEL = 20
_FOOTPRINT = 21  # pixels that a footprint takes at most
_MOST_PIXELS = 1 << 27


class SheetRow(NamedTuple):
    """How the results of one kernel differ.

    Attributes
    ----------
    name : str
    max_abs_diff : float
        The greatest difference between the results of imgconv and OpenCV, in grey levels.
    differing_pixels : int
    in_opencv : bool
        Whether OpenCV has a call for the kernel; else there is nothing to compare with.
    """

    name: str
    max_abs_diff: float
    differing_pixels: int
    in_opencv: bool


class _Panel(NamedTuple):
    """A picture of a tile with the line below it."""

    picture: Picture
    label: str
    is_difference: bool = False


def contact_sheet(
    image: Image,
    steps: Sequence[Step],
    recipe: Recipe,
    *,
    columns: int = 2,
    size: str = "screen",
    opencv: bool = True,
    threads: int | None = None,
) -> tuple[Picture, list[SheetRow]]:
    """Draw the original, and beside it the results of each step by imgconv and by OpenCV.

    Where they differ, their difference follows. Where OpenCV has no call for a step, its panel is
    left out.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32.
    steps : sequence of Step
        Kernels and others; each is applied by itself.
    recipe : Recipe
        Border, range and so on, and the steps before and after; those with a window are replaced.
    columns : int, default 2
        How many steps stand side by side.
    size : {"screen", "print"}, default "screen"
        A panel's longest side: 160 or 400 pixels. Results are filtered in full and then reduced.
    opencv : bool, default True
        Whether OpenCV's results and the differences are drawn too. Without them the sheet is a grid
        of results, and the first of its panels is the original.
    threads : int, optional

    Returns
    -------
    (ndarray of uint8, shape (rows, columns, 3), list of SheetRow)
        Without OpenCV the list is empty.

    Raises
    ------
    ArgumentError
        When there is no step, or the sheet would have more than 2**27 pixels.
    """
    if not steps:
        raise ArgumentError("a sheet needs a kernel", hint="give -k, --family or --all")
    pixels = as_image(image, recipe.settings.depth)
    original = run_leading(pixels, recipe)
    panel = _panel_size(original, SIZES[size])
    if not opencv:
        return _grid(pixels, original, steps, recipe, panel, columns, threads), []
    columns = max(1, min(columns, len(steps)))
    slot = panel[1] + _GAP
    high = _TITLE + panel[0] + _LABEL + _GAP
    # The widest sheet: a panel for the original, then all panels of each tile.
    most = _GAP + slot + columns * (_MOST_PANELS * slot + _GAP)
    canvas = _canvas(most, -(-len(steps) // columns) * high)
    canvas.fitted_text("original", Box(_GAP, 0, panel[1], _TITLE), 16, align="left")
    canvas.paste(_reduced(_as_picture(original), panel), (_GAP, _TITLE))
    said = []
    left = used = 0
    for i, step in enumerate(steps):
        if i % columns == 0:
            left = 2 * _GAP + slot
        name = step.name or "matrix"
        has_peer = bool(step.opencv(form_of(original)).call)
        row, panels = _compared(
            pixels, name, recipe.with_kernels([step]), threads, has_peer=has_peer
        )
        width = len(panels) * slot - _GAP
        title = Box(left, i // columns * high, width, _TITLE)
        drawn = _draw_footprint(canvas, step, (left + width, title.top + 2))
        canvas.fitted_text(name, title._replace(width=width - drawn), 16, align="left")
        _draw_panels(canvas, panels, (left, title.top + _TITLE), panel)
        left += len(panels) * slot + _GAP
        used = max(used, left - _GAP)
        said.append(row)
    return canvas.picture()[:, :used], said


def _canvas(width: int, height: int) -> Canvas:
    if width * height > _MOST_PIXELS:
        raise ArgumentError(
            "the sheet would be too large", hint="take fewer kernels, or smaller panels"
        )
    return Canvas(width, height)


def _grid(
    image: Image,
    original: Image,
    steps: Sequence[Step],
    recipe: Recipe,
    panel: tuple[int, int],
    columns: int,
    threads: int | None,
) -> Picture:
    """Draw the original and the result of each step in a grid."""
    columns = max(1, min(columns, 1 + len(steps)))
    wide, high = panel[1] + 2 * _GAP, _TITLE + panel[0] + 2 * _GAP
    canvas = _canvas(columns * wide, -(-(1 + len(steps)) // columns) * high)
    for i, step in enumerate((None, *steps)):
        left, top = i % columns * wide + _GAP, i // columns * high
        name = "original" if step is None else step.name or "matrix"
        canvas.fitted_text(name, Box(left, top, panel[1], _TITLE), 15, align="left")
        shown = original
        if step is not None:
            shown = run_recipe(image, recipe.with_kernels([step]), threads=threads).image
        canvas.paste(_reduced(_as_picture(shown), panel), (left, top + _TITLE))
    return canvas.picture()


def _compared(
    image: Image, name: str, recipe: Recipe, threads: int | None, *, has_peer: bool
) -> tuple[SheetRow, list[_Panel]]:
    """Return how the two results differ, and the panels that show something of their own."""
    here = run_recipe(image, recipe, threads=threads).image
    there = run_recipe(image, recipe, engine=OpenCVEngine(), peers=True).image
    apart = np.abs(here.astype(np.float64) - there.astype(np.float64))
    apart[(here == there) | (np.isnan(here) & np.isnan(there))] = 0
    apart = np.nan_to_num(apart, posinf=Depth.of(here.dtype).high)
    most = float(apart.max())
    differing = int(np.count_nonzero(apart if apart.ndim == 2 else apart.any(axis=2)))
    row = SheetRow(name, most, differing, in_opencv=has_peer)
    if not most and not has_peer:
        return row, [_Panel(_as_picture(here), "not in OpenCV")]
    panels = [
        _Panel(_as_picture(here), "imgconv"),
        _Panel(_as_picture(there), "OpenCV" if most else "OpenCV: the same"),
    ]
    if most:
        shown = np.rint(apart * (255 / most)).astype(np.uint8)
        label = f"at most {most:g}, at {differing} pixel{'' if differing == 1 else 's'}"
        panels.append(_Panel(_as_picture(shown), label, is_difference=True))
    return row, panels


def _draw_panels(
    canvas: Canvas, panels: Sequence[_Panel], corner: tuple[int, int], size: tuple[int, int]
) -> None:
    for i, panel in enumerate(panels):
        left = corner[0] + i * (size[1] + _GAP)
        # The largest difference counts, not the mean: a single pixel must not fade away.
        picture = _reduced(panel.picture, size, keep_peaks=panel.is_difference)
        canvas.paste(picture, (left, corner[1]))
        label = Box(left, corner[1] + size[0], size[1], _LABEL)
        canvas.fitted_text(panel.label, label, 13, ACCENT if panel.is_difference else FAINT, "left")


def _draw_footprint(canvas: Canvas, step: Step, corner: tuple[int, int]) -> int:
    """Draw the footprint of a step beside its title: what counts is dark, what must be 0 blue.

    Returns
    -------
    int
        The width that it takes, in pixels; 0 where there is none or it does not fit.
    """
    rows = step.drawing
    largest = max(len(rows), len(rows[0])) if rows else 0
    if not 0 < largest <= _FOOTPRINT:
        return 0
    side = _FOOTPRINT // largest
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            ground = LINE if cell == "." else COLD if cell.startswith("-") else INK
            square = np.full((side, side, 3), PAPER, np.uint8)
            square[: max(1, side - 1), : max(1, side - 1)] = ground
            canvas.paste(square, (corner[0] - (len(row) - c) * side, corner[1] + r * side))
    return len(rows[0]) * side + _GAP


def _panel_size(image: Image, longest: int) -> tuple[int, int]:
    rows, columns = image.shape[:2]
    share = longest / max(rows, columns)
    return max(1, round(rows * share)), max(1, round(columns * share))


def _as_picture(image: Image) -> Picture:
    """Return 8 bits to look at: black to white of the type; alpha is left out."""
    depth = Depth.of(image.dtype)
    colour = image[..., :3] if image.ndim == 3 and image.shape[2] == 4 else image
    colour = colour[..., 0] if colour.ndim == 3 and colour.shape[2] in (1, 2) else colour
    if depth is Depth.U8:
        return colour
    share = (colour.astype(np.float64) - depth.low) / (depth.high - depth.low)
    picture: Picture = np.rint(255 * np.clip(np.nan_to_num(share), 0, 1)).astype(np.uint8)
    return picture


def _reduced(picture: Picture, panel: tuple[int, int], *, keep_peaks: bool = False) -> Picture:
    cv2 = load_cv2()
    if keep_peaks and picture.shape[0] > panel[0]:
        picture = _peaks(picture, -(-max(picture.shape[:2]) // max(panel)))
    larger = picture.shape[0] < panel[0]
    how = cv2.INTER_NEAREST if larger or keep_peaks else cv2.INTER_AREA
    reduced: Picture = cv2.resize(picture, (panel[1], panel[0]), interpolation=how)
    return reduced


def _peaks(picture: Picture, step: int) -> NDArray[np.uint8]:
    """Return the greatest value of each block of `step` x `step` pixels."""
    rows, columns = (-(-n // step) * step for n in picture.shape[:2])
    padded = np.zeros((rows, columns, *picture.shape[2:]), np.uint8)
    padded[: picture.shape[0], : picture.shape[1]] = picture
    blocks = padded.reshape(rows // step, step, columns // step, step, *picture.shape[2:])
    greatest: NDArray[np.uint8] = blocks.max(axis=(1, 3))
    return greatest
