"""Functions of the system's own libraries that Python does not have."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


@cache
def c_function(name: str) -> Any:
    """Return a function of the C library, or None where it has none of this name."""
    try:
        return getattr(ctypes.CDLL(None, use_errno=True), name)
    except (AttributeError, OSError, TypeError):
        return None


@cache
def windows_function(library: str, name: str) -> Any:
    """Return a function of a library of Windows, or None where there is none."""
    load = getattr(ctypes, "WinDLL", None)
    if load is None:
        return None
    try:
        return getattr(load(library, use_last_error=True), name)
    except (AttributeError, OSError):
        return None


def windows_error() -> int:
    """Return the number of the error of the last function of Windows."""
    number: int = getattr(ctypes, "get_last_error", int)()
    return number
