"""Which library reads and which writes a picture by rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from imgconv.io import files
from imgconv.io.formats import FORMATS, Format, format_for, sniff
from imgconv.io.huge.base import HugeReader, Image, Layout, load_extra
from imgconv.io.huge.ome_zarr import ZarrReader, is_zarr, write_zarr
from imgconv.io.images import check_holds
from imgconv.model.errors import ImageWriteError
from imgconv.model.output import Depth

_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MOST_PACKED = 3000  # how many bytes of pixels a byte of a file can stand for
_DEEP = {".jp2": (Depth.U8, Depth.U16), ".jxl": (Depth.U8, Depth.U16), ".v": tuple(Depth)}


class HeaderOnly(NamedTuple):
    """A picture of which the size is known, but which needs libvips to be read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    name: str
    together: int = 1
    layout: Layout = Layout()

    def read(self, start: int, stop: int) -> Image:
        """Say what is missing."""
        del start, stop
        load_extra("pyvips", f"{self.name}: a picture of this kind that memory does not hold")
        raise AssertionError("pyvips is there after all")

    def close(self) -> None:
        """Do nothing."""


def open_reader(source: Path, *, limit: int, threads: int = 1) -> HugeReader | None:
    """Open a picture to be read by rows.

    Parameters
    ----------
    source : path
    limit : int
        Bytes of memory; a file that cannot hold more than that, however it is packed, is not
        looked into.
    threads : int

    Returns
    -------
    HugeReader or None
        None where only the whole picture can be read, which is also who tells what is wrong.

    Raises
    ------
    ImageReadError
        When it is damaged.
    MissingDependencyError
        When it is a Zarr folder and zarr is not installed.
    """
    if is_zarr(source):
        return ZarrReader(source)
    try:
        size = source.stat().st_size
        with source.open("rb") as file:
            start = file.read(16)
    except OSError:
        return None
    if start.startswith(_TIFF_MARKS):
        from imgconv.io.huge.tiff import TiffReader, UnknownTiffError

        try:
            return TiffReader(source, threads)
        except UnknownTiffError as error:
            return _by_vips(source) or HeaderOnly(error.shape, error.dtype, str(source))
    if sniff(start) is not None and size * _MOST_PACKED < limit:
        return None
    return _by_vips(source)


def is_only_huge(source: Path, target: Path, format: str | None) -> bool:
    """Tell whether a picture of any size goes this way, since OpenCV reads or writes no such."""
    if is_zarr(source) or is_zarr(target):
        return True
    with contextlib.suppress(OSError), source.open("rb") as file:
        if sniff(file.read(16)) is None:
            return True
    return format is None and _known(target) is None


def _by_vips(source: Path) -> HugeReader | None:
    if find_spec("pyvips") is None:
        return None
    from imgconv.io.huge.vips import VipsReader

    return VipsReader(source)


def _known(target: Path) -> Format | None:
    with contextlib.suppress(ImageWriteError):
        return format_for(None, target)
    return None


def check_writable(target: Path, format: str | None, depth: Depth, channels: int) -> None:
    """Check, before anything is read, that a picture can be written by rows.

    Raises
    ------
    ImageWriteError
        When the format cannot hold it, or is none.
    MissingDependencyError
        When the format needs the extra ``huge``.
    """
    if is_zarr(target):
        load_extra("zarr", str(target))
        return
    kind = format_for(format, target) if format else _known(target)
    if kind is not None:
        check_holds(kind, depth, channels, str(target))
        if kind.name == "tiff":
            return
    load_extra("pyvips", f"{target}: writing a picture that memory does not hold")
    from imgconv.io.huge.vips import can_write

    if not can_write(kind.suffixes[0] if kind else target.suffix):
        format_for(None, target)  # which says what is wrong with the name
    suffix = target.suffix.lower()
    if kind is None and depth not in _DEEP.get(suffix, (Depth.U8,)):
        fitting = ", ".join(k.suffixes[0] for k in FORMATS if depth in k.depths)
        raise ImageWriteError(
            f"{target}: {depth.value} pixels are not written as {suffix}",
            hint=f"--depth u8, or a format that can: {fitting}",
        )


def write_bands(
    target: Path,
    format: str | None,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    bands: Iterator[Image],
    *,
    layout: Layout,
    threads: int = 1,
    overwrite: bool = False,
) -> None:
    """Write a picture from its bands of rows, whole or not at all.

    Raises
    ------
    ImageWriteError
        When it cannot be written.
    OutputExistsError
        When it is there and `overwrite` is not given.
    """
    if is_zarr(target):
        with files.folder_whole(target, overwrite=overwrite) as folder:
            write_zarr(folder, shape, dtype, bands, layout=layout)
        return
    kind = format_for(format, target) if format else _known(target)
    with files.open_whole(target, overwrite=overwrite) as file:
        if kind is not None and kind.name == "tiff":
            from imgconv.io.huge.tiff import write_tiff

            write_tiff(file, shape, dtype, bands, layout=layout, threads=threads)
        else:
            from imgconv.io.huge.vips import write_vips

            suffix = kind.suffixes[0] if kind else target.suffix
            write_vips(file, suffix, shape, dtype, bands)
