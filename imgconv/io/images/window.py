"""Pictures in windows on the screen, through OpenCV."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.errors import MissingDependencyError
from imgconv.ops.draw.view import eight_bits

_DISPLAY = re.compile(r"(?P<host>[^:]*):(?P<number>\d+)(?:\.\d+)?")
_LARGEST = (1400, 900)
_POLL = 50  # milliseconds


def check_display() -> None:
    """Check that a window can be opened; OpenCV ends the process where it cannot.

    Raises
    ------
    MissingDependencyError
        When there is no display, or it does not answer, or OpenCV was built without windows.
    """
    hint = "run it on a desktop or under ssh -X; without --show all else is done"
    if sys.platform.startswith("linux"):
        display = os.environ.get("DISPLAY", "")
        if not display:
            raise MissingDependencyError("--show needs a display, and DISPLAY is not set", hint)
        if not _answers(display):
            raise MissingDependencyError(f"the display {display} does not answer", hint)
    cv2 = load_cv2()
    if cv2.currentUIFramework() == "":
        raise MissingDependencyError(
            "this OpenCV opens no windows", hint="replace opencv-python-headless by opencv-python"
        )


def show(pictures: Mapping[str, NDArray[Any]]) -> None:
    """Show pictures in windows until a key is pressed or one of them is closed.

    Parameters
    ----------
    pictures : mapping
        Titles to images of any depth, gray, RGB or RGBA.
    """
    cv2 = load_cv2()
    left = 20
    for title, image in pictures.items():
        picture = _for_the_screen(image)
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        cv2.resizeWindow(title, picture.shape[1], picture.shape[0])
        cv2.moveWindow(title, left, 40)
        cv2.imshow(title, picture)
        left += picture.shape[1] + 20
    try:
        while cv2.waitKey(_POLL) < 0 and all(map(_is_open, pictures)):
            pass
    finally:
        cv2.destroyAllWindows()


def _is_open(title: str) -> bool:
    cv2 = load_cv2()
    return bool(cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) >= 1)


def _for_the_screen(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return BGR that is no larger than a screen; `imshow` would rescale 16 bits its own way."""
    cv2 = load_cv2()
    picture = eight_bits(image)
    if picture.ndim == 3:
        picture = picture[..., 2::-1] if picture.shape[2] > 1 else picture[..., 0]
    rows, columns = picture.shape[:2]
    scale = min(1, _LARGEST[0] / columns, _LARGEST[1] / rows)
    size = max(1, int(columns * scale)), max(1, int(rows * scale))
    shown: NDArray[np.uint8] = cv2.resize(
        np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA
    )
    return shown


def _answers(display: str) -> bool:
    match = _DISPLAY.fullmatch(display)
    if match is None:
        return True  # a form that only the X library knows
    host, number = match["host"], int(match["number"])
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        return any(_connects(socket.AF_UNIX, address) for address in (f"\0{path}", path))
    return _connects(socket.AF_INET, (host, 6000 + number))


def _connects(family: int, address: Any) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(address)
        except OSError:
            return False
    return True
