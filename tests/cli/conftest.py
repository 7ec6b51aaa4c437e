"""What the tests of the commands share."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.golden_sets import SET


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """Give a user's bank file with a kernel `edge` and a kernel `soft`."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        "kernels:\n"
        "  edge:\n    description: Difference to the left.\n    weights: [[-1, 1]]\n"
        "    anchor: [0, 1]\n"
        "  soft:\n    description: Mean of three in a row.\n    weights: ones 1 3\n"
        "    scale: 1/3\n"
    )
    return path


@pytest.fixture
def golden_set(tmp_path: Path, photo: Path) -> Path:
    """Give a golden set of two cases, not recorded yet."""
    path = tmp_path / "golden.yaml"
    path.write_text(SET)
    return path
