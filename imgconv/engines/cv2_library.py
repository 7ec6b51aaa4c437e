"""Load OpenCV when it is needed; a module of its own, which loads nothing else."""

from __future__ import annotations

import contextlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

from imgconv.model.errors import MissingDependencyError


def load_cv2() -> ModuleType:
    """Import OpenCV, or say what the system lacks.

    Raises
    ------
    MissingDependencyError
        When the shared libraries that the wheel needs are not on the system, or its files are gone.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingDependencyError(
            f"OpenCV cannot be loaded: {error}",
            hint="on Debian and Ubuntu: apt-get install libgl1 libglib2.0-0; or replace "
            "opencv-python by opencv-python-headless",
        ) from None
    if not hasattr(cv2, "filter2D"):
        raise MissingDependencyError(
            "OpenCV cannot be loaded: its files are gone, as after pip uninstall of another of its "
            "packages, which installs the same files",
            hint="pip uninstall opencv-python, then pip install opencv-python",
        )
    return cv2


def cv2_version() -> str:
    """Return OpenCV's version; where its wheel says it in a file, without the time to load it."""
    spec = importlib.util.find_spec("cv2")
    if spec is not None and spec.submodule_search_locations:
        for folder in spec.submodule_search_locations:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                text = Path(folder, "version.py").read_text()
                if found := re.search(r'^opencv_version = "([^"]+)"', text, re.MULTILINE):
                    return found[1]
    return str(load_cv2().__version__)
