"""Frames that show the window of a kernel, or a footprint, sliding over a small picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import numpy as np

from imgconv.model.errors import ArgumentError
from imgconv.model.explanation import Stage, Tap
from imgconv.model.kernel import as_kernel
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.ops.draw.draw import (
    ACCENT,
    FAINT,
    INK,
    PAPER,
    WARM,
    Box,
    Canvas,
    Cell,
    Picture,
    signed,
)
from imgconv.ops.draw.footprint_frames import footprint_frames
from imgconv.ops.draw.frame_cells import (
    CHANNEL_NAMES,
    check_shown,
    input_cells,
    output_cells,
    short,
)
from imgconv.ops.explain.explain import explain
from imgconv.ops.image import Image
from imgconv.ops.pipeline.run import run_leading, run_recipe

_SHOWN = 7
_SHOWN_OF_COLOUR = 5
_GAP = 34
_HEAD = 64
_FOOT = 64
_SIDE = 20


class _Layout(NamedTuple):
    cell: int
    product: int
    pads: tuple[int, int, int, int]
    rows: int
    columns: int
    kernel: tuple[int, int]
    out: tuple[int, int]
    channels: int

    @property
    def band(self) -> int:
        """Height of what one channel takes."""
        return max(self.rows + self.pads[0] + self.pads[1], self.out[0]) * self.cell + 26

    @property
    def size(self) -> tuple[int, int]:
        across = self.columns + self.pads[2] + self.pads[3] + self.kernel[1] + self.out[1]
        wide = across * self.cell + self.kernel[1] * self.product + 3 * _GAP + 2 * _SIDE
        if self.channels == 3:
            wide += _GAP + self.out[1] * self.cell
        return wide, _HEAD + self.band * self.channels + _FOOT


def window_frames(image: Image, recipe: Recipe) -> Iterator[Picture]:
    """Draw one frame for each pixel of the output, in the order of reading.

    Each frame shows the picture with what the border puts around it and the window on it, the
    kernel, the products, and the output as far as it is known; of colour, one band for each
    channel. Of a footprint it shows the window in order, or where the extremes lie. Every number
    is that of `imgconv.ops.explain.explain`, so it is the engine's.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, 3)
        At most 16 x 16.
    recipe : Recipe
        With one kernel of at most 9 x 9, or an order statistic or operation of morphology whose
        window is as small.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    ArgumentError
        When there is more to show than fits.
    """
    if len(recipe.kernels) == 1 and recipe.kernels[0].drawing:
        yield from footprint_frames(image, recipe)
        return
    if len(recipe.kernels) != 1 or not recipe.kernels[0].is_linear:
        raise ArgumentError(
            "an animation shows one kernel at a time, or one filter with a footprint",
            hint="give one -k",
        )
    check_shown(as_kernel(recipe.kernels[0]).shape, image)
    output = run_recipe(image, recipe).image
    places = list(np.ndindex(output.shape[:2]))
    stages = [cast(Stage, explain(image, recipe, at).stages[-1]) for at in places]
    layout = _layout(image, stages, output)
    shown = output if output.ndim == 3 else output[..., None]
    source = run_leading(image, recipe)
    pixels = source if source.ndim == 3 else source[..., None]
    for done, stage in enumerate(stages, 1):
        yield _frame(pixels, shown, stage, places[:done], layout)


def cropped(image: Image, part: Sequence[int] | None = None) -> tuple[Image, tuple[int, int]]:
    """Cut out the part of a picture that is shown, and give it with its top left corner.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, channels)
    part : (int, int, int, int), optional
        Top, left, rows and columns; default the 7 x 7 pixels in which most happens, 5 x 5 of
        colour.

    Raises
    ------
    ArgumentError
        When the part does not lie in the picture.
    """
    rows, columns = image.shape[:2]
    if part is None:
        side = _SHOWN if image.ndim == 2 else _SHOWN_OF_COLOUR
        high, wide = min(rows, side), min(columns, side)
        top, left = _liveliest(image, high, wide)
    else:
        top, left, high, wide = part
    if min(top, left) < 0 or min(high, wide) < 1 or top + high > rows or left + wide > columns:
        raise ArgumentError(
            f"{high} x {wide} pixels at {top},{left} do not lie in a picture of {rows} x {columns}"
        )
    return image[top : top + high, left : left + wide], (top, left)


def _liveliest(image: Image, rows: int, columns: int) -> tuple[int, int]:
    gray = image.mean(axis=2) if image.ndim == 3 else image
    best, place = -1.0, (0, 0)
    for top in range(0, max(1, gray.shape[0] - rows + 1), rows):
        for left in range(0, max(1, gray.shape[1] - columns + 1), columns):
            spread = float(gray[top : top + rows, left : left + columns].std())
            if spread > best:
                best, place = spread, (top, left)
    return place


def _layout(image: Image, stages: list[Stage], output: Image) -> _Layout:
    taps = [tap.position for stage in stages for tap in stage.windows[0].taps]
    rows, columns = image.shape[:2]
    pads = (
        max(0, -min(row for row, _ in taps)),
        max(0, max(row for row, _ in taps) - rows + 1),
        max(0, -min(column for _, column in taps)),
        max(0, max(column for _, column in taps) - columns + 1),
    )
    products = [p for s in stages for tap in s.windows[0].taps for p in tap.products]
    longest = max(len(short(product)) for product in products)
    channels = 1 if output.ndim == 2 else output.shape[2]
    return _Layout(
        cell=34,
        product=min(72, max(34, 9 * longest + 8)),
        pads=pads,
        rows=rows,
        columns=columns,
        kernel=stages[0].windows[0].kernel.shape,
        out=(output.shape[0], output.shape[1]),
        channels=channels,
    )


def _frame(
    pixels: Image,
    output: Image,
    stage: Stage,
    known: list[tuple[int, int]],
    layout: _Layout,
) -> Picture:
    canvas = Canvas(*layout.size)
    kernel, settings = stage.windows[0].kernel, stage.settings
    name = kernel.name or "kernel"
    canvas.text(f"{name}: pixel {stage.at[0]},{stage.at[1]} of the output", (_SIDE, 12), 18)
    said = f"border {settings.border.value}"
    if settings.stride != (1, 1):
        said += f", stride {settings.stride[0]},{settings.stride[1]}"
    if settings.dilation != (1, 1):
        said += f", dilation {settings.dilation[0]},{settings.dilation[1]}"
    canvas.text(said, (_SIDE, 36), 13, FAINT)
    for channel in range(layout.channels):
        top = _HEAD + channel * layout.band
        _band(canvas, pixels, output, stage, known, layout, channel, top)
    _foot(canvas, stage, layout)
    return canvas.picture()


def _band(
    canvas: Canvas,
    pixels: Image,
    output: Image,
    stage: Stage,
    known: list[tuple[int, int]],
    layout: _Layout,
    channel: int,
    top: int,
) -> None:
    window, cell = stage.windows[0], layout.cell
    label = f"input {CHANNEL_NAMES[channel]}" if layout.channels == 3 else "input"
    left, body = _SIDE, top + 18
    canvas.text(label, (left, top), 13, FAINT)
    box = canvas.grid(
        input_cells(pixels[..., channel], stage.settings, layout.pads), (left, body), (cell, cell)
    )
    for tap in window.taps:
        _mark(canvas, tap, layout, (left, body))
    left += box.width + _GAP
    canvas.text("kernel", (left, top), 13, FAINT)
    largest = max(abs(float(tap.weight)) for tap in window.taps) or 1.0
    weights = [Cell(short(t.weight), signed(float(t.weight) / largest)) for t in window.taps]
    box = canvas.grid(_rows(weights, layout), (left, body), (cell, cell))
    left += box.width + _GAP
    canvas.text("products", (left, top), 13, FAINT)
    values = [float(tap.products[channel]) for tap in window.taps]
    peak = max(map(abs, values)) or 1.0
    products = [
        Cell(short(tap.products[channel]), signed(value / peak))
        for tap, value in zip(window.taps, values, strict=True)
    ]
    box = canvas.grid(_rows(products, layout), (left, body), (layout.product, cell))
    canvas.text(f"sum {short(window.sums[channel])}", (left, body + box.height + 8), 14, INK)
    left += box.width + _GAP
    canvas.text("output", (left, top), 13, FAINT)
    cells = output_cells(output[..., channel], known)
    canvas.grid(cells, (left, body), (cell, cell))
    row, column = stage.at
    canvas.frame(Box(left + column * cell, body + row * cell, cell, cell))
    if layout.channels == 3 and channel == 0:
        left += layout.out[1] * cell + _GAP
        canvas.text("merged", (left, top), 13, FAINT)
        canvas.grid(_merged_cells(output, known), (left, body), (cell, cell))


def _mark(canvas: Canvas, tap: Tap, layout: _Layout, at: tuple[int, int]) -> None:
    cell = layout.cell
    left = at[0] + (tap.position[1] + layout.pads[2]) * cell
    top = at[1] + (tap.position[0] + layout.pads[0]) * cell
    canvas.frame(Box(left, top, cell, cell), ACCENT, 2)


def _rows(cells: list[Cell], layout: _Layout) -> list[list[Cell]]:
    width = layout.kernel[1]
    return [cells[i : i + width] for i in range(0, len(cells), width)]


def _merged_cells(output: Image, known: list[tuple[int, int]]) -> list[list[Cell]]:
    """Return the pixels in colour."""
    depth = Depth.of(output.dtype)
    share = (output.astype(np.float64) - depth.low) / (depth.high - depth.low)
    colours = np.rint(255 * np.clip(np.nan_to_num(share), 0, 1)).astype(int).tolist()
    return [
        [Cell("", tuple(colour) if (r, c) in known else PAPER) for c, colour in enumerate(row)]
        for r, row in enumerate(colours)
    ]


def _foot(canvas: Canvas, stage: Stage, layout: _Layout) -> None:
    """Describe how the sums become the pixel."""
    kernel = stage.windows[0].kernel
    top = layout.size[1] - _FOOT + 14
    said = []
    if kernel.scale != 1:
        said.append(f"times {short(kernel.scale)}")
    if kernel.offset != 0:
        said.append(f"plus {short(kernel.offset)}")
    said += [stage.how] if stage.how else []
    sums, exact = (", ".join(map(short, n)) for n in (stage.windows[0].sums, stage.exact))
    steps = f"sum {sums}" + (f", {', '.join(said)}: {exact}" if said else "")
    rounded, written = (", ".join(map(short, n)) for n in (stage.rounded, stage.values))
    if rounded != exact:
        steps += f", rounded {rounded}"
    canvas.text(steps, (_SIDE, top), 15)
    clipped = "" if written == rounded else "clipped to "
    canvas.text(f"= {clipped}{written}", (_SIDE, top + 22), 16, WARM if clipped else ACCENT)
