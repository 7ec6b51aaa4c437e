"""Explanations as text: aligned tables of taps, then what became of their sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgconv.model.explanation import Explanation, Number, Stage, Tap, Window
    from imgconv.model.layer_explanation import AfterStep, LayerExplanation, LayerTap

_LONGEST = 24  # characters of an exact number in the table
_HEAD = ["tap", "reads", "pixel", "weight", "product", ""]


def describe(explanation: Explanation) -> str:
    """Write an explanation as tables."""
    lines = [f"before the kernels: {explanation.tone}"] if explanation.tone else []
    for number, stage in enumerate(explanation.stages, 1):
        if len(explanation.stages) > 1:
            lines.append(f"step {number} of {len(explanation.stages)}")
        lines += _stage_lines(stage)
    return "\n".join(lines)


def _stage_lines(stage: Stage) -> list[str]:
    lines = [f"{stage.name} at row {stage.at[0]}, column {stage.at[1]} of its output"]
    for window in stage.windows:
        lines += _window_lines(window, stage)
    if stage.how:
        lines.append(f"  {stage.how}: {_numbers(stage.exact) if stage.exact else 'see the engine'}")
    if stage.rounded:
        rounding = (
            "nearest float32" if stage.depth.value == "f32" else stage.settings.rounding.value
        )
        lines.append(f"  rounded ({rounding}): {_numbers(stage.rounded)}")
        if stage.depth.value != "f32" and stage.rounded != stage.values:
            lines.append(
                f"  clipped to {stage.depth.low}..{stage.depth.high} ({stage.depth.value}): "
                f"{_numbers(stage.values)}"
            )
    lines.append(f"  written by the engine: {_numbers(stage.values)}")
    return lines


def _window_lines(window: Window, stage: Stage) -> list[str]:
    kernel = window.kernel
    rows, columns = kernel.shape
    name = f"{kernel.name}, " if len(stage.windows) > 1 else ""
    lines = [f"  {name}{rows} x {columns}, anchor {kernel.anchor[0]},{kernel.anchor[1]}"]
    lines += _table([_cells(tap, stage.settings.border.value) for tap in window.taps])
    lines.append(f"  sum of the products: {_numbers(window.sums)}")
    if kernel.scale != 1 or kernel.offset != 0:
        plus = f" + {kernel.offset}" if kernel.offset else ""
        lines.append(f"  times {kernel.scale}{plus}: {_numbers(window.values)}")
    return lines


def _table(rows: list[list[str]]) -> list[str]:
    table = [_HEAD, *rows]
    widths = [max(len(row[c]) for row in table) for c in range(len(_HEAD))]
    lines = []
    for row in table:
        cells = [f"{cell:>{width}}" for cell, width in zip(row[:5], widths, strict=False)]
        lines.append(f"    {'  '.join(cells)}  {row[5]}".rstrip())
    return lines


def _cells(tap: Tap, border: str) -> list[str]:
    return [
        f"{tap.row},{tap.col}",
        _place(tap.position),
        _numbers(tap.pixels),
        _exact(tap.weight),
        _numbers(tap.products),
        _outside(tap.position, tap.source, border, tap.pixels[:1]),
    ]


def _outside(
    position: Sequence[int],
    source: Sequence[int] | None,
    border: str,
    constant: Sequence[Number],
) -> str:
    """Describe where a border took a value from."""
    if source is None:
        return f"outside: {border} {_numbers(constant)}"
    return "" if position == source else f"outside: {border} reads {_place(source)}"


def _place(place: Sequence[int]) -> str:
    return ",".join(map(str, place))


def describe_layer(explanation: LayerExplanation) -> str:
    """Write how layers made one value: a table for each channel, their sum, and what follows."""
    made = explanation.convolution
    lines = [f"{made.name} (filter {explanation.filter}) at {_place(made.at)} of its output"]
    if explanation.before:
        many = "layers" if explanation.before > 1 else "layer"
        lines.append(f"  its input is what the first {explanation.before} {many} made")
    for part in made.channels:
        lines.append(f"  {part.name}")
        lines += _table([_layer_cells(tap, made.border) for tap in part.taps])
        lines.append(f"    sum of the products: {_exact(part.total)}")
    totals = " + ".join(_signed(part.total) for part in made.channels)
    if made.bias is not None:
        totals += f" + {_signed(made.bias)} (bias)"
    if len(made.channels) > 1 or made.bias is not None:
        totals += f" = {_exact(made.exact)}"
    lines.append(f"  sum: {totals}")
    lines.append(f"  written by the engine, as the nearest float32: {_float(made.value)}")
    return "\n".join(lines + [_after_line(step) for step in explanation.after])


def _after_line(step: AfterStep) -> str:
    return f"{step.name} at {_place(step.at)}: {', '.join(map(_float, step.read))} -> " + _float(
        step.value
    )


def _layer_cells(tap: LayerTap, border: str) -> list[str]:
    return [
        _place(tap.tap),
        _place(tap.position),
        _exact(tap.pixel),
        _exact(tap.weight),
        _exact(tap.product),
        _outside(tap.position, tap.source, border, (tap.pixel,)),
    ]


def _signed(number: Number) -> str:
    text = _exact(number)
    return f"({text})" if number < 0 else text


def _float(value: float) -> str:
    return f"{value:.9g}"


def _numbers(numbers: Sequence[Number]) -> str:
    return " ".join(map(_exact, numbers))


def _exact(number: Number) -> str:
    """Write a number exactly where that is short, else as a decimal."""
    text = str(number)
    if len(text) > _LONGEST:
        return f"{float(number):.12g}"
    return f"{text} ({float(number):.6g})" if "/" in text else text
