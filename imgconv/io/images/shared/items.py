"""Items of a HEIF file, and what is said of the one that is shown (ISO/IEC 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from imgconv.io.images.header import DamagedError, NotSupportedError, unpack
from imgconv.io.images.shared.boxes import boxes, find

_MOST_ITEMS = 65_536
_TILED = (b"grid", b"iovl", b"iden", b"tmap")
_ALPHAS = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_ORIENTATIONS = {None: (1, 8, 3, 6), 0: (4, 5, 2, 7), 1: (2, 7, 4, 5)}
"""By the axis of `imir`, which comes after the turn: quarter turns to the left."""


class Property(NamedTuple):
    """A property of items: its kind, and the bytes of its body."""

    kind: bytes
    body: bytes


class ShownItem(NamedTuple):
    """The picture that a file shows.

    Attributes
    ----------
    width, height : int
        As it is stored.
    channels, bits : int
    orientation : int
        As EXIF counts them.
    cut : (int, int), optional
        Width and height of what is shown of it, where that is less.
    premultiplied : bool
    coding : bytes
        Kind of the item, or of its tiles.
    colours : tuple of bytes
        Bodies of its boxes of colour.
    others : int
        How many more pictures there are, thumbnails and the like apart.
    """

    width: int
    height: int
    channels: int
    bits: int
    orientation: int
    cut: tuple[int, int] | None
    premultiplied: bool
    coding: bytes
    colours: tuple[bytes, ...]
    others: int


class _Items(NamedTuple):
    primary: int
    kinds: Mapping[int, bytes]
    hidden: frozenset[int]
    links: Sequence[tuple[bytes, int, tuple[int, ...]]]
    properties: Mapping[int, Sequence[Property]]


def brands(data: bytes) -> tuple[bytes, ...]:
    """Return the brands that the first box of a file lists, the major one first."""
    if data[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(data[:4], "big"), 4096, len(data))
    return (data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4)))


def shown(data: bytes) -> ShownItem:
    """Return what the file says of its primary item.

    Raises
    ------
    DamagedError, NotSupportedError
    """
    items = _items(data)
    held = items.properties.get(items.primary, ())
    size = next((each.body for each in held if each.kind == b"ispe"), None)
    if size is None:
        raise DamagedError("it has no size")
    width, height = unpack(">II", size, 4, "its size")
    tiles = _tiles(items, items.primary)
    depths = _depths(held) or _depths(items.properties.get(tiles[0], ()))
    turned = _orientation(held)
    alphas = [
        each
        for kind, each, to in items.links
        if kind == b"auxl" and items.primary in to and _is_alpha(items.properties.get(each, ()))
    ]
    colour = 1 if len(depths) == 1 else 3
    return ShownItem(
        width,
        height,
        colour if not alphas else 4,
        max(depths, default=8),
        turned,
        _cut(held),
        any(kind == b"prem" and each == items.primary for kind, each, _ in items.links),
        items.kinds.get(tiles[0], b""),
        tuple(each.body for each in held if each.kind == b"colr"),
        _others(items),
    )


def _tiles(items: _Items, number: int) -> tuple[int, ...]:
    """Return the items that an item is put together of, itself where it is coded."""
    if items.kinds.get(number) not in _TILED:
        return (number,)
    parts = [to for kind, each, to in items.links if kind == b"dimg" and each == number]
    if not parts or not parts[0]:
        raise DamagedError("its tiles are missing")
    kinds = {items.kinds.get(part, b"") for part in parts[0]}
    if len(kinds) > 1:
        raise NotSupportedError("HEIF with tiles of several codings")
    return parts[0]


def _others(items: _Items) -> int:
    used = {to for kind, _, all_of in items.links if kind == b"dimg" for to in all_of}
    beside = {each for kind, each, _ in items.links if kind in (b"thmb", b"auxl", b"cdsc")}
    pictures = {each for each in items.properties if items.kinds.get(each) not in (None, b"tmap")}
    return len(pictures - used - beside - items.hidden - {items.primary})


def _depths(held: Sequence[Property]) -> tuple[int, ...]:
    """Return the bits of each channel."""
    for each in held:
        if each.kind == b"pixi":
            (count,) = unpack("B", each.body, 4, "its depths")
            return unpack(f"{count}B", each.body, 5, "its depths")
    for each in held:
        if each.kind == b"hvcC":
            form, depth = unpack("BB", each.body, 16, "its coding")
            return ((depth & 7) + 8,) * (1 if form & 3 == 0 else 3)
        if each.kind == b"av1C":
            (flags,) = unpack("B", each.body, 2, "its coding")
            depth = (12 if flags & 0x20 else 10) if flags & 0x40 else 8
            return (depth,) * (1 if flags & 0x10 else 3)
    return ()


def _is_alpha(held: Sequence[Property]) -> bool:
    names = (each.body[4:].split(b"\0")[0] for each in held if each.kind == b"auxC")
    return any(name in _ALPHAS for name in names)


def _cut(held: Sequence[Property]) -> tuple[int, int] | None:
    for each in held:
        if each.kind == b"clap":
            wide, of_wide, high, of_high = unpack(">4I", each.body, 0, "its cut")
            if not (of_wide and of_high):
                raise DamagedError("its cut is a division by 0")
            return wide // of_wide, high // of_high
    return None


def _orientation(held: Sequence[Property]) -> int:
    """Return the turn and the mirroring of the picture that is shown, as EXIF counts them."""
    turn, mirror, turned = 0, None, False
    for each in held:
        if each.kind == b"irot":
            if turned or mirror is not None:
                raise NotSupportedError("HEIF that is turned after it is mirrored, or twice")
            turn, turned = unpack("B", each.body, 0, "a turn")[0] & 3, True
        elif each.kind == b"imir":
            if mirror is not None:
                raise NotSupportedError("HEIF that is mirrored twice")
            mirror = unpack("B", each.body, 0, "a mirroring")[0] & 1
    return _ORIENTATIONS[mirror][turn]


def _items(data: bytes) -> _Items:
    place = find(data, (b"meta",), 0, len(data))
    if place is None:
        raise DamagedError("it has no items")
    primary = 0
    kinds, hidden = dict[int, bytes](), set[int]()
    links: list[tuple[bytes, int, tuple[int, ...]]] = []
    properties: dict[int, list[Property]] = {}
    for kind, body, end in boxes(data, place[0] + 4, place[1]):
        if kind == b"pitm":
            primary = unpack(">I" if data[body] else ">H", data, body + 4, "its primary item")[0]
        elif kind == b"iinf":
            for number, name, seen in _infos(data, body, end):
                kinds[number] = name
                hidden |= set() if seen else {number}
        elif kind == b"iref":
            links = list(_links(data, body, end))
        elif kind == b"iprp":
            properties = _properties(data, body, end)
    return _Items(primary, kinds, frozenset(hidden), links, properties)


def _infos(data: bytes, body: int, end: int) -> Iterator[tuple[int, bytes, bool]]:
    start = body + (8 if data[body : body + 1] != b"\0" else 6)
    for kind, at, stop in boxes(data, start, end):
        if kind != b"infe" or stop - at < 12:
            continue
        version, flags = data[at], data[at + 3]
        if version < 2:
            continue
        (number,) = unpack(">H" if version == 2 else ">I", data, at + 4, "an item")
        name = at + (8 if version == 2 else 10)
        yield number, data[name : name + 4], not flags & 1


def _links(data: bytes, body: int, end: int) -> Iterator[tuple[bytes, int, tuple[int, ...]]]:
    wide = "I" if data[body : body + 1] != b"\0" else "H"
    step = 4 if wide == "I" else 2
    for kind, at, stop in boxes(data, body + 4, end):
        (each,) = unpack(f">{wide}", data, at, "a reference")
        (count,) = unpack(">H", data, at + step, "a reference")
        if at + step + 2 + count * step > stop:
            raise DamagedError("it ends within a reference")
        yield kind, each, unpack(f">{count}{wide}", data, at + step + 2, "a reference")


def _properties(data: bytes, body: int, end: int) -> dict[int, list[Property]]:
    """Return the properties of each item, in their order."""
    known: list[Property] = []
    found: dict[int, list[Property]] = {}
    for kind, at, stop in boxes(data, body, end):
        if kind == b"ipco":
            known = [Property(name, data[a:b]) for name, a, b in boxes(data, at, stop)]
        elif kind == b"ipma":
            for number, index in _associations(data, at):
                if index > len(known):
                    raise DamagedError("an item has a property that is missing")
                found.setdefault(number, []).extend(known[index - 1 : index] if index else [])
    return found


def _associations(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    version, flags = unpack(">B2xB", data, at, "its properties")
    (count,) = unpack(">I", data, at + 4, "its properties")
    if count > _MOST_ITEMS:
        raise DamagedError(f"it has {count} items")
    at += 8
    for _ in range(count):
        wide = ">I" if version else ">H"
        number, many = unpack(f"{wide}B", data, at, "its properties")
        at += 5 if version else 3
        for _ in range(many):
            (index,) = unpack(">H" if flags & 1 else ">B", data, at, "its properties")
            at += 2 if flags & 1 else 1
            yield number, index & (0x7FFF if flags & 1 else 0x7F)
