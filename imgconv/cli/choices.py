"""Choices of options, and how a help text writes them."""

from __future__ import annotations

from imgconv.model.steps.methods import Gray, ThresholdMethod

GRAYS = [method.value for method in Gray]
METHODS = [method.value for method in ThresholdMethod]


def one_of(choices: list[str]) -> str:
    """Write choices for a help text.

    Examples
    --------
    >>> one_of(["same", "valid", "full"])
    'same, valid or full'
    """
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
