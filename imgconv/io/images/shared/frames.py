"""Animations by Pillow, each frame as it is seen."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image as Pillow

from imgconv.io.images.header import DamagedError, EncodingError, Header
from imgconv.io.images.picture import Image, Picture

_MODES = {"L": "L", "1": "L", "LA": "LA", "RGB": "RGB"}


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode frames, drawn over those before them as the file says."""
    frames: list[Image] = []
    try:
        with Pillow.open(io.BytesIO(data), formats=["WEBP"]) as file:
            for number in wanted:
                file.seek(number)
                if file.size != (header.width, header.height):
                    raise DamagedError("it decodes to another size than its header states")
                frames.append(_frame(file))
    except DamagedError:
        raise
    except Exception as error:
        # Pillow answers damage with whatever its parsers trip over.
        if not (salvage and frames):
            raise DamagedError(f"frame {len(frames) + 1} does not decode") from error
    return alike(frames)


def _frame(file: Pillow.Image) -> Image:
    seen = file.convert(_MODES.get(file.mode, "RGBA"))
    return np.array(seen)


def alike(frames: list[Image]) -> list[Image]:
    """Return all frames the same channels, and alpha only where some frame has any."""
    if any(frame.shape[2:] == (4,) for frame in frames):
        frames = [_with_alpha(frame) for frame in frames]
        if all((frame[..., 3] == 255).all() for frame in frames):
            return [np.ascontiguousarray(frame[..., :3]) for frame in frames]
    return frames


def _with_alpha(frame: Image) -> Image:
    return frame if frame.shape[2:] == (4,) else np.asarray(Pillow.fromarray(frame).convert("RGBA"))


def encode(
    format: str,
    picture: Picture,
    options: dict[str, object],
    convert: Callable[[Image], Pillow.Image] | None = None,
) -> bytes:
    """Encode frames with their delays; `options` are those of Pillow's format.

    Raises
    ------
    EncodingError
        When Pillow would not.
    """
    made = [(convert or _pillow)(page) for page in picture.pages]
    if len(made) > 1:
        delays = list(picture.delays) or [100] * len(made)
        options = {**options, "save_all": True, "append_images": made[1:], "duration": delays}
    else:
        options = {key: value for key, value in options.items() if key != "loop"}
    file = io.BytesIO()
    try:
        made[0].save(file, format, **options)
    except (OSError, ValueError) as error:
        raise EncodingError(str(error)) from None
    return file.getvalue()


def _pillow(image: Image) -> Pillow.Image:
    if image.dtype != np.uint8:
        raise EncodingError("animations have 8 bits")
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    return Pillow.fromarray(np.ascontiguousarray(image))
