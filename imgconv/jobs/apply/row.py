"""What is reported of one file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgconv.engines.select import select_engine
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe

if TYPE_CHECKING:
    from imgconv.ops.pipeline.bands import Stream


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


def row_of_stream(
    stream: Stream,
    source: object,
    target: object,
    *,
    started: float,
    notes: tuple[str, ...],
    plan: tuple[str, ...] = (),
) -> Row:
    """Return the row of a file whose bands have all been filtered.

    `started` is when the work on it began, by ``time.perf_counter``.
    """
    return Row(
        source=str(source),
        target=str(target),
        shape=stream.shape,
        depth=stream.depth.value,
        clipped_share=stream.clipped_share,
        threshold=stream.threshold,
        engine=select_engine().name,
        seconds=time.perf_counter() - started,
        notes=notes,
        plan=plan,
    )


def plans(shape: tuple[int, ...], dtype: np.dtype[np.generic], recipe: Recipe) -> tuple[str, ...]:
    """Name the engine's paths for the kernels of a recipe on an image."""
    if not recipe.kernels:
        return ()
    from imgconv.ops.linear.plans import describe_plans

    return tuple(describe_plans(recipe, shape, Depth.of(dtype)))
