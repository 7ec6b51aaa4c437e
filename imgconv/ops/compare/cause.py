"""A reason for a difference."""

from __future__ import annotations

from dataclasses import dataclass

UNDOABLE = frozenset(
    ("flip", "channel order", "offset", "shift", "gamma", "re-encoding", "border only")
)
"""Causes that are undone on the expected picture to see how much of the change they explain."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason that explains some of the pixels that differ.

    Attributes
    ----------
    name : str
        "rounding ties", "float32 sums", "DFT path", "truncation", "border", "flip", "anchor",
        "float64 sums", "clipping", a combination of two, "another filter", or "unexplained".
    pixels : int
        How many it explains that no cause before it does.
    evidence : str
        What was computed to find out.
    """

    name: str
    pixels: int
    evidence: str
