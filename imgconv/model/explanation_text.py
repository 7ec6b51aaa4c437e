"""Explanations as text: aligned tables, and numbers that are exact where that is short."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.model.numbers import Number

_LONGEST = 24  # characters of an exact number in the table
_HEAD = ["tap", "reads", "pixel", "weight", "product", ""]


def table(rows: list[list[str]], head: list[str] = _HEAD) -> list[str]:
    """Return a table of taps, a line for each: tap, place, pixel, weight, product, remark."""
    complete = [head, *rows]
    widths = [max(len(row[c]) for row in complete) for c in range(len(head))]
    lines = []
    for row in complete:
        cells = [f"{cell:>{width}}" for cell, width in zip(row[:-1], widths, strict=False)]
        lines.append(f"    {'  '.join(cells)}  {row[-1]}".rstrip())
    return lines


def outside_text(
    position: Sequence[int],
    source: Sequence[int] | None,
    border: str,
    constant: Sequence[Number],
) -> str:
    """Return where a border took a value from; "" for a pixel of the image."""
    if source is None:
        return f"outside: {border} {numbers_text(constant)}"
    return "" if position == source else f"outside: {border} reads {place_text(source)}"


def place_text(place: Sequence[int]) -> str:
    """Return row and column."""
    return ",".join(map(str, place))


def numbers_text(numbers: Sequence[Number]) -> str:
    """Return numbers, a space between them."""
    return " ".join(map(exact_text, numbers))


def exact_text(number: Number) -> str:
    """Return a number exactly where that is short, else as a decimal."""
    text = str(number)
    if len(text) > _LONGEST:
        return f"{float(number):.12g}"
    return f"{text} ({float(number):.6g})" if "/" in text else text
