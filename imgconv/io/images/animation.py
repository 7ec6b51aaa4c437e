"""Animations from drawn frames, by Pillow."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_COLOURS = 192


def encode_animation(frames: Sequence[NDArray[Any]], kind: str, milliseconds: int) -> bytes:
    """Encode 8-bit RGB frames of one size as an endless animation.

    Parameters
    ----------
    frames : sequence of ndarray of uint8, shape (rows, columns, 3)
    kind : {"gif", "apng"}
        Both have one palette of 192 colours for all frames, so that only what changes is kept.
    milliseconds : int
        How long a frame is shown; the last one three times as long.
    """
    from PIL import Image

    samples = np.concatenate([frames[0], frames[len(frames) // 2], frames[-1]])
    palette = Image.fromarray(samples).quantize(_COLOURS)
    pictures = [
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    ]
    durations = [milliseconds] * (len(pictures) - 1) + [3 * milliseconds]
    data = io.BytesIO()
    pictures[0].save(
        data,
        format={"gif": "GIF", "apng": "PNG"}[kind],
        save_all=True,
        append_images=pictures[1:],
        duration=durations,
        loop=0,
        optimize=True,
    )
    return data.getvalue()
