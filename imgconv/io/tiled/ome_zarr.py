"""OME-Zarr and plain Zarr arrays by rows, through zarr."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from imgconv.io.images.blocks import rechunked
from imgconv.io.images.picture import Metadata
from imgconv.io.tiled.base import Image, TileLayout, load_extra
from imgconv.model.errors import ImageReadError

_DTYPES = ("uint8", "uint16", "int16", "float32", "float64")
_CHUNK = 1024


class ZarrReader:
    """The full resolution of an OME-Zarr image, or an array (see `HugeReader`).

    Axes are rows and columns, with channels before (as OME-Zarr has them) or after them; further
    axes must have length 1.

    Raises
    ------
    ImageReadError
        When it is none of these.
    MissingDependencyError
        When zarr is not installed.
    """

    metadata = Metadata()

    def __init__(self, path: Path) -> None:
        zarr: Any = load_extra("zarr", str(path))
        self._name = str(path)
        try:
            node = zarr.open(str(path), mode="r")
            self._array, axes = _full_resolution(node)
        except (KeyError, TypeError, ValueError, OSError, LookupError) as error:
            raise ImageReadError(
                f"{path}: neither an OME-Zarr image nor a Zarr array ({error})"
            ) from None
        self._rows, self._columns, self._channels = _places(self._array.shape, axes, self._name)
        shape = self._array.shape
        channels = 1 if self._channels is None else shape[self._channels]
        tail = () if channels == 1 else (channels,)
        self.shape: tuple[int, ...] = (shape[self._rows], shape[self._columns], *tail)
        self.dtype: np.dtype[Any] = np.dtype(self._array.dtype.name)
        if channels not in (1, 3, 4) or self.dtype.name not in _DTYPES:
            raise ImageReadError(
                f"{path}: its channels ({channels} of type {self.dtype}) are not supported",
                hint="1, 3 or 4 of uint8, uint16, int16 or float32 are read",
            )
        chunks = self._array.chunks
        self.together = int(chunks[self._rows])
        self.layout = TileLayout((int(chunks[self._rows]), int(chunks[self._columns])))

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop` (see `imgconv.io.tiled.base.HugeReader`)."""
        window: list[int | slice] = [0] * len(self._array.shape)
        window[self._rows] = slice(start, stop)
        window[self._columns] = slice(None)
        last = self._channels is not None and self._channels > self._columns
        if len(self.shape) == 3 and self._channels is not None:
            window[self._channels] = slice(None)
        try:
            block = np.asarray(self._array[tuple(window)]).astype(self.dtype, copy=False)
        except Exception as error:  # codecs raise what they like
            raise ImageReadError(f"{self._name}: a chunk is damaged ({error})") from None
        if len(self.shape) == 2 or last:
            return block
        return np.ascontiguousarray(np.moveaxis(block, 0, -1))

    def close(self) -> None:
        """Do nothing: chunks are opened one by one."""


def _full_resolution(node: Any) -> tuple[Any, list[str]]:
    """Return the array to read and the names of its axes."""
    if hasattr(node, "shape"):
        array, axes = node, ["y", "x", "c"][: len(node.shape)]
    else:
        attributes = dict(node.attrs)
        scales = attributes.get("ome", attributes)["multiscales"][0]
        array = node[scales["datasets"][0]["path"]]
        axes = [axis["name"] if isinstance(axis, dict) else axis for axis in scales["axes"]]
    if len(axes) != len(array.shape):
        raise ValueError(f"{len(axes)} axes, but an array of {len(array.shape)}")
    return array, axes


def _places(shape: tuple[int, ...], axes: list[str], name: str) -> tuple[int, int, int | None]:
    """Find rows, columns and channels among the axes."""
    long = [axis for axis, n in zip(axes, shape, strict=True) if axis not in "yxc" and n != 1]
    if long or "y" not in axes or "x" not in axes or axes.index("y") > axes.index("x"):
        raise ImageReadError(
            f"{name}: its axes are {', '.join(axes)} of lengths {', '.join(map(str, shape))}",
            hint="rows, columns and channels are read; others must have length 1",
        )
    return axes.index("y"), axes.index("x"), axes.index("c") if "c" in axes else None


def write_zarr(
    folder: Path,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    bands: Iterator[Image],
    *,
    layout: TileLayout,
) -> None:
    """Write an OME-Zarr 0.4 image of one resolution into a folder.

    Raises
    ------
    MissingDependencyError
        When zarr is not installed.
    """
    array = create_zarr(folder, shape, dtype, layout)
    at = 0
    for band in rechunked(bands, array.chunks[-2]):
        block = np.moveaxis(band, -1, 0) if len(shape) == 3 else band
        array[..., at : at + len(band), :] = block
        at += len(band)


def create_zarr(
    folder: Path, shape: tuple[int, ...], dtype: np.dtype[Any], layout: TileLayout
) -> Any:
    """Return the array of an OME-Zarr image whose pixels are still to be written.

    Returns
    -------
    zarr.Array, shape (rows, columns) or (channels, rows, columns)

    Raises
    ------
    MissingDependencyError
        When zarr is not installed.
    """
    zarr: Any = load_extra("zarr", str(folder))
    down, across = layout.tile or (_CHUNK, _CHUNK)
    colour = shape[2:]
    axes: list[dict[str, str]] = [{"name": "c", "type": "channel"}] if colour else []
    axes += [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    group = zarr.open_group(str(folder), mode="w", zarr_format=2)
    array = group.create_array(
        "0",
        shape=(*colour, *shape[:2]),
        chunks=(*(1 for _ in colour), min(down, shape[0]), min(across, shape[1])),
        dtype=dtype,
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )
    scale = {"type": "scale", "scale": [1.0] * len(axes)}
    dataset = {"path": "0", "coordinateTransformations": [scale]}
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [dataset]}]
    return array
