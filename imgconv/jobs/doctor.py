"""Facts about this installation."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from typing import Any

from imgconv import __version__
from imgconv.engines.cpus import usable_cpus
from imgconv.engines.opencv import load_cv2
from imgconv.engines.select import describe_engine
from imgconv.io.bank import KernelBank, built_in_directory
from imgconv.io.formats import FORMATS
from imgconv.model.errors import ImgconvError

_LIBRARIES = ("numpy", "opencv-python", "scikit-image", "click", "PyYAML")


def examine() -> dict[str, Any]:
    """Collect versions, codecs, engine and bank; `missing` lists what does not work."""
    missing: list[str] = []
    return {
        "imgconv": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "cpus": usable_cpus(),
        "engine": describe_engine(),
        "codecs": _codecs(missing),
        "kernels": _bank(missing),
        "missing": missing,
    }


def _version(distribution: str) -> str:
    for name in (distribution, f"{distribution}-headless"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "not installed"


def _codecs(missing: list[str]) -> dict[str, str]:
    try:
        cv2 = load_cv2()
    except ImgconvError as error:
        missing.append(f"{error} ({error.hint})")
        return {}
    codecs = {}
    for known in FORMATS:
        writes = cv2.haveImageWriter(f"x{known.suffixes[0]}")
        depths = "|".join(depth.value for depth in known.depths)
        codecs[known.name] = depths if writes else "missing"
        if not writes:
            missing.append(f"OpenCV writes no {known.name}")
    return codecs


def _bank(missing: list[str]) -> str:
    try:
        count = len(KernelBank.standard())
    except ImgconvError as error:
        missing.append(str(error))
        return "unreadable"
    return f"{count} in {built_in_directory()}"
