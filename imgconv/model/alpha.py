"""What becomes of alpha."""

from __future__ import annotations

from enum import Enum


class Alpha(Enum):
    """How the kernels of a recipe treat transparency."""

    AUTO = "auto"
    """What cannot be seen has no influence: colours count as much as they are opaque. A kernel
    whose weights sum to zero, and a set, leaves alpha as it was."""
    KEEP = "keep"
    """Colours are filtered as if all were opaque, and alpha stays as it was."""
    FILTER = "filter"
    """Alpha is filtered as the colours are, a channel like any other."""
