"""Which library reads and which writes a picture by rows."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from imgconv.io.images.decode import not_supported
from imgconv.io.images.formats import Format, format_for, is_pnm, read_header, sniff
from imgconv.io.images.header import DamagedError, Header, NotSupportedError
from imgconv.io.images.image_files import check_holds
from imgconv.io.images.picture import Metadata
from imgconv.io.storage import files
from imgconv.io.storage.folders import folder_whole
from imgconv.io.tiled.base import HugeReader, Image, TileLayout, load_extra
from imgconv.io.tiled.ome_zarr import ZarrReader, write_zarr
from imgconv.io.tiled.quick_size import is_zarr
from imgconv.io.tiled.tiff import TiffReader, UnknownTiffError, write_tiff
from imgconv.model.errors import ImageReadError, ImageWriteError
from imgconv.model.output import Depth

_HEAD = 16 << 20  # headers end within, but for the pictures of metadata
_START = 4096  # what a format is known by
_READ_AS_A_WHOLE = ("avif", "heic", "jxl", "exr")
_MOST_PACKED = 3000  # how many bytes of pixels a byte of a file can stand for


def open_reader(
    source: Path,
    *,
    limit: int,
    threads: int = 1,
    page: int | None = None,
    salvage: bool = False,
) -> HugeReader | None:
    """Open a picture to be read by rows.

    Parameters
    ----------
    source : path
    limit : int
        Bytes of memory; a file that cannot hold more than that, however it is packed, is not
        looked into.
    threads : int
    page : int, optional
        Of a TIFF, counted from 1; without it, one of several pages is read as a whole.
    salvage : bool
        Whether damaged tiles and strips of a TIFF are black.

    Returns
    -------
    HugeReader or None
        None where only the whole picture can be read, which is also who tells what is wrong.

    Raises
    ------
    ImageReadError
        When it is a Zarr folder that makes no sense, or of a layout that is not supported.
    MissingDependencyError
        When it is a Zarr folder and zarr is not installed.
    """
    if is_zarr(source):
        return ZarrReader(source)
    try:
        if not source.is_file():
            return None
        size = source.stat().st_size
        with source.open("rb") as file:
            start = file.read(_START)
    except OSError:
        return None
    kind = sniff(start)
    if kind is not None and kind.name == "tiff":
        return _open_tiff(source, threads, page, salvage)
    if kind is not None and not _is_read_alike(source, kind):
        return None
    if kind is not None and size * _MOST_PACKED < limit:
        return None
    return _by_vips(source)


def _open_tiff(source: Path, threads: int, page: int | None, salvage: bool) -> HugeReader | None:
    try:
        return TiffReader(source, threads, page=page, salvage=salvage)
    except NotSupportedError as error:
        raise not_supported(str(source), error) from None
    except ImageReadError:
        return None
    except UnknownTiffError as error:
        return _by_vips(source) if error.alike else None


def _is_read_alike(source: Path, kind: Format) -> bool:
    """Return whether libvips gives the pixels that the whole picture has.

    Raises
    ------
    ImageReadError
        When the whole picture is not read either, because of its layout.
    """
    try:
        with source.open("rb") as file:
            header = read_header(file.read(_HEAD), kind)
    except NotSupportedError as error:
        raise not_supported(str(source), error) from None
    except (DamagedError, OSError, ValueError):
        return True  # who reads it tells what is wrong
    alike = _is_plain(kind, header)
    if is_pnm(kind) and header.damage:  # its pixels go on behind the head, and others may follow
        return alike and not _is_followed(source)
    return alike and header.pages == 1


def _is_plain(kind: Format, header: Header) -> bool:
    """Return whether decoding converts and turns nothing that libvips would leave."""
    if kind.name == "jpeg" and header.extra[2]:  # lossless, or of 12 bits
        return False
    turned = kind.name == "hdr" and header.orientation != 1
    return kind.name not in _READ_AS_A_WHOLE and header.notes in ((), ("palette",)) and not turned


def _is_followed(source: Path) -> bool:
    """Return whether a second picture begins behind the first of PNM's."""
    from imgconv.io.images.formats.pnm import BINARY, measured

    with source.open("rb") as file:
        found = measured(file.read(_START))
        if found is None or found[1] is None:
            return False
        file.seek(found[1])
        return file.read(2) in BINARY


def is_foreign(source: Path) -> bool:
    """Return whether OpenCV does not read a file, so that it comes this way however small it is."""
    if is_zarr(source):
        return True
    with contextlib.suppress(OSError), source.open("rb") as file:
        return sniff(file.read(_START)) is None
    return False


def salvaged(reader: HugeReader) -> tuple[str, ...]:
    """Return what a reader converted, and found missing or damaged and read as black."""
    return reader.notes() if isinstance(reader, TiffReader) else ()


def _by_vips(source: Path) -> HugeReader | None:
    from imgconv.io.tiled.vips import VipsReader, can_read

    try:
        return VipsReader(source) if can_read(source) else None
    except ImageReadError:
        if is_foreign(source):
            raise
        return None


def check_writable(
    target: Path, format: str | None, depth: Depth, channels: int, *, bands: bool = False
) -> None:
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
    kind = format_for(format, target)
    check_holds(kind, depth, channels, str(target), bands=bands)
    if kind.name == "tiff":
        return
    load_extra("pyvips", f"{target}: writing a picture that memory does not hold")
    from imgconv.io.tiled.vips import can_write

    if kind.library or not can_write(kind.suffixes[0]):
        raise ImageWriteError(
            f"{target}: neither libvips nor anything else here writes a {kind.name} file by rows",
            hint="write a .tif or a .png",
        )


def write_bands(
    target: Path,
    format: str | None,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    bands: Iterator[Image],
    *,
    layout: TileLayout,
    metadata: Metadata,
    threads: int = 1,
    overwrite: bool = False,
    written: Callable[[], None],
) -> None:
    """Write a picture from its bands of rows, whole or not at all; OME-Zarr takes no metadata.

    `written` is called when nothing more is read, before the picture takes its name: some systems
    rename nothing to the name of a file that is open.

    Raises
    ------
    ImageWriteError
        When it cannot be written.
    OutputExistsError
        When it is there and `overwrite` is not given.
    """
    if is_zarr(target):
        with folder_whole(target, overwrite=overwrite) as folder:
            write_zarr(folder, shape, dtype, bands, layout=layout)
            written()
        return
    kind = format_for(format, target)
    with files.open_whole(target, overwrite=overwrite) as file:
        if kind.name == "tiff":
            how: dict[str, Any] = {"layout": layout, "metadata": metadata, "threads": threads}
            write_tiff(file, shape, dtype, bands, **how)
        else:
            from imgconv.io.tiled.vips import write_vips

            with _plain_copy(target, shape, dtype, bands, metadata) as plain:
                write_vips(file, kind.suffixes[0], plain)
        written()


@contextlib.contextmanager
def _plain_copy(
    target: Path,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    bands: Iterator[Image],
    metadata: Metadata,
) -> Iterator[Path]:
    """Return a plain TIFF beside the target, as long as the block takes."""
    plain = target.with_name(f".{target.name[:100]}.{os.urandom(6).hex()}.part")
    try:
        with plain.open("x+b") as file:
            write_tiff(file, shape, dtype, bands, layout=TileLayout(None, False), metadata=metadata)
        yield plain
    finally:
        plain.unlink(missing_ok=True)
