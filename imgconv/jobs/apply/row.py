"""What is reported of one file."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe


class Row(NamedTuple):
    """What happened to one file.

    Attributes
    ----------
    source, target : str
    shape : tuple of int
        Of the output: rows, columns and, for colour, channels.
    depth : str
    clipped_share : float
        Share of the output's values that were clamped to the range of their type.
    threshold : float, optional
    engine : str
    seconds : float
        For reading, filtering and writing.
    notes : tuple of str
        What fusing did, and what was converted, lost or salvaged.
    pages : int
        How many pages or frames there are; shape and depth are those of the first.
    plan : tuple of str
        The engine's path for each kernel, on the first page.
    """

    source: str
    target: str
    shape: tuple[int, ...]
    depth: str
    clipped_share: float
    threshold: float | None
    engine: str
    seconds: float
    notes: tuple[str, ...] = ()
    pages: int = 1
    plan: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return self._asdict()


def plans(shape: tuple[int, ...], dtype: np.dtype[np.generic], recipe: Recipe) -> tuple[str, ...]:
    """Name the engine's paths for the kernels of a recipe on an image."""
    if not recipe.kernels:
        return ()
    from imgconv.ops.linear.plans import describe_plans

    return tuple(describe_plans(recipe, shape, Depth.of(dtype)))
