"""Animations by Pillow: GIF, APNG and animated WebP, each frame as it is seen."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow

from imgconv.io.images.codecs.opencv import EncodingError
from imgconv.io.images.headers.base import DamagedError, Header
from imgconv.io.images.picture import Encoding, Image, Picture

_MODES = {"L": "L", "1": "L", "LA": "LA", "RGB": "RGB"}


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode frames, drawn over those before them as the file says."""
    frames: list[Image] = []
    try:
        with Pillow.open(io.BytesIO(data), formats=["GIF", "PNG", "WEBP"]) as file:
            skipped = int(getattr(file, "default_image", False))  # seen only without animation
            for number in wanted:
                file.seek(number + skipped)
                if file.size != (header.width, header.height):
                    raise DamagedError("its size is not what it says")
                frames.append(_frame(file))
    except DamagedError:
        raise
    except Exception as error:
        # Pillow answers damage with whatever its parsers trip over.
        if not (salvage and frames):
            raise DamagedError(f"frame {len(frames) + 1} does not decode") from error
    return _alike(frames)


def _frame(file: Pillow.Image) -> Image:
    seen = file.convert(_MODES.get(file.mode, "RGBA"))
    pixels = np.array(seen)
    if seen.mode == "RGBA" and file.format == "GIF":
        pixels[pixels[..., 3] == 0] = 0  # it has no colour
    return pixels


def _alike(frames: list[Image]) -> list[Image]:
    """Return all frames the same channels, and alpha only where some frame has any."""
    if any(frame.shape[2:] == (4,) for frame in frames):
        frames = [_with_alpha(frame) for frame in frames]
        if all((frame[..., 3] == 255).all() for frame in frames):
            return [np.ascontiguousarray(frame[..., :3]) for frame in frames]
    return frames


def _with_alpha(frame: Image) -> Image:
    return frame if frame.shape[2:] == (4,) else np.asarray(Pillow.fromarray(frame).convert("RGBA"))


def encode(kind: str, picture: Picture, encoding: Encoding) -> bytes:
    """Encode frames with their delays."""
    frames = [_pillow(page, kind) for page in picture.pages]
    options: dict[str, object] = {}
    if len(frames) > 1:
        delays = list(picture.delays) or [100] * len(frames)
        options = {"save_all": True, "append_images": frames[1:], "duration": delays}
        if kind != "gif" or picture.loop != 1:
            options["loop"] = max(picture.loop - 1, 0) if kind == "gif" else picture.loop
    if kind == "webp":
        lossy = {"quality": encoding.quality}
        options |= lossy if encoding.quality else {"lossless": True, "exact": True}
    if kind == "gif":
        options |= {"disposal": 2, "optimize": False}
    if kind == "png" and (encoding.compression or "").isdigit():
        options["compress_level"] = int(encoding.compression or 0)
    file = io.BytesIO()
    try:
        frames[0].save(file, {"png": "PNG", "gif": "GIF", "webp": "WEBP"}[kind], **options)
    except (OSError, ValueError) as error:
        raise EncodingError(str(error)) from None
    return file.getvalue()


def _pillow(image: Image, kind: str) -> Pillow.Image:
    if image.dtype != np.uint8:
        raise EncodingError("animations have 8 bits")
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if kind != "gif":
        return Pillow.fromarray(np.ascontiguousarray(image))
    from imgconv.io.images.codecs.gif_palette import with_palette

    return with_palette(image)
