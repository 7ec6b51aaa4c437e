"""Recipes on Dask arrays: lazy bands of rows, which overlap by what the kernels reach."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import ArgumentError, LimitError, MissingDependencyError
from imgconv.model.recipe import Recipe
from imgconv.ops.pipeline.bands import Stream, chain_of
from imgconv.ops.regions.masks import NO_MASKS, check_masks

if TYPE_CHECKING:
    from dask.array import Array

Span = tuple[int, int]


class _Held:
    """A source of which some spans of rows are there."""

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        spans: Sequence[Span] = (),
        blocks: Sequence[NDArray[Any]] = (),
    ) -> None:
        self.shape, self.dtype = shape, dtype
        self._parts = list(zip(spans, blocks, strict=True))

    def read(self, start: int, stop: int) -> NDArray[Any]:
        for (first, last), block in self._parts:
            if first <= start and stop <= last:
                return block[start - first : stop - first]
        raise AssertionError(f"rows {start} to {stop} were not foreseen")


def filter_rows(array: Array, recipe: Recipe, *, rows: int | None = None) -> Array:
    """Filter a Dask array lazily, a chunk for so many rows (see `imgconv.filter_dask_array`)."""
    da, delayed = dask_arrays(), import_module("dask.delayed").delayed
    if any(np.isnan(size) for size in array.shape):
        raise ArgumentError("an array of unknown size cannot be filtered")
    check_masks(recipe, NO_MASKS)
    shape, dtype = tuple(map(int, array.shape)), np.dtype(array.dtype)
    stream = Stream(lambda: _Held(shape, dtype), recipe, height=1)
    if stream.passes > 1:
        raise LimitError(
            "this recipe measures the whole image first, which bands on a cluster cannot do",
            hint="give a threshold in numbers, or another --range than rescale",
        )
    output, height = stream.chain[-1], int(rows or array.chunks[0][0])
    band = delayed(_band, pure=False, name=f"imgconv-{uuid.uuid4().hex}")
    chunks = []
    for start in range(0, stream.shape[0], height):
        stop = min(start + height, stream.shape[0])
        spans = output.sources(start, stop)
        blocks = [array[first:last] for first, last in spans]
        made = band(recipe, shape, dtype, (start, stop), spans, *blocks)
        size = (stop - start, *stream.shape[1:])
        chunks.append(da.from_delayed(made, size, dtype=stream.dtype))
    whole: Array = da.concatenate(chunks)
    return whole


def dask_arrays() -> Any:
    """Import ``dask.array``, which is heavy, and perhaps not there."""
    try:
        return import_module("dask.array")
    except ImportError:
        raise MissingDependencyError(
            "Dask is not installed", hint="pip install 'imgconv[cluster]'"
        ) from None


def _band(
    recipe: Recipe,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    wanted: Span,
    spans: Sequence[Span],
    *blocks: NDArray[Any],
) -> NDArray[Any]:
    """Make some rows of the output, on a worker."""
    chain = chain_of(_Held(shape, dtype, spans, blocks), recipe, threads=1)
    return chain[-1].read(*wanted)
