"""Arrays of numbers in .npy, .npz and .safetensors files. Nothing in a file is ever executed.

Each format says the type and shape of an array before its bytes; both are checked against the bytes
that are there before anything is made of them. Pickled objects are refused.
"""

from __future__ import annotations

import io
import json
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.io.storage import files
from imgconv.model.errors import ImageReadError, ImgconvError, LimitError

Array = NDArray[Any]
SUFFIXES = (".npy", ".npz", ".safetensors")

_LARGEST_ARRAY = 1 << 31  # bytes
_LARGEST_HEADER = 1 << 24
_NPY_HEADER = 10_240  # NumPy itself reads no longer one
_MOST_AXES = 8
_SAFETENSORS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
}
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, OverflowError, SyntaxError, EOFError,
           RecursionError, NotImplementedError, RuntimeError, OSError, struct.error, zlib.error,
           tokenize.TokenError, zipfile.BadZipFile)  # fmt: skip
"""What the readers of headers and archives meet in damaged data."""


class StoredArrays(NamedTuple):
    """The arrays of a file.

    Attributes
    ----------
    shapes : mapping of str to tuple of int
        By name; the one array of a .npy is called "".
    read : callable
        Gives the array of a name.
    """

    shapes: Mapping[str, tuple[int, ...]]
    read: Callable[[str], Array]


class _RefusedError(ValueError):
    """Something that we refuse in words of our own."""


def open_arrays(path: Path, raises: type[ImgconvError], most: int | None = None) -> StoredArrays:
    """Read what a file holds: the format is known by its suffix; `most` bounds its bytes.

    Raises
    ------
    ImgconvError
        Of the class `raises`, when it cannot be read, is damaged, or holds pickled objects.
    """
    opened = {".npy": _npy, ".npz": _npz, ".safetensors": _safetensors}[path.suffix.lower()]
    try:
        data = files.read_bytes(path, most)
    except (ImageReadError, LimitError) as error:
        raise raises(error.message, error.hint) from None
    try:
        stored = opened(data)
    except _BROKEN as error:
        raise _damaged(path, error, raises) from None

    def read(name: str) -> Array:
        try:
            return stored.read(name)
        except _BROKEN as error:
            raise _damaged(path, error, raises) from None

    return stored._replace(read=read)


def _damaged(path: Path, error: Exception, raises: type[ImgconvError]) -> ImgconvError:
    kind = path.suffix.lower()
    if isinstance(error, _RefusedError):
        return raises(f"{path}: {error}")
    return raises(f"{path}: the {kind} data is damaged or cut short")


def _npy(data: bytes) -> StoredArrays:
    shape, *_ = _npy_header(data)
    return StoredArrays({"": shape}, lambda _: _npy_array(data))


def _npy_header(data: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Return shape, whether columns come first, type, and where the numbers begin."""
    stream = io.BytesIO(data[: _NPY_HEADER + 12])
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        header = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        header = np.lib.format.read_array_header_2_0(stream)
    else:
        raise _RefusedError(f"version {version[0]}.{version[1]} of .npy is not read")
    shape, fortran, dtype = header
    if dtype.hasobject:
        raise _RefusedError(
            "it holds pickled Python objects, which could run code; only numbers are read"
        )
    if dtype.kind not in "fiu" or dtype.itemsize > 8:
        raise _RefusedError(f"it holds {dtype}; only integers and floats of up to 64 bits are read")
    return _checked_shape(shape, dtype.itemsize), fortran, dtype, stream.tell()


def _npy_array(data: bytes) -> Array:
    shape, fortran, dtype, start = _npy_header(data)
    if len(data) - start != math.prod(shape) * dtype.itemsize:
        raise ValueError
    flat = np.frombuffer(data, dtype, math.prod(shape), start)
    array = flat.reshape(shape, order="F" if fortran else "C")
    return array.astype(dtype.newbyteorder("="))


def _checked_shape(shape: Any, itemsize: int) -> tuple[int, ...]:
    sides = tuple(shape)
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in sides)
    if not whole or len(sides) > _MOST_AXES:
        raise _RefusedError("it states a shape that is not possible")
    if math.prod(sides) * itemsize > _LARGEST_ARRAY:
        raise _RefusedError(f"it states an array of more than {_LARGEST_ARRAY >> 30} GiB")
    return sides


def _npz(data: bytes) -> StoredArrays:
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = {
        info.filename.removesuffix(".npy"): info
        for info in archive.infolist()
        if info.filename.endswith(".npy")
    }
    shapes = {}
    for name, info in members.items():
        with archive.open(info) as stream:
            shapes[name] = _npy_header(stream.read(_NPY_HEADER + 12))[0]

    def read(name: str) -> Array:
        if members[name].file_size > _LARGEST_ARRAY + _NPY_HEADER + 12:
            raise _RefusedError(f"it states an array of more than {_LARGEST_ARRAY >> 30} GiB")
        return _npy_array(archive.read(members[name]))

    return StoredArrays(shapes, read)


def _safetensors(data: bytes) -> StoredArrays:
    (length,) = struct.unpack_from("<Q", data)
    if length > min(_LARGEST_HEADER, len(data) - 8):
        raise ValueError
    header = json.loads(data[8 : 8 + length].decode("utf-8"))
    start = 8 + length
    found = {}
    for name, about in header.items():
        if name == "__metadata__":
            continue
        kind, (first, last) = about["dtype"], about["data_offsets"]
        if kind not in _SAFETENSORS:
            continue  # a type that no weights have; it can still be asked for, and is then missing
        dtype = np.dtype(_SAFETENSORS[kind])
        shape = _checked_shape(about["shape"], dtype.itemsize)
        bounds = 0 <= first <= last <= len(data) - start
        if not bounds or last - first != math.prod(shape) * dtype.itemsize:
            raise ValueError
        found[name] = (kind, dtype, shape, start + first)

    def read(name: str) -> Array:
        kind, dtype, shape, at = found[name]
        array = np.frombuffer(data, dtype, math.prod(shape), at).reshape(shape)
        if kind == "BF16":  # the upper half of a float32
            return (array.astype(np.uint32) << 16).view(np.float32)
        return array.astype(dtype.newbyteorder("="))

    return StoredArrays({name: about[2] for name, about in found.items()}, read)
