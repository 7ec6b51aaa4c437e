"""Explanations as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.model.explanation_text import exact_text, outside_text, place_text, table

if TYPE_CHECKING:
    from imgconv.model.explanation import Explanation
    from imgconv.model.layer_explanation import AfterStep, LayerExplanation, LayerTap
    from imgconv.model.numbers import Number


def describe(explanation: Explanation) -> str:
    """Write an explanation as tables."""
    lines = [f"before the kernels: {explanation.tone}"] if explanation.tone else []
    for number, stage in enumerate(explanation.stages, 1):
        if len(explanation.stages) > 1:
            lines.append(f"step {number} of {len(explanation.stages)}")
        lines += stage.lines()
    return "\n".join(lines)


def describe_layer(explanation: LayerExplanation) -> str:
    """Write how layers made one value: a table for each channel, their sum, and what follows."""
    made = explanation.convolution
    lines = [f"{made.name} (filter {explanation.filter}) at {place_text(made.at)} of its output"]
    if explanation.before:
        many = "layers" if explanation.before > 1 else "layer"
        lines.append(f"  its input is what the first {explanation.before} {many} made")
    for part in made.channels:
        lines.append(f"  {part.name}")
        lines += table([_layer_cells(tap, made.border) for tap in part.taps])
        lines.append(f"    sum of the products: {exact_text(part.total)}")
    totals = " + ".join(_signed(part.total) for part in made.channels)
    if made.bias is not None:
        totals += f" + {_signed(made.bias)} (bias)"
    if len(made.channels) > 1 or made.bias is not None:
        totals += f" = {exact_text(made.exact)}"
    lines.append(f"  sum: {totals}")
    lines.append(f"  written by the engine, as the nearest float32: {_float(made.value)}")
    return "\n".join(lines + [_after_line(step) for step in explanation.after])


def _after_line(step: AfterStep) -> str:
    return (
        f"{step.name} at {place_text(step.at)}: {', '.join(map(_float, step.read))} -> "
        + _float(step.value)
    )


def _layer_cells(tap: LayerTap, border: str) -> list[str]:
    return [
        place_text(tap.tap),
        place_text(tap.position),
        exact_text(tap.pixel),
        exact_text(tap.weight),
        exact_text(tap.product),
        outside_text(tap.position, tap.source, border, (tap.pixel,)),
    ]


def _signed(number: Number) -> str:
    text = exact_text(number)
    return f"({text})" if number < 0 else text


def _float(value: float) -> str:
    return f"{value:.9g}"
