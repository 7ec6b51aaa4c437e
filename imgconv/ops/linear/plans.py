"""Describe how the engine does a recipe, without doing it."""

from __future__ import annotations

import numpy as np

from imgconv.engines.base import Correlation
from imgconv.engines.native import NativeEngine
from imgconv.engines.select import select_engine
from imgconv.model.alpha import Alpha
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.base import Form, Reach
from imgconv.ops.image import shape_of
from imgconv.ops.linear.single import plan
from imgconv.ops.windows import geometries_of


def describe_plans(recipe: Recipe, shape: tuple[int, ...], depth: Depth) -> list[str]:
    """Name the path of each kernel of a recipe on an image that it would filter.

    Parameters
    ----------
    recipe : Recipe
    shape : tuple of int
        Rows, columns and perhaps channels.
    depth : Depth

    Returns
    -------
    list of str
        Such as ``"sharpen: taps16 (v4)"``; the engine's name where it has no paths.

    Examples
    --------
    >>> from imgconv.model.kernel import Kernel
    >>> recipe = Recipe(steps=(Kernel([[1, 2, 1]], name="soft"),))
    >>> describe_plans(recipe, (100, 100), Depth.U8)[0].partition(":")[0]
    'soft'
    """
    said = []
    size = shape[0], shape[1]
    for planned in recipe.planned(Form(depth, shape[2] if len(shape) == 3 else None)).steps:
        if planned.step.reach is not Reach.WINDOW:
            continue
        said += _paths(planned, size, recipe.alpha)
        size = geometries_of(planned.step, planned.settings, size)[0].out_shape
    return said


def _paths(planned: PlannedStep, size: tuple[int, int], alpha: Alpha) -> list[str]:
    form = planned.before
    if form.has_alpha and alpha is not Alpha.FILTER:
        form = form._replace(channels=form.values - 1)
    image = np.broadcast_to(np.zeros((), form.depth.dtype), shape_of(*size, form))
    return [
        f"{member.name or 'matrix'}: {_path(plan(image, member, planned.settings, None))}"
        for member in planned.step.members
    ]


def _path(job: Correlation) -> str:
    engine = select_engine()
    if not isinstance(engine, NativeEngine):
        return engine.name
    return f"{engine.plan(job).path} ({engine.isa})"
