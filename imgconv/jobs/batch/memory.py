"""How the memory of a run is shared out, and how much of it a picture takes."""

from __future__ import annotations

from imgconv.io.images.formats import Format, read_header, sniff
from imgconv.io.images.header import DamagedError, Header, NotSupportedError
from imgconv.jobs.memory import picture_bytes
from imgconv.model.errors import ImgconvError, LimitError
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Form

SUPERVISOR = 60 << 20
WORKER = 190 << 20
"""What a process takes beside pictures: libraries, and freed memory that it keeps for the next."""
_FIXED = 4 << 20
_COMPRESSED = ("jpeg", "png", "webp")
_BESIDE = {"webp": 9, "gif": 14, "avif": 14, "heic": 14, "jxl": 24, "exr": 9}
"""Bytes for each value that a codec takes beside its input and output."""

_MOST_NEEDS = 256
_needs: dict[tuple[object, ...], tuple[int, Recipe]] = {}
"""What was found for pictures of the same size and form."""


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
    """Return a bound of the memory that filtering a file takes, and its header, which says so."""
    source = sniff(data)
    if source is None:
        return 0, None
    try:
        header = read_header(data, source)
    except (DamagedError, NotSupportedError):  # decoding will say the same
        return 0, None
    size = -(-header.pixels // max(header.width, 1)), header.width
    encoders = 1 if kind.name in _COMPRESSED else 2
    beside = max(_BESIDE.get(kind.name, 0), _BESIDE.get(source.name, 0))
    form = _form_of(header, source)
    key = id(recipe), size, form, encoders, beside
    known = _needs.get(key)
    if known is not None:
        return _FIXED + len(data) + known[0], header
    try:
        need = picture_bytes(size, form, recipe, encoders=encoders, beside=beside)
    except ImgconvError:  # filtering will say the same
        return 0, header
    if len(_needs) >= _MOST_NEEDS:
        _needs.clear()
    _needs[key] = need, recipe  # which lives as long as its id is a key
    return _FIXED + len(data) + need, header


def _form_of(header: Header, source: Format) -> Form:
    """Return what a file is decoded to."""
    depth = {1: Depth.U8, 2: Depth.U16}.get(-(-header.bits // 8), Depth.F32)
    channels = max(header.channels, 3 if source.name == "gif" else 1)
    return Form(depth, None if channels == 1 else channels)
