"""Which part of an image a part of the output is made of."""

from __future__ import annotations

from imgconv.model.border import Border
from imgconv.model.region import Region
from imgconv.model.settings import Settings
from imgconv.model.step_plan import StepPlan
from imgconv.model.steps.base import Reach, Step

Part = tuple[slice, slice]


def plan_read(box: Region, size: tuple[int, int], plan: StepPlan) -> Part:
    """Return the rows and columns of an image that a rectangle of the output is made of.

    Parameters
    ----------
    box : Region
    size : (int, int)
        Rows and columns of the image.
    plan : StepPlan
        Of steps that read one pixel or a window.

    Examples
    --------
    >>> from imgconv.model.kernel import Kernel
    >>> from imgconv.model.output import Depth
    >>> from imgconv.model.recipe import Recipe
    >>> from imgconv.model.steps.base import Form
    >>> plan = Recipe(steps=(Kernel([[1] * 5] * 3),)).planned(Form(Depth.U8))
    >>> plan_read(Region(10, 1, 4, 4), (100, 100), plan)
    (slice(9, 15, None), slice(0, 7, None))
    """
    windows = [planned for planned in plan.steps if planned.step.reach is Reach.WINDOW]
    reaches = [_reach(planned.step, planned.settings) for planned in windows]
    rows, columns = (sum(reach[axis] for reach in reaches) for axis in (0, 1))
    wraps = any(planned.settings.border is Border.WRAP for planned in windows)
    return _read(box, size, (rows, columns), wraps=wraps)


def part_read(box: Region, size: tuple[int, int], step: Step, settings: Settings) -> Part:
    """Return the rows and columns that a step makes a rectangle of (see `plan_read`)."""
    wraps = settings.border is Border.WRAP
    return _read(box, size, _reach(step, settings), wraps=wraps)


def _reach(step: Step, settings: Settings) -> tuple[int, int]:
    """Return how far a window reaches, on the greater side: a border mirrors one to the other."""
    down, across = settings.dilation
    extents = step.extents
    return (
        down * max(max(e.anchor[0], e.rows - 1 - e.anchor[0]) for e in extents),
        across * max(max(e.anchor[1], e.columns - 1 - e.anchor[1]) for e in extents),
    )


def _read(box: Region, size: tuple[int, int], reach: tuple[int, int], *, wraps: bool) -> Part:
    return (
        _along(box.row, box.row + box.rows, reach[0], size[0], wraps=wraps),
        _along(box.column, box.column + box.columns, reach[1], size[1], wraps=wraps),
    )


def _along(first: int, last: int, reach: int, length: int, *, wraps: bool) -> slice:
    if wraps and (first < reach or last + reach > length):
        return slice(0, length)
    return slice(max(first - reach, 0), min(last + reach, length))
