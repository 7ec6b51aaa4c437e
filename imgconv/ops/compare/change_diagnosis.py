"""Why a picture may have changed: each suspicion is tried out on the pixels themselves."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.output import Depth
from imgconv.ops.compare.cause import Cause
from imgconv.ops.compare.difference import Rectangle, changed_part, per_pixel

Image = NDArray[Any]
_FARTHEST = 4  # pixels that a shift is looked for
_STEPS = range(-_FARTHEST, _FARTHEST + 1)
_WIDEST_RIM = 32
_SMALL = 0.05  # of the image's area that a local defect may cover


class _Guess(NamedTuple):
    """The evidence for a cause, and what the expected picture becomes by it.

    Attributes
    ----------
    evidence : str
    undone : ndarray or None
        None where the cause says all that there is.
    within : float
        How far from the new picture a pixel may be that it explains.
    """

    evidence: str
    undone: Image | None = None
    within: float = 0


_Test = Callable[[Image, Image], _Guess | None]


def diagnose_change(expected: Image, actual: Image) -> list[Cause]:
    """Describe what explains a change between two images of any shapes and types.

    One cause of the whole picture is named, the first that fits: "kind" (shape or type), "flip",
    "channel order", "offset", "shift", "gamma", "re-encoding". Else stand "border only",
    "local defect" or "low byte", and beside all of them "rounding", which say where and how
    little. None fits: "unexplained". The pixels of a cause are those that undoing it explains.

    Examples
    --------
    >>> expected = np.arange(12, dtype=np.uint8).reshape(3, 4)
    >>> [cause.name for cause in diagnose_change(expected, expected[:, ::-1])]
    ['flip']
    """
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return [Cause("kind", actual.shape[0] * actual.shape[1], _kind(expected, actual))]
    part = changed_part(expected, actual, margin=0)
    if part is None:
        return [Cause("unexplained", 0, "the pictures are equal")]
    cut = np.s_[part.row : part.row + part.rows, part.column : part.column + part.columns]
    changed = per_pixel(expected[cut], actual[cut])
    apart = np.zeros(expected.shape[:2], changed.dtype)
    apart[cut] = changed
    differing = int(np.count_nonzero(apart))
    local = part.rows * part.columns <= max(1, _SMALL * apart.size)
    whole = [(name, test) for name, test in _WHOLE if name not in _EVERYWHERE or not local]
    named = _first([*whole, ("shift", partial(_shift, part=part))], expected, actual, apart)
    if not named and not local:
        named = _first([("gamma", _gamma), ("re-encoding", _re_encoding)], expected, actual, apart)
    if not named:
        where: list[tuple[str, _Test]] = [
            ("border only", partial(_border_only, apart=apart, part=part)),
            ("low byte", _low_byte),
        ]
        if local:
            where.insert(1, ("local defect", lambda *_: _Guess(_words(part))))
        named = _first(where, expected, actual, apart)
    if not any(cause.name == "offset" for cause in named) and _is_rounding(expected, apart):
        named.append(Cause("rounding", differing, "no value differs by more than the last level"))
    return named or [Cause("unexplained", differing, "no suspicion fits")]


def _first(
    tests: Sequence[tuple[str, _Test]], expected: Image, actual: Image, apart: Image
) -> list[Cause]:
    for name, test in tests:
        guess = test(expected, actual)
        if guess is not None:
            return [Cause(name, _explained(guess, actual, apart), guess.evidence)]
    return []


def _explained(guess: _Guess, actual: Image, apart: Image) -> int:
    """Return how many of the pixels that differ agree after the cause is undone."""
    differs = apart > 0
    if guess.undone is None:
        return int(np.count_nonzero(differs))
    return int(np.count_nonzero(differs & (per_pixel(guess.undone, actual) <= guess.within)))


def describe_kind(image: Image) -> str:
    """Name shape, type and channels: ``512 x 512 uint8 RGB``."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    names = {1: "gray", 3: "RGB", 4: "RGBA"}
    return f"{image.shape[0]} x {image.shape[1]} {image.dtype} {names.get(channels, channels)}"


def _kind(expected: Image, actual: Image) -> str:
    return f"expected {describe_kind(expected)}, got {describe_kind(actual)}"


def _flip(expected: Image, actual: Image) -> _Guess | None:
    ways = {
        "left and right": expected[:, ::-1],
        "top and bottom": expected[::-1],
        "both ways (half a turn)": expected[::-1, ::-1],
        "rows and columns": expected.swapaxes(0, 1),
    }
    for way, flipped in ways.items():
        if _same(flipped, actual):
            return _Guess(f"{way} are exchanged", flipped)
    return None


def _channel_order(expected: Image, actual: Image) -> _Guess | None:
    if expected.ndim == 2:
        return None
    names = "RGBA"[: expected.shape[2]]
    few = expected[::37, ::31], actual[::37, ::31]
    for order in list(itertools.permutations(range(len(names))))[1:]:
        if not np.array_equal(few[0][..., list(order)], few[1]):
            continue
        if _same(turned := expected[..., list(order)], actual):
            return _Guess(f"{names} became {''.join(names[i] for i in order)}", turned)
    return None


