"""A file with one matrix: text, CSV, JSON, NumPy's .npy, libvips' .mat, or Python code.

Decimals of text mean what they say (``0.1`` is 1/10); a float of .npy is the dyadic rational that
it is. Nothing in a file is run, and its size is bounded before it is parsed.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from imgconv.io.config.strict_yaml import read_text
from imgconv.io.kernels.matrix_text import parse_matrix, quoted
from imgconv.model.errors import KernelError
from imgconv.model.kernel import LARGEST_TAP_COUNT, Kernel

_FILE = re.compile(r".+\.(txt|dat|csv|tsv|json|npy|npz|mat|py)", re.IGNORECASE | re.DOTALL)
_LONGEST_PATH = 4096
_LARGEST_NPY = 8 * LARGEST_TAP_COUNT + (1 << 14)  # the weights and the header
_JSON_KEYS = {"weights", "scale", "offset", "anchor"}
_JSON_WORDS = {"name", "sum", "description", "orientation", "source"}
_MAT_HEAD = re.compile(r"[\s,;]+")


def is_matrix_file(text: str) -> bool:
    """Return whether a spec names a file with a matrix: ``./k.txt``."""
    return _FILE.fullmatch(text) is not None


def read_matrix(path: str) -> Kernel:
    """Read a matrix; the suffix tells the format.

    Parameters
    ----------
    path : str
        ``.txt``, ``.dat``: what may stand after ``-k``, ``#`` begins a remark. ``.csv``,
        ``.tsv``: a row a line. ``.json``: rows, or what ``kernels show --json`` writes. ``.npy``:
        an array of two axes. ``.mat``: libvips' matrix, its width, height, and perhaps scale and
        offset in the first line. ``.py``: what ``kernels export --format numpy|opencv`` writes.

    Raises
    ------
    KernelError
        When the file cannot be read, is too large, or holds no matrix.
    """
    if len(path) > _LONGEST_PATH:
        raise KernelError(f"{quoted(path)}: a file name cannot have {len(path)} characters")
    suffix = Path(path).suffix.lower()
    if suffix == ".npy":
        return _npy(Path(path))
    if suffix == ".npz":
        raise KernelError(
            f"{path}: .npz holds several arrays", hint="save one as .npy: np.save('k.npy', array)"
        )
    text = read_text(Path(path))
    read = {".csv": _csv, ".tsv": _csv, ".json": _json, ".mat": _mat, ".py": _code}
    try:
        return read.get(suffix, _text)(text)
    except KernelError as error:
        raise KernelError(f"{path}: {error.message}", error.hint) from None


def _text(text: str) -> Kernel:
    plain = "\n".join(line.partition("#")[0] for line in text.splitlines()).strip()
    if not plain:
        raise KernelError("the file is empty")
    from imgconv.io.kernels.tool_text import read_form

    return read_form(plain) or parse_matrix(plain)


def _code(text: str) -> Kernel:
    from imgconv.io.kernels.tool_text import read_form

    kernel = read_form(text)
    if kernel is None:
        raise KernelError(
            "it is not the code that kernels export writes", hint="np.save('k.npy', kernel) is read"
        )
    return kernel


def _csv(text: str) -> Kernel:
    """Read rows of cells; whichever of tab, ``;`` and ``,`` there is stands between them."""
    import csv

    separators = [mark for mark in "\t;," if mark in text]
    if not separators:
        return parse_matrix(text)
    if len(separators) > 1:
        raise KernelError(
            "it holds more than one of tab, ; and ,: which one stands between numbers?",
            hint="write decimals with a point, and one separator",
        )
    try:
        rows = [
            [cell.strip() for cell in row]
            for row in csv.reader(text.splitlines(), delimiter=separators[0], strict=True)
            if row
        ]
    except csv.Error as error:
        raise KernelError(f"damaged CSV: {error}") from None
    for number, row in enumerate(rows, 1):
        if "" in row:
            raise KernelError(f"row {number}, cell {row.index('') + 1} is empty", "write 0 there")
    return parse_matrix(",".join(rows[0])) if len(rows) == 1 else Kernel(rows)


def _json(text: str) -> Kernel:
    """Read ``[[0, 1], [1, 0]]`` or ``{"weights": ..., "scale": ..., "offset": ...}``."""
    import json

    try:
        found = json.loads(
            text,
            parse_int=str,
            parse_float=str,
            parse_constant=_no_number,
            object_pairs_hook=_unrepeated,
        )
    except (json.JSONDecodeError, RecursionError) as error:
        where = f": {error}" if isinstance(error, json.JSONDecodeError) else ", nested too deeply"
        raise KernelError(f"damaged JSON{where}") from None
    if isinstance(found, list):
        if found and not any(isinstance(row, list) for row in found):
            return parse_matrix(",".join(map(str, found)))
        return Kernel(found)
    if not isinstance(found, dict) or "weights" not in found:
        raise KernelError("JSON of a kernel is rows, or an object with weights", "write [[0, 1]]")
    if unknown := sorted(found.keys() - _JSON_KEYS - _JSON_WORDS):
        raise KernelError(f"unknown key {quoted(unknown[0])}", "known: " + ", ".join(_JSON_KEYS))
    return _from_object(found)


def _from_object(found: dict[str, Any]) -> Kernel:
    anchor = found.get("anchor")
    if anchor is not None:
        whole = isinstance(anchor, list) and all(
            isinstance(side, str) and re.fullmatch(r"\d{1,4}", side) for side in anchor
        )
        if not whole or len(anchor) != 2:
            raise KernelError("anchor is a row and a column", hint='write "anchor": [1, 1]')
        anchor = [int(side) for side in anchor]
    return Kernel(
        found["weights"],
        scale=found.get("scale", 1),
        offset=found.get("offset", 0),
        anchor=anchor,
    )


def _no_number(text: str) -> str:
    raise KernelError(f"{text} is not a finite number")


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise KernelError("an object of JSON has a key twice")
    return found


def _mat(text: str) -> Kernel:
    """Read a matrix of libvips: ``width height [scale [offset]]``, then the rows."""
    lines = [line for line in text.splitlines() if line.strip()]
    head = [part for part in _MAT_HEAD.split(lines[0].strip()) if part] if lines else []
    sides = [int(side) if re.fullmatch(r"\d{1,4}", side) else 0 for side in head[:2]]
    if not 2 <= len(head) <= 4 or 0 in sides:
        raise KernelError(
            "a .mat of libvips begins with width, height, and perhaps scale and offset",
            hint="write '3 3 1 0' in the first line, or call a plain matrix .txt",
        )
    width, height = sides
    rows = [[part for part in _MAT_HEAD.split(line.strip()) if part] for line in lines[1:]]
    if [len(row) for row in rows] != [width] * height:
        raise KernelError(
            f"its first line states {height} x {width} (rows x columns); other lines follow"
        )
    divisor = Kernel([[head[2] if len(head) > 2 else "1"]]).weights[0][0]
    if divisor == 0:
        raise KernelError("its scale is 0, by which libvips divides")
    return Kernel(rows, scale=1 / Fraction(divisor), offset=head[3] if len(head) > 3 else 0)


def _npy(path: Path) -> Kernel:
    from imgconv.io.layers.arrays import open_arrays

    stored = open_arrays(path, KernelError, _LARGEST_NPY)
    shape = stored.shapes[""]
    if len(shape) != 2 or math.prod(shape) > LARGEST_TAP_COUNT:
        raise KernelError(
            f"{path}: its array has shape {shape}; a kernel has rows and columns, "
            f"{LARGEST_TAP_COUNT} weights at most",
            hint="save array.reshape(rows, columns)",
        )
    try:
        return Kernel(stored.read(""))
    except KernelError as error:
        raise KernelError(f"{path}: {error.message}", error.hint) from None
