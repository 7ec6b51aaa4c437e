"""What a golden was made with: versions, codecs, CPU."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from functools import cache

from imgconv import __version__
from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.native import NativeEngine
from imgconv.engines.select import select_engine

_CODECS = ("ZLib", "JPEG", "WEBP", "PNG", "TIFF")
_STEP = "step "  # before the kind, in a record
_VERSION = re.compile(r"\(ver (.*)\)")


@cache
def environment() -> dict[str, str]:
    """Return versions of imgconv, OpenCV and its codecs, the engine and the CPU's level."""
    import numpy as np

    cv2 = load_cv2()
    engine = select_engine()
    level = engine.isas[0] if isinstance(engine, NativeEngine) else "plain"
    return {
        "imgconv": __version__,
        "engine": engine.name,
        "numpy": np.__version__,
        "opencv": str(cv2.__version__),
        **{f"codec {name.lower()}": version for name, version in _codecs().items()},
        "cpu": f"{platform.machine()} {level}",
        "system": platform.system(),
    }


def _codecs() -> dict[str, str]:
    """Read the codecs' versions from what OpenCV says of its build."""
    found = {}
    for line in load_cv2().getBuildInformation().splitlines():
        name, _, value = line.strip().partition(":")
        if name in _CODECS and name not in found:
            version = _VERSION.search(value)
            found[name] = version[1] if version else value.strip()
    return found


def inexact_steps(libraries: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return, for steps that are not exact, what computed them: ``"opencv 5.0.0"``.

    Parameters
    ----------
    libraries : mapping of str to tuple of str
        Kinds of steps, and their `Step.computed_by`.

    Examples
    --------
    >>> inexact_steps({"median": (), "guided": ("opencv",)})  # doctest: +ELLIPSIS
    {'step guided': 'not exact: opencv ...'}
    """
    now = environment()
    return {
        f"{_STEP}{kind}": "not exact: " + ", ".join(f"{name} {now[name]}" for name in names)
        for kind, names in libraries.items()
        if names
    }


def environment_changes(then: Mapping[str, str]) -> list[str]:
    """Describe what is not as it was when a golden was recorded.

    Steps that are not exact are left out: their libraries are named by themselves.

    Examples
    --------
    >>> environment_changes({**environment(), "opencv": "4.0.0"})  # doctest: +ELLIPSIS
    ['opencv 4.0.0 -> ...']
    """
    now = environment()
    keys = [key for key in then if not key.startswith(_STEP)]
    keys += [key for key in now if key not in then]
    return [
        f"{key} {then.get(key, 'not known')} -> {now.get(key, 'not known')}"
        for key in keys
        if then.get(key) != now.get(key)
    ]