def _shift(expected: Image, actual: Image, part: Rectangle) -> _Guess | None:
    """Find a step after which the overlap agrees, but for what a border may have changed."""
    steps = [(r, c) for r in _STEPS for c in _STEPS if r or c]
    margin = 3 * _FARTHEST
    cut = np.s_[
        max(0, part.row - margin) : part.row + part.rows + margin,
        max(0, part.column - margin) : part.column + part.columns + margin,
    ]
    near = expected[cut], actual[cut]
    best = max(steps, key=lambda step: _agreement(*near, *step, coarse=True))
    if _agreement(*near, *best, coarse=True) < 0.5:
        return None
    unmoved = _agreement(expected, actual, 0, 0, coarse=False)
    moved = _agreement(expected, actual, *best, coarse=False)
    if 1 - moved > 0.1 * (1 - unmoved) or moved < 0.9:
        return None
    row, column = best
    down = f"{abs(row)} {'down' if row > 0 else 'up'}" if row else ""
    right = f"{abs(column)} {'right' if column > 0 else 'left'}" if column else ""
    way = " and ".join(filter(None, [down, right]))
    return _Guess(f"moved by {way}, {moved:.1%} of it agrees", _moved_by(expected, row, column))


def _moved_by(image: Image, row: int, column: int) -> Image:
    """Return an image moved by some pixels; where nothing comes from it stays as it was."""
    rows, columns = image.shape[:2]
    moved = image.copy()
    moved[max(row, 0) : rows + min(row, 0), max(column, 0) : columns + min(column, 0)] = image[
        max(-row, 0) : rows - max(row, 0), max(-column, 0) : columns - max(column, 0)
    ]
    return moved


