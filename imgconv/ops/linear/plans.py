"""Describe how the engine does a recipe, without doing it."""

from __future__ import annotations

import numpy as np

from imgconv.engines.base import Correlation
from imgconv.engines.native import NativeEngine
from imgconv.engines.select import select_engine
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.ops.linear.correlate import plan


def describe_plans(recipe: Recipe, shape: tuple[int, ...], depth: Depth) -> list[str]:
    """Name the path of each kernel of a recipe on an image that it would filter.

    Parameters
    ----------
    recipe : Recipe
    shape : tuple of int
        Rows, columns and perhaps channels, after tone.
    depth : Depth

    Returns
    -------
    list of str
        Such as ``"sharpen: taps16 (v4)"``; the engine's name where it has no paths.

    Examples
    --------
    >>> recipe = Recipe(kernels=(Kernel([[1, 2, 1]], name="soft"),))
    >>> describe_plans(recipe, (100, 100), Depth.U8)[0].partition(":")[0]
    'soft'
    """
    said = []
    for kernel, settings in recipe.stages(depth):
        members = (kernel,) if isinstance(kernel, Kernel) else kernel.kernels
        image = np.broadcast_to(np.zeros((), depth.dtype), shape)
        jobs = [plan(image, member, settings, None) for member in members]
        said += [
            f"{member.name or 'matrix'}: {_path(job)}"
            for member, job in zip(members, jobs, strict=True)
        ]
        depth = jobs[0].depth
        shape = (*jobs[0].geometry.out_shape, *shape[2:])
    return said


def _path(job: Correlation) -> str:
    engine = select_engine()
    if not isinstance(engine, NativeEngine):
        return engine.name
    return f"{engine.plan(job).path} ({engine.isa})"
