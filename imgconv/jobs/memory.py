"""How much memory is free, and how much a picture takes with the steps of a recipe.

One model for single pictures, bands of rows, folders and layers. Estimates are measured, not
proved: a picture is held as decoded and with its channels in the order of the codec, then each step
holds its input, its output and the scratch that it states, and the result is held twice again while
it is encoded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv.model.errors import ArgumentError, LimitError
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.base import Form, Reach
from imgconv.system.memory import free_memory

if TYPE_CHECKING:
    from imgconv.model.layer_shapes import LayerShapes

_HOLE_BYTES = 64  # for each value: sums above and below, a quotient, and flags
_PLANE_BYTES = 200  # for each pixel: linear light, roots and their sums as float64
_MIXED_BYTES = 48  # for each pixel: weights, distances, and what is mixed in wide numbers
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_LEAST = 1 << 20
_DEPTH_BYTES = {Depth.U8: 1, Depth.U16: 2, Depth.I16: 2, Depth.F32: 4}


def parse_bytes(text: str) -> int:
    """Read an amount of memory: plain bytes, or with K, M, G or T (powers of 1024).

    Raises
    ------
    ArgumentError
        For anything else, and for less than 1 MiB, which holds no picture.

    Examples
    --------
    >>> parse_bytes("512M"), parse_bytes("1.5G"), parse_bytes("67108864")
    (536870912, 1610612736, 67108864)
    """
    found = re.fullmatch(
        r"([0-9]{1,15}(?:[.][0-9]{1,6})?) ?([KMGT]?)(?:I?B)?", text.strip().upper()
    )
    if found is None:
        raise ArgumentError(f"{text!r} is not a valid size", hint="write 800M or 4G")
    amount = int(float(found[1]) * _UNITS[found[2]])
    if amount < _LEAST:
        raise ArgumentError(f"{text!r} is less than 1 MiB of memory", hint="write 800M or 4G")
    return amount


def default_limit() -> int:
    """Return half of the memory that is free now."""
    return free_memory() // 2


def pixel_bytes(form: Form) -> int:
    """Return the bytes of one pixel."""
    return form.values * _DEPTH_BYTES[form.depth]


def picture_bytes(
    size: tuple[int, int], form: Form, recipe: Recipe, *, encoders: int = 2, beside: int = 0
) -> int:
    """Return a bound of the memory that filtering a whole picture takes.

    Parameters
    ----------
    size : (int, int)
        Rows and columns; of several pages, of all of them together.
    form : Form
        Of the picture as it is decoded.
    recipe : Recipe
    encoders : int, default 2
        How often the encoder holds the output.
    beside : int, default 0
        Bytes that codecs take for each value beside input and output.

    Raises
    ------
    ArgumentError, LimitError
        When the recipe cannot be applied to it.
    """
    plan = recipe.planned(form)
    pixels = math.prod(size)
    reading = pixels * (2 * pixel_bytes(form) + beside * form.values)
    beside_steps = pixels * selection_bytes(form, recipe)
    peak = 0
    for number, planned in enumerate(plan.steps):
        size = _size_after(planned, size)
        before = pixels * pixel_bytes(planned.before) if number else 0
        pixels = math.prod(size)
        after = pixels * pixel_bytes(planned.after)
        peak = max(peak, before + after + pixels * step_scratch(planned))
    writing = pixels * pixel_bytes(plan.output) * (1 + encoders)
    return (reading + peak + beside_steps + writing) * 11 // 10


def _size_after(planned: PlannedStep, size: tuple[int, int]) -> tuple[int, int]:
    if planned.step.reach is not Reach.WINDOW:
        return size
    from imgconv.ops.windows import geometries_of

    return geometries_of(planned.step, planned.settings, size)[0].out_shape


def selection_bytes(form: Form, recipe: Recipe) -> int:
    """Return the bytes for each pixel that selections and holes take, beside the steps."""
    holes = _HOLE_BYTES * form.values if recipe.has_holes else 0
    if recipe.everywhere is recipe:
        return holes
    planes = _PLANE_BYTES if recipe.selection.channels else 0
    return holes + planes + _MIXED_BYTES + 2 * pixel_bytes(form)


def step_scratch(planned: PlannedStep) -> int:
    """Return the bytes of intermediate values that a step takes for each output pixel."""
    return planned.step.scratch(planned.before, planned.after)


def check_layers(shapes: Sequence[LayerShapes]) -> None:
    """Check that the input and the output of each layer fit in the memory that is free.

    Raises
    ------
    LimitError
        When they do not.
    """
    from imgconv.model.layer_shapes import in_bytes

    free = free_memory()
    for layer in shapes:
        need = layer.bytes_in + layer.bytes_out
        if need > free:
            raise LimitError(
                f"{layer.name}: its input and output take {in_bytes(need)}, and "
                f"{in_bytes(free)} are free",
                hint="use a larger stride, fewer filters or a smaller picture",
            )
