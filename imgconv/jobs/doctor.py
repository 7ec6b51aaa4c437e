"""Facts about this installation."""

from __future__ import annotations

import contextlib
import platform
import sys
from importlib import metadata
from typing import Any

from imgconv import __version__
from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.select import HOW_TO_BUILD, describe_engine, native_is_missing
from imgconv.io.images.formats import FORMATS
from imgconv.io.images.shared import extra
from imgconv.io.kernels.bank import KernelBank, built_in_directory
from imgconv.io.kernels.spec import load_kernel
from imgconv.model.errors import ImgconvError
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.ops.linear.plans import describe_plans
from imgconv.system.cpus import usable_cpus

_LIBRARIES = (
    *("numpy", "opencv-python", "scikit-image", "click", "PyYAML"),
    *("Pillow", "simplejpeg", "tifffile", "rich"),
)
_FLAVOURS = (
    *("opencv-python", "opencv-contrib-python"),
    *("opencv-python-headless", "opencv-contrib-python-headless"),
)
_EXTRAS = {
    "formats": ("imagecodecs", "pillow-heif", "OpenEXR"),
    "huge": ("zarr", "pyvips"),
    "remote": ("fsspec", "s3fs"),
    "cluster": ("distributed",),
}
_EXAMPLES = ("sharpen", "small_blur", "gaussian:sigma=3", "disk:25")


def examine() -> dict[str, Any]:
    """Collect versions, codecs, engine and bank; `missing` lists what does not work."""
    missing: list[str] = []
    return {
        "imgconv": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "opencv": _opencv(),
        "cpus": usable_cpus(),
        "engine": _engine(missing),
        "paths": _paths(),
        "codecs": _codecs(missing),
        "extras": {name: _extra(needs) for name, needs in _EXTRAS.items()},
        "kernels": _bank(missing),
        "missing": missing,
    }


def _engine(missing: list[str]) -> str:
    if native_is_missing():
        missing.append(f"the native core was not built ({HOW_TO_BUILD})")
    return describe_engine()


def _version(distribution: str) -> str:
    if distribution == "opencv-python":
        return next(iter(_installed_flavours().values()), "not installed")
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _installed_flavours() -> dict[str, str]:
    """Return the distributions that install OpenCV, with their versions."""
    found = {}
    for name in _FLAVOURS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _opencv() -> str:
    """Name the distribution of OpenCV, or say which ones overwrite each other."""
    found = [f"{name} {version}" for name, version in _installed_flavours().items()]
    if len(found) < 2:
        return found[0] if found else "of no package that pip knows"
    return (
        f"{' and '.join(found)} overwrite each other's files: pip uninstall "
        f"{' '.join(_installed_flavours())}, then install one of them"
    )


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
        if known.library:
            there = extra.has(known.library)
            codecs[known.name] = depths if there else "pip install 'imgconv[formats]'"
            continue
        if not known.writes:
            codecs[known.name] = f"{depths} (read only)"
            continue
        codecs[known.name] = depths if writes else "missing"
        if not writes:
            missing.append(f"OpenCV writes no {known.name}")
    return codecs


def _paths() -> dict[str, str]:
    """Describe how some kernels are done on 8-bit gray of 12 MP."""
    bank = KernelBank([built_in_directory()])
    recipes = [Recipe(steps=(load_kernel(name, bank),)) for name in _EXAMPLES]
    plans = [describe_plans(recipe, (3000, 4000), Depth.U8) for recipe in recipes]
    return dict(plan[0].split(": ", 1) for plan in plans)


def _extra(needs: tuple[str, ...]) -> str:
    absent = [name for name in needs if _version(name) == "not installed"]
    return "not installed" if absent else "installed"


def _bank(missing: list[str]) -> str:
    try:
        count = len(KernelBank.standard())
    except ImgconvError as error:
        missing.append(str(error))
        return "unreadable"
    return f"{count} in {built_in_directory()}"