def _agreement(expected: Image, actual: Image, row: int, column: int, *, coarse: bool) -> float:
    """Return the share of values that agree after a step, in some rows and without the rim."""
    rows, columns = expected.shape[:2]
    rim = 2 * _FARTHEST
    if min(rows, columns) < 3 * rim:
        return 0.0
    every = max(1, rows // (64 if coarse else 512))
    right = min(columns - rim, rim + 512) if coarse else columns - rim
    after = actual[rim : rows - rim : every, rim:right]
    before = expected[rim - row : rows - rim - row : every, rim - column : right - column]
    return float(np.count_nonzero(after == before)) / max(1, after.size)


def _offset(expected: Image, actual: Image) -> _Guess | None:
    """Find one number that every value changed by, but for those at the ends of the range."""
    depth = Depth.of(expected.dtype)
    if depth is Depth.F32 or expected.size < 16:
        return None
    some = _sample(expected), _sample(actual)
    step = int(np.median(some[1].astype(np.int64) - some[0]))
    if step == 0 or not all(_moved(*pair, step) for pair in (some, (expected, actual))):
        return None
    return _Guess(f"every value changed by {step:+d}")


def _moved(expected: Image, actual: Image, step: int) -> bool:
    limits = np.iinfo(expected.dtype)
    moved = np.clip(expected.astype(np.int32) + step, limits.min, limits.max)
    return bool((moved == actual).all())


def _gamma(expected: Image, actual: Image) -> _Guess | None:
    """Fit a power to the values, and see whether it gives the new ones within a level."""
    depth = Depth.of(expected.dtype)
    colour = slice(0, 3) if expected.ndim == 3 else slice(None)
    before = _sample(expected)[..., colour].astype(np.float64) / depth.high
    after = _sample(actual)[..., colour].astype(np.float64) / depth.high
    usable = (before > 0.1) & (before < 0.9) & (after > 0) & (after < 1)
    if np.count_nonzero(usable) < 64 or np.ptp(before[usable]) < 0.1:
        return None
    power = float(np.median(np.log(after[usable]) / np.log(before[usable])))
    fitted = np.power(before.clip(0), power)
    level = 1.01 / 255 if depth is Depth.F32 else 1.01 / min(depth.high, 4095)
    if abs(power - 1) < 0.02 or np.mean(np.abs(fitted - after) <= level) < 0.99:
        return None
    evidence = f"every value was raised to the power {power:.2f}"
    return _Guess(evidence, _raised(expected, power, depth), level * depth.high)


def _raised(image: Image, power: float, depth: Depth) -> Image:
    """Return an image with its colours, and not its alpha, raised to a power."""
    raised = depth.high * np.power((image / depth.high).clip(0), power)
    if depth is not Depth.F32:
        raised = np.rint(raised)
    raised = raised.astype(image.dtype)
    if image.ndim == 3 and image.shape[2] in (2, 4):
        raised[..., -1] = image[..., -1]
    return np.asarray(raised)


def _re_encoding(expected: Image, actual: Image) -> _Guess | None:
    """Find a quality of JPEG that makes most of the change, tried where most has changed."""
    channels = 1 if expected.ndim == 2 else expected.shape[2]
    if expected.dtype != np.uint8 or channels not in (1, 3) or min(expected.shape[:2]) < 16:
        return None
    near = _where_most_changed(expected, actual)
    before, after = expected[near], np.ascontiguousarray(actual[near])
    ways = itertools.product(_QUALITIES, _SAMPLINGS[channels])
    left, way = min((_apart(_jpeg(before, *way), after), way) for way in ways)
    if left > 0.2 * _apart(before, after):
        return None
    undone = _jpeg(expected, *way)
    if _apart(undone, actual) > 0.2 * _apart(expected, actual):
        return None
    return _Guess(f"as a JPEG of quality {way[0]} changes it", undone, 1)


_QUALITIES = range(30, 101)
_SAMPLINGS = {1: ("444",), 3: ("444", "420")}
_PATCH = 64


def _apart(one: Image, other: Image) -> float:
    """Return the sum of all differences."""
    cv2 = load_cv2()
    return float(cv2.norm(np.ascontiguousarray(one), np.ascontiguousarray(other), cv2.NORM_L1))


def _where_most_changed(expected: Image, actual: Image) -> tuple[slice, slice]:
    """Return a patch of 64 x 64 that begins where a block of JPEG does and has most changes."""
    marked = per_pixel(expected, actual) > 0
    rows, columns = (np.arange(0, max(1, side - _PATCH // 2), _PATCH) for side in marked.shape)
    counts = np.add.reduceat(np.add.reduceat(marked, rows, 0, np.int64), columns, 1)
    most = np.unravel_index(int(np.argmax(counts)), counts.shape)
    row, column = int(rows[most[0]]), int(columns[most[1]])
    return slice(row, row + _PATCH), slice(column, column + _PATCH)


def _jpeg(image: Image, quality: int, sampling: str) -> Image:
    """Return what a JPEG makes of an image, gray or RGB."""
    cv2 = load_cv2()
    factors = {"444": 0x111111, "420": 0x221111}[sampling]
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factors]
    pixels = image if image.ndim == 2 else image[..., ::-1]
    data = cv2.imencode(".jpg", np.ascontiguousarray(pixels), options)[1]
    decoded: Image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    return decoded if image.ndim == 2 else decoded[..., ::-1]


def _sample(image: Image) -> Image:
    """Return some hundred thousand pixels of a larger image, evenly spread."""
    step = max(1, math.isqrt(image.shape[0] * image.shape[1] // 100_000))
    return image[::step, ::step]


def _low_byte(expected: Image, actual: Image) -> _Guess | None:
    """See whether only what 8 bits cannot hold was lost or changed."""
    if expected.dtype != np.uint16:
        return None
    if ((expected >> 8) == (actual >> 8)).all():
        return _Guess("the high bytes agree, the low bytes do not")
    rounded = np.rint(expected / 257).astype(np.uint16) * np.uint16(257)
    if not _same(rounded, actual):
        return None
    return _Guess("the values were rounded to 8 bits on the way", rounded)


def _border_only(
    expected: Image,
    actual: Image,  # noqa: ARG001
    apart: Image,
    part: Rectangle,
) -> _Guess | None:
    rows, columns = expected.shape[:2]
    below, right = part.row + part.rows < rows, part.column + part.columns < columns
    if part.row and part.column and below and right:
        return None
    apart = apart > 0
    depths = np.minimum.outer(_distance(rows), np.full(columns, rows))
    depths = np.minimum(depths, _distance(columns)[np.newaxis])
    deepest = int(depths[apart].max()) + 1
    lines = apart[0], apart[-1], apart[:, 0], apart[:, -1]
    if deepest > min(_WIDEST_RIM, min(rows, columns) // 4) or max(map(np.mean, lines)) < 0.1:
        return None
    ring = "pixel differs" if deepest == 1 else f"{deepest} pixels differ"
    return _Guess(f"only the outermost {ring}")


def _distance(length: int) -> NDArray[np.int64]:
    at = np.arange(length)
    return np.minimum(at, length - 1 - at)


def _words(box: Rectangle) -> str:
    where = f"at row {box.row}, column {box.column}"
    if box.rows * box.columns == 1:
        return f"one pixel {where}"
    return f"all within {box.rows} x {box.columns} {where}"


def _is_rounding(expected: Image, apart: Image) -> bool:
    if expected.dtype != np.float32:
        return bool(apart.max() <= 1)
    finite = np.abs(expected[np.isfinite(expected)])
    return bool(apart.max() <= 1e-6 * max(1.0, float(finite.max(initial=0))))


def _same(one: Image, other: Image) -> bool:
    """Return whether two images are equal; a few pixels mostly tell that they are not."""
    if one.shape != other.shape or not np.array_equal(one[::37, ::31], other[::37, ::31]):
        return False
    return bool(np.array_equal(one, other))


_WHOLE: tuple[tuple[str, _Test], ...] = (
    ("flip", _flip),
    ("channel order", _channel_order),
    ("offset", _offset),
)
_EVERYWHERE = ("offset",)
"""Causes that change more than a small part of a picture."""
