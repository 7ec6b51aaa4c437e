"""The keys of a recipe that say where it acts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from imgconv.io.config.strict_yaml import YamlNode
from imgconv.model.errors import ArgumentError
from imgconv.model.nodata import Nodata, parse_nodata
from imgconv.model.numbers import parse_number
from imgconv.model.output import parse_choice
from imgconv.model.region import Region, Sees, Selection, parse_channels

FLAGS = ("mask-invert", "nodata-keep")
KEYS = ("region", "mask", "mask-invert", "feather", "channels", "sees")
NODATA_KEYS = ("nodata", "valid", "min-valid", "nodata-keep")


def with_selection(selection: Selection, given: Mapping[str, object]) -> Selection:
    """Return a selection in which options by their long names take the place of fields.

    Raises
    ------
    ArgumentError
        For a value that an option cannot have.

    Examples
    --------
    >>> with_selection(Selection(), {"region": "10,20,30,40", "feather": "2"}).regions
    (Region(row=10, column=20, rows=30, columns=40),)
    """
    changes: dict[str, object] = {}
    if "region" in given:
        changes["regions"] = _regions(given["region"])
    if "mask" in given:
        changes["mask"] = _path("mask", given["mask"])
    if "mask-invert" in given:
        changes["mask_invert"] = _flag("mask-invert", given["mask-invert"])
    if "feather" in given:
        changes["feather"] = _whole("feather", given["feather"])
    if "channels" in given:
        changes["channels"] = parse_channels(given["channels"])  # type: ignore[arg-type]
    if "sees" in given:
        changes["sees"] = parse_choice(Sees, given["sees"], "sees")  # type: ignore[arg-type]
    return replace(selection, **changes)  # type: ignore[arg-type]


def with_nodata(nodata: Nodata, given: Mapping[str, object]) -> Nodata:
    """Return what does not count, with options by their long names in place of fields.

    Raises
    ------
    ArgumentError
        For a value that an option cannot have.
    """
    changes: dict[str, object] = {}
    if "nodata" in given:
        changes["value"] = parse_nodata(given["nodata"])
    if "valid" in given:
        changes["valid"] = _path("valid", given["valid"])
    if "min-valid" in given:
        changes["min_valid"] = Fraction(parse_number(given["min-valid"]))
    if "nodata-keep" in given:
        changes["keep"] = _flag("nodata-keep", given["nodata-keep"])
    return replace(nodata, **changes)  # type: ignore[arg-type]


def _regions(given: object) -> tuple[Region, ...]:
    """Read one region, or a list of them."""
    if isinstance(given, Region):
        return (given,)
    if isinstance(given, str):
        return (Region.parse(given),)
    parts = list(given) if isinstance(given, Iterable) else []
    if not parts:
        raise ArgumentError(f"region is {given!r}", hint="write ROW,COL,ROWS,COLS, or a list")
    if not any(isinstance(part, Iterable) for part in parts):
        return (Region.parse(parts),)
    return tuple(Region.parse(part) for part in parts)


def _path(key: str, given: object) -> str:
    if not isinstance(given, str | os.PathLike) or not os.fspath(given):
        raise ArgumentError(f"{key} is {given!r}; the name of a file is needed")
    return str(os.fspath(given))


def _flag(key: str, given: object) -> bool:
    if not isinstance(given, bool):
        raise ArgumentError(f"{key} is True or False, not {given!r}")
    return given


def _whole(key: str, given: object) -> int:
    try:
        return int(str(given))
    except ValueError:
        raise ArgumentError(f"{key} {given!r} is not a whole number", "write 8") from None


def option_of(key: str, node: YamlNode) -> object:
    """Return the value of a key in a file, as `with_selection` takes it."""
    if key in FLAGS:
        return node.as_flag()
    if key == "channels" and node.kind != "text":
        return [item.as_text() for item in node.as_list()]
    if key != "region" or node.kind == "text":
        return node.as_text()
    items = node.as_list()
    if all(item.kind == "text" and item.as_text().isdecimal() for item in items):
        return ",".join(item.as_text() for item in items)
    return [
        item.as_text()
        if item.kind == "text"
        else ",".join(part.as_text() for part in item.as_list())
        for item in items
    ]


def selection_texts(selection: Selection) -> dict[str, object]:
    """Return what a selection says by key; None where it says nothing."""
    return {
        "region": [region.text for region in selection.regions] or None,
        "mask": selection.mask or None,
        "mask-invert": selection.mask_invert or None,
        "feather": selection.feather or None,
        "channels": list(selection.channels) or None,
        "sees": None if selection.sees is Sees.ALL else selection.sees.value,
    }


def nodata_texts(nodata: Nodata) -> dict[str, object]:
    """Return what is said of pixels that do not count by key; None where nothing is."""
    return {
        "nodata": nodata.value or None,
        "valid": nodata.valid or None,
        "min-valid": str(nodata.min_valid) if nodata.min_valid else None,
        "nodata-keep": nodata.keep or None,
    }
