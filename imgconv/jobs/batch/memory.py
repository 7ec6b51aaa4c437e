"""How the memory of a run is shared out, and how much of it a picture takes."""

from __future__ import annotations

from imgconv.io.images.formats import Format, read_header, sniff
from imgconv.io.images.header import DamagedError, Header
from imgconv.model.errors import LimitError
from imgconv.model.kernel_set import KernelSet
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe

SUPERVISOR = 60 << 20
WORKER = 190 << 20
"""What a process takes beside pictures: libraries, and freed memory that it keeps for the next."""
_FIXED = 4 << 20
_COMPRESSED = ("jpeg", "png", "webp")
_BESIDE = {"webp": 9, "gif": 14, "avif": 14}
"""Bytes for each value that a codec takes beside its input and output."""
_BYTES = {Depth.U8: 1, Depth.U16: 2, Depth.I16: 2, Depth.F32: 4}


def budget(limit: int, workers: int) -> tuple[int, int]:
    """Share memory out.

    Returns
    -------
    (int, int)
        How many workers there may be, and the bytes for them and all their pictures together.

    Raises
    ------
    LimitError
        When it is too little for one.
    """
    least = SUPERVISOR + WORKER + (8 << 20)
    if limit < least:
        raise LimitError(
            f"--max-memory {limit >> 20}M is too little for one worker",
            hint=f"at least {(least >> 20) + 1}M is needed",
        )
    rest = limit - SUPERVISOR
    return max(1, min(workers, rest // (WORKER + (32 << 20)))), rest


def need_of(data: bytes, recipe: Recipe, kind: Format) -> tuple[int, Header | None]:
    """Return a bound of the memory that filtering a file takes, and its header, which says so.

    Measured, not proved: a picture is held as decoded and with its channels swapped, filtered and
    swapped back, and encoded; some formats and steps have arrays of their own beside that.
    """
    source = sniff(data)
    if source is None:
        return 0, None
    try:
        header = read_header(data, source)
    except DamagedError:
        return 0, None
    sample = -(-header.bits // 8)
    depth = recipe.settings.depth
    after = sample if depth is None else _BYTES[depth]
    filtered = after * (4 if depth is Depth.F32 or sample == 4 else 2)
    per_value = 2 * sample + filtered + after * (1 if kind.name in _COMPRESSED else 2)
    per_value += max(_BESIDE.get(kind.name, 0), _BESIDE.get(source.name, 0))
    if header.channels in (2, 4):  # alpha is multiplied in and divided out
        per_value += 16
    if any(isinstance(kernel, KernelSet) for kernel in recipe.kernels):
        per_value += 64
    if recipe.linear:
        per_value += 32
    if recipe.binarize is not None:
        per_value += 18
    elif recipe.gray is not None:
        per_value += 10
    channels = max(header.channels, 3 if source.name == "gif" else 1)
    return _FIXED + len(data) + header.pixels * channels * per_value * 11 // 10, header
