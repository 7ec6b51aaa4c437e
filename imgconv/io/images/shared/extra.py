"""The libraries of the extra ``formats``, which are imported where they are used."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from imgconv.io.images.header import NotSupportedError

HINT = "pip install 'imgconv[formats]'"


def has(library: str) -> bool:
    """Return whether a library is installed."""
    return find_spec(library) is not None


def load(library: str, layout: str) -> Any:
    """Import a library that decodes a layout.

    Raises
    ------
    NotSupportedError
        When it is not installed.
    """
    try:
        return import_module(library)
    except (ImportError, OSError):
        raise NotSupportedError(
            f"{layout} without {library}, of the extra 'formats'", HINT
        ) from None
