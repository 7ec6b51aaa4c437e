"""Filter an OME-Zarr image on a cluster whose workers all see its folder."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from imgconv.engines.select import select_engine
from imgconv.io.storage import files
from imgconv.io.storage.folders import folder_whole
from imgconv.io.tiled.ome_zarr import ZarrReader, create_zarr
from imgconv.io.tiled.quick_size import is_zarr
from imgconv.jobs.apply.dask_arrays import dask_arrays, filter_rows
from imgconv.jobs.apply.row import Row
from imgconv.jobs.dask_cluster import Cluster, gave_up
from imgconv.model.errors import ArgumentError, ImgconvError
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe

_RETRIES = 3
_NOTE = "clipped values are not counted on a cluster"


class _Chunks:
    """A reader as what Dask cuts chunks out of."""

    def __init__(self, reader: ZarrReader) -> None:
        self._reader = reader
        self.shape, self.dtype, self.ndim = reader.shape, reader.dtype, len(reader.shape)

    def __getitem__(self, key: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        rows = key[0]
        block = self._reader.read(rows.start, rows.stop)
        return block[(slice(None), *key[1:])]


def filter_zarr(
    source: Path, target: Path, recipe: Recipe, *, cluster: str, overwrite: bool = False
) -> Row:
    """Filter an OME-Zarr image into another on a Dask cluster.

    Parameters
    ----------
    source, target : Path
        Folders that all workers see under these names.
    recipe : Recipe
        Of steps that do not need the whole image (see `imgconv.filter_dask_array`).
    cluster : str
        Address of a scheduler, or ``local:N``.
    overwrite : bool, default False

    Returns
    -------
    Row

    Raises
    ------
    ArgumentError
        When one of them is no OME-Zarr folder.
    ImageReadError, ImageWriteError
        When it cannot be read or written; nothing is left behind.
    LimitError
        When the cluster is gone, or the recipe needs the whole image.
    MissingDependencyError
        When Dask or zarr is not installed.
    """
    started = time.perf_counter()
    for place in (source, target):
        if not is_zarr(place):
            raise ArgumentError(
                f"{place}: --cluster filters one OME-Zarr folder into another",
                hint="name both .zarr; batch --cluster does folders of pictures",
            )
    files.check_target(target, overwrite=overwrite, source=source, folder=True)
    source, target = source.absolute(), target.absolute()
    with closing(Cluster(cluster)) as crew:
        reader = ZarrReader(source)
        lazy = _filtered(reader, recipe)
        with folder_whole(target, overwrite=overwrite) as folder:
            array = create_zarr(folder, lazy.shape, lazy.dtype, reader.layout)
            _store(lazy, array, crew)
    return Row(
        source=str(source),
        target=str(target),
        shape=tuple(map(int, lazy.shape)),
        depth=Depth.of(np.dtype(lazy.dtype)).value,
        clipped_share=0,
        threshold=None,
        engine=select_engine().name,
        seconds=time.perf_counter() - started,
        notes=(_NOTE,),
    )


def _filtered(reader: ZarrReader, recipe: Recipe) -> Any:
    height = reader.together
    chunks = (height, *reader.shape[1:])
    array = dask_arrays().from_array(
        _Chunks(reader),
        chunks,
        name=False,
        asarray=False,
        getitem=_whole_chunk,
        meta=np.empty((0,) * len(reader.shape), reader.dtype),
    )
    return filter_rows(array, recipe, rows=height)


def _whole_chunk(chunks: _Chunks, key: tuple[slice, ...], *_: Any) -> np.ndarray[Any, Any]:
    """Read a chunk; of its own way to read, Dask would take parts of it, thrice."""
    return chunks[key]


def _store(lazy: Any, array: Any, crew: Cluster) -> None:
    """Let workers write the chunks, each its own."""
    laid = dask_arrays().moveaxis(lazy, -1, 0) if lazy.ndim == 3 else lazy
    try:
        writing = dask_arrays().store(laid, array, lock=False, compute=False)
        crew.client.compute(writing, retries=_RETRIES, sync=True)
    except ImgconvError:
        raise
    except (Exception, concurrent.futures.CancelledError, asyncio.CancelledError) as error:
        raise gave_up(error) from None
