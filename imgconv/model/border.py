"""Border modes: where a tap that falls outside the image takes its value from."""

from __future__ import annotations

from enum import Enum

from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import parse_number


class Border(Enum):
    """How outside pixels get values, by OpenCV's names; the picture is of the image ``abcd``."""

    CONSTANT = "constant"
    """``vvv|abcd|vvv``: a stated value."""
    REPLICATE = "replicate"
    """``aaa|abcd|ddd``: the nearest pixel, index ``clip(i, 0, n - 1)``."""
    REFLECT = "reflect"
    """``cba|abcd|dcb``: mirrored with the edge pixel repeated; period ``2n``."""
    REFLECT101 = "reflect101"
    """``dcb|abcd|cba``: mirrored about the edge pixel; period ``2n - 2``."""
    WRAP = "wrap"
    """``bcd|abcd|abc``: the image repeated, index ``i mod n``."""
    IGNORE = "ignore"
    """``   |abcd|   ``: pixels outside do not count."""

    def source_index(self, i: int, n: int) -> int | None:
        """Return which pixel of an axis of `n` pixels stands in for position `i`.

        Returns
        -------
        int or None
            An index in ``0 .. n - 1``, or None where the constant stands, or nothing.

        Examples
        --------
        >>> [Border.REFLECT101.source_index(i, 4) for i in range(-3, 7)]
        [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]
        >>> Border.CONSTANT.source_index(-1, 4) is None
        True
        """
        if 0 <= i < n:
            return i
        match self:
            case Border.CONSTANT | Border.IGNORE:
                return None
            case Border.REPLICATE:
                found = 0 if i < 0 else n - 1
            case Border.WRAP:
                found = i % n
            case Border.REFLECT:
                m = i % (2 * n)
                found = min(m, 2 * n - 1 - m)
            case Border.REFLECT101:
                m = i % max(2 * n - 2, 1)  # a single pixel mirrors onto itself
                found = min(m, 2 * n - 2 - m)
        return found

    @classmethod
    def parse(cls, name: Border | str) -> Border:
        """Return the mode for one of our names, a clear alias or a dialect name.

        Parameters
        ----------
        name : Border or str
            ``"replicate"``; an alias that can mean one thing only (``zero``, ``edge``,
            ``nearest``, ``circular``, ``symmetric``, ``mirror101``); or another tool's name with
            its prefix: ``np:``, ``scipy:``, ``torch:``, ``im:``, ``vips:``, ``cv2:``.

        Raises
        ------
        ArgumentError
            For a name that is unknown, or that tools use for different modes (``mirror``).

        Examples
        --------
        >>> Border.parse("scipy:mirror"), Border.parse("im:mirror")
        (<Border.REFLECT101: 'reflect101'>, <Border.REFLECT: 'reflect'>)
        """
        if isinstance(name, Border):
            return name
        key = str(name).strip().lower().replace("_", "-")
        if found := _NAMES.get(key):
            return found
        choices = ", ".join(border.value for border in cls)
        dialect, colon, _ = key.partition(":")
        if colon and dialect in _DIALECTS:
            raise ArgumentError(
                f"{dialect} has no border mode {name!r} that this tool knows",
                hint="known: " + ", ".join(f"{dialect}:{known}" for known in _DIALECTS[dialect]),
            )
        if key in _AMBIGUOUS:
            raise ArgumentError(
                f"border mode {name!r} means different things in different tools",
                hint=f"choose {choices}, or name the tool: "
                + " or ".join(f"{d}:{key}" for d, names in _DIALECTS.items() if key in names),
            )
        raise ArgumentError(f"no border mode is called {name!r}", hint=f"choose from {choices}")


STAND_INS = tuple(border for border in Border if border is not Border.IGNORE)
"""The modes that give outside pixels a value."""

_DIALECTS: dict[str, dict[str, Border]] = {
    "cv2": {
        "constant": Border.CONSTANT,
        "replicate": Border.REPLICATE,
        "reflect": Border.REFLECT,
        "reflect101": Border.REFLECT101,
        "reflect-101": Border.REFLECT101,
        "default": Border.REFLECT101,
        "wrap": Border.WRAP,
    },
    "np": {
        "constant": Border.CONSTANT,
        "edge": Border.REPLICATE,
        "symmetric": Border.REFLECT,
        "reflect": Border.REFLECT101,
        "wrap": Border.WRAP,
    },
    "scipy": {
        "constant": Border.CONSTANT,
        "grid-constant": Border.CONSTANT,
        "nearest": Border.REPLICATE,
        "reflect": Border.REFLECT,
        "grid-mirror": Border.REFLECT,
        "mirror": Border.REFLECT101,
        "wrap": Border.WRAP,
        "grid-wrap": Border.WRAP,
    },
    "torch": {
        "zeros": Border.CONSTANT,
        "constant": Border.CONSTANT,
        "replicate": Border.REPLICATE,
        "reflect": Border.REFLECT101,
        "circular": Border.WRAP,
    },
    "im": {
        "background": Border.CONSTANT,
        "black": Border.CONSTANT,
        "edge": Border.REPLICATE,
        "mirror": Border.REFLECT,
        "tile": Border.WRAP,
    },
    "vips": {
        "black": Border.CONSTANT,
        "background": Border.CONSTANT,
        "copy": Border.REPLICATE,
        "mirror": Border.REFLECT,
        "repeat": Border.WRAP,
    },
}

_ALIASES = {
    "zero": Border.CONSTANT,
    "edge": Border.REPLICATE,
    "nearest": Border.REPLICATE,
    "circular": Border.WRAP,
    "symmetric": Border.REFLECT,
    "mirror101": Border.REFLECT101,
}

_NAMES: dict[str, Border] = {
    **{border.value: border for border in Border},
    **_ALIASES,
    **{f"{d}:{name}": border for d, names in _DIALECTS.items() for name, border in names.items()},
}

_AMBIGUOUS = {name for names in _DIALECTS.values() for name in names} - set(_NAMES)


def dialect_names() -> list[str]:
    """List the names of border modes in other tools, with their prefixes.

    Examples
    --------
    >>> "scipy:mirror" in dialect_names()
    True
    """
    return [f"{tool}:{name}" for tool, names in _DIALECTS.items() for name in names]


def parse_border_value(value: object) -> int | float:
    """Read what stands outside under ``constant``: an int where it is whole.

    Raises
    ------
    ArgumentError
        For something that is no finite number.
    """
    number = parse_number(value)
    return number if isinstance(number, int) else float(number)
