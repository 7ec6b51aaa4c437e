"""Make the charts of this folder: small pictures whose filtered values are known.

Run it as ``python sample_images/make_charts.py [FOLDER]``; a test checks that the files here are
what it makes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.generic]
SIDE = 128


def charts() -> dict[str, Image]:
    """Give every chart by its file name; colour is RGB or RGBA."""
    ramp = np.arange(SIDE)
    return {
        "checkerboard.png": np.uint8(255)
        * ((ramp[:, None] // 16 + ramp // 16) % 2).astype(np.uint8),
        "gradient.png": np.broadcast_to((2 * ramp).astype(np.uint8), (SIDE, SIDE)),
        "gradient_16bit.png": np.broadcast_to((ramp * 516).astype(np.uint16), (SIDE, SIDE)),
        "one_pixel.png": np.array([[200]], np.uint8),
        "rgba_disk.png": _rgba_disk(),
        "step_edge.png": np.broadcast_to(
            np.where(ramp < SIDE // 2, 50, 200).astype(np.uint8), (SIDE, SIDE)
        ),
        "text.png": _text(),
        "zone_plate.png": _zone_plate(),
    }


def _zone_plate() -> Image:
    """Draw rings whose frequency grows with the radius, to half a cycle a pixel at the sides."""
    axis = np.arange(2 * SIDE) - SIDE + 0.5
    phase = np.pi / (2 * SIDE) * (axis[:, None] ** 2 + axis**2)
    return np.rint(127.5 + 127.5 * np.cos(phase)).astype(np.uint8)


def _rgba_disk() -> Image:
    """Draw an orange disk on transparent green, so that colour bleeding shows."""
    axis = np.arange(SIDE) - SIDE / 2 + 0.5
    inside = np.clip(48.5 - np.hypot(axis[:, None], axis), 0, 1)
    image = np.zeros((SIDE, SIDE, 4), np.uint8)
    image[...] = (0, 255, 0, 0)
    image[inside > 0, :3] = (255, 128, 0)
    image[..., 3] = np.rint(255 * inside)
    return image


def _text() -> Image:
    image = np.full((SIDE, 2 * SIDE), 255, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    for line, scale in enumerate((0.4, 0.6, 0.9, 1.2)):
        place = (6, (20, 42, 74, 114)[line])
        cv2.putText(image, "Filter 12345", place, font, scale, 0, 1, cv2.LINE_AA)
    return image


def main(folder: Path) -> None:
    """Write every chart."""
    for name, image in charts().items():
        bgr = image[..., [2, 1, 0, 3][: image.shape[2]]] if image.ndim == 3 else image
        cv2.imwrite(str(folder / name), np.ascontiguousarray(bgr))
        print(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
