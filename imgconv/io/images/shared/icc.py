"""ICC profiles: whether one says sRGB, and its name (ICC.1:2022)."""

from __future__ import annotations

import struct
from collections.abc import Callable

_PRIMARIES = {
    b"rXYZ": (0.4361, 0.2225, 0.0139), b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}  # fmt: skip
"""Of sRGB, adapted to the white of profiles, D50."""
_NEAR_PRIMARY, _NEAR_LIGHT = 0.004, 0.006
_MOST_TAGS = 200


def is_srgb(profile: bytes) -> bool:
    """Return whether values with this profile are those of sRGB, or grays of its curve."""
    try:
        tags = _tags(profile)
        if profile[16:20] == b"GRAY":
            return _is_curve(tags[b"kTRC"])
        primaries = all(_is_primary(tags[name], xyz) for name, xyz in _PRIMARIES.items())
        return primaries and all(_is_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
    except (struct.error, KeyError, IndexError, ValueError, OverflowError, ZeroDivisionError):
        return False


def name_of(profile: bytes) -> str:
    """Return what a profile calls itself; nothing where it does not say."""
    try:
        body = _tags(profile)[b"desc"]
        if body[:4] == b"mluc":
            size, at = struct.unpack_from(">II", body, 20)
            return body[at : at + size].decode("utf-16-be").strip("\0 ")[:60]
        (size,) = struct.unpack_from(">I", body, 8)
        return body[12 : 12 + size].decode("ascii").strip("\0 ")[:60]
    except (struct.error, KeyError, UnicodeDecodeError):
        return ""


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    places = [
        struct.unpack_from(">4sII", profile, 132 + 12 * at) for at in range(min(count, _MOST_TAGS))
    ]
    return {name: profile[at : at + size] for name, at, size in places}


def _is_primary(body: bytes, expected: tuple[float, ...]) -> bool:
    found = struct.unpack_from(">3i", body, 8)
    return all(
        abs(value / 65536 - other) < _NEAR_PRIMARY
        for value, other in zip(found, expected, strict=True)
    )


def _is_curve(body: bytes) -> bool:
    """Return whether a curve is that of sRGB, to less than two levels of 255."""
    light = _curve(body)
    return all(abs(light(at / 32) - _srgb(at / 32)) < _NEAR_LIGHT for at in range(33))


def _srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _curve(body: bytes) -> Callable[[float], float]:
    if body[:4] == b"curv":
        (count,) = struct.unpack_from(">I", body, 8)
        if count == 0:
            return lambda value: value
        table = struct.unpack_from(f">{count}H", body, 12)
        if count == 1:
            return lambda value: float(value ** (table[0] / 256))
        return lambda value: _between(table, value)
    kind = struct.unpack_from(">H", body, 8)[0]
    count = (1, 3, 4, 5, 7)[kind]
    said = [value / 65536 for value in struct.unpack_from(f">{count}i", body, 12)]
    g, a, b, c, d, e, f = said + [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0][count:]
    if kind in (1, 2):
        start, below, above = -b / a, (c if kind == 2 else 0.0), (c if kind == 2 else 0.0)
        return lambda value: float((a * value + b) ** g) + above if value >= start else below
    if kind == 0:
        return lambda value: float(value**g)
    return lambda value: float((a * value + b) ** g) + e if value >= d else c * value + f


def _between(table: tuple[int, ...], value: float) -> float:
    place = value * (len(table) - 1)
    low = min(int(place), len(table) - 2)
    share = place - low
    return (table[low] * (1 - share) + table[low + 1] * share) / 65535
