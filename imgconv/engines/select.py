"""Choose the engine that computes the sums."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from imgconv.engines.base import Engine
from imgconv.engines.native import NativeEngine, load_core
from imgconv.model.errors import ArgumentError, MissingDependencyError

_NOTE = Path(__file__).parents[1] / "_native" / "not_built.txt"
HOW_TO_BUILD = "install a C++ compiler (Debian: apt-get install g++) and install imgconv again"


def select_engine() -> Engine:
    """Return the fastest exact engine that this installation has.

    ``IMGCONV_ENGINE`` names one instead: native or reference.

    Raises
    ------
    ArgumentError
        When it names none of these.
    MissingDependencyError
        When it names the native engine, and that was not built.
    """
    wanted = os.environ.get("IMGCONV_ENGINE", "")
    if wanted not in ("", "native", "reference"):
        raise ArgumentError(
            f"IMGCONV_ENGINE is {wanted!r}, which is not an engine",
            hint="choose native or reference",
        )
    native = None if wanted == "reference" else native_engine()
    if wanted == "native" and native is None:
        raise MissingDependencyError(
            f"the native core is missing: {missing_reason()}",
            hint=HOW_TO_BUILD,
        )
    return native or _reference_engine()


@cache
def native_engine() -> NativeEngine | None:
    """Return the native engine, or None where its core was not built."""
    core = load_core()
    return None if core is None else NativeEngine(core)


@cache
def _reference_engine() -> Engine:
    from imgconv.engines.reference import ReferenceEngine

    return ReferenceEngine()


def missing_reason() -> str:
    """Return why the installation has no native core, as its build has noted it."""
    try:
        return _NOTE.read_text("utf-8").strip()
    except OSError:
        return "it was not built"


def native_is_missing() -> bool:
    """Return whether the native core was not built, and no other engine was asked for."""
    return not os.environ.get("IMGCONV_ENGINE") and native_engine() is None


def describe_engine() -> str:
    """Return the engine's name with its instruction set, or why it is not the native one."""
    engine = select_engine()
    if isinstance(engine, NativeEngine):
        return f"native ({engine.isa}; this CPU has {', '.join(engine.isas)})"
    if native_engine() is None:
        return f"reference, slow: the native core is missing: {missing_reason()}"
    return "reference, slow: IMGCONV_ENGINE asks for it"
