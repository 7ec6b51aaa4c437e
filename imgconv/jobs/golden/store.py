"""Where goldens are kept: for each name a file of facts and, unless left out, a lossless picture.

Facts decide, and they are about pixels, never about file bytes: a picture that a tool packs
smaller, without changing a pixel, is the same golden.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.io.images import image_files
from imgconv.io.images.formats import format_for
from imgconv.io.storage import files
from imgconv.jobs.golden.environment import environment
from imgconv.model.errors import GoldenDamagedError, GoldenMissingError, ImageReadError
from imgconv.model.output import Depth

Image = NDArray[Any]
FORMAT = 1
_CHANNELS = {1: "gray", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a golden.

    Attributes
    ----------
    pixels : str
        `pixel_hash` of the decoded picture.
    shape : tuple of int
    dtype, channels : str
    picture : str or None
        The name of its file, beside the facts; None where only the hash was recorded.
    seal : str or None
        A hash of `pixels` and the picture file's bytes together. While it fits, the picture need
        not be decoded to know that it is the recorded one.
    environment : dict
    """

    pixels: str
    shape: tuple[int, ...]
    dtype: str
    channels: str
    picture: str | None
    seal: str | None
    environment: dict[str, str]


def pixel_hash(image: Image) -> str:
    """Hash pixels with their shape, type and channel order (SHA-256, little-endian rows).

    Examples
    --------
    >>> pixel_hash(np.zeros((2, 3), np.uint8))[:23]
    'sha256:ab7a836094cc9c14'
    """
    head = f"imgconv pixels 1\n{_shape_words(image)}\n"
    digest = hashlib.sha256(head.encode())
    digest.update(np.ascontiguousarray(image, image.dtype.newbyteorder("<")).data)
    return f"sha256:{digest.hexdigest()}"


def _shape_words(image: Image) -> str:
    shape = " ".join(map(str, image.shape))
    return f"{shape} {Depth.of(image.dtype).dtype} {channel_order(image)}"


def channel_order(image: Image) -> str:
    """Name the channels in their order."""
    count = 1 if image.ndim == 2 else image.shape[2]
    return _CHANNELS.get(count, str(count))


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of goldens."""

    folder: Path

    def names(self) -> list[str]:
        """Return the names of all that is here, pictures without facts included."""
        found = {
            path.relative_to(self.folder).with_suffix("").as_posix()
            for suffix in ("json", "png", "tiff")
            for path in self.folder.rglob(f"*.{suffix}")
            if path.is_file()
        }
        return sorted(name for name in found if not Path(name).name.startswith("."))

    def facts(self, name: str) -> Facts:
        """Read what is known of a golden.

        Raises
        ------
        GoldenMissingError
            When it was never recorded.
        GoldenDamagedError
            When its file of facts is not one.
        """
        path = self.path(name, "json")
        if not path.is_file():
            raise GoldenMissingError(f"{name}: no golden is recorded ({path})")
        try:
            data = json.loads(files.read_bytes(path))
            if data.pop("format") != FORMAT:
                raise GoldenDamagedError(f"{path}: written by another version of imgconv")
            return Facts(**{**data, "shape": tuple(data["shape"])})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, GoldenDamagedError):
                raise
            raise GoldenDamagedError(f"{path}: no facts of a golden stand here") from None

    def verify(self, name: str, facts: Facts) -> None:
        """Check that the picture is the recorded one.

        Raises
        ------
        GoldenDamagedError
            When its pixels are not those of the recorded hash, or it is gone.
        """
        if facts.picture is not None:
            data = self._picture_bytes(name, facts)
            if _seal(facts.pixels, data) != facts.seal:
                self._decoded(name, facts, data)

    def picture(self, name: str, facts: Facts) -> Image | None:
        """Return the recorded picture, or None where only its hash was recorded (see `verify`)."""
        if facts.picture is None:
            return None
        return self._decoded(name, facts, self._picture_bytes(name, facts))

    def _picture_bytes(self, name: str, facts: Facts) -> bytes:
        path = self.path(name, "json").with_name(Path(str(facts.picture)).name)
        try:
            return files.read_bytes(path)
        except ImageReadError as error:
            raise GoldenDamagedError(f"{error}; the golden's picture is gone", _TAMPERED) from None

    def _decoded(self, name: str, facts: Facts, data: bytes) -> Image:
        shown = f"{self.folder.name}/{name}"
        try:
            image = image_files.decode(data, shown)
        except ImageReadError as error:
            said = f"the golden's picture is damaged: {error}"
            raise GoldenDamagedError(said, _TAMPERED) from None
        if pixel_hash(image) != facts.pixels:
            raise GoldenDamagedError(
                f"{shown}: the golden was tampered with: its picture does not match the recorded "
                "hash",
                _TAMPERED,
            )
        return image

    def record(self, name: str, image: Image, *, hash_only: bool = False) -> Facts:
        """Put a picture in place of what is recorded, if anything is.

        Each file appears whole or not at all, the picture first.

        Raises
        ------
        ImageWriteError
            When it cannot be written.
        """
        pixels, picture, seal = pixel_hash(image), None, None
        target = self.path(name, "json")
        files.make_folder(target.parent)
        if not hash_only:
            suffix = "png" if Depth.of(image.dtype) in (Depth.U8, Depth.U16) else "tiff"
            path = self.path(name, suffix)
            data = image_files.encode(image, format_for(suffix, None), str(path))
            picture, seal = path.name, _seal(pixels, data)
            files.write_whole(path, data, overwrite=True)
        dtype = Depth.of(image.dtype).dtype
        order = channel_order(image)
        facts = Facts(pixels, image.shape, dtype, order, picture, seal, environment())
        text = json.dumps({"format": FORMAT, **asdict(facts)}, indent=2) + "\n"
        files.write_whole(target, text.encode(), overwrite=True)
        self._forget_pictures(name, picture)
        return facts

    def remove(self, name: str) -> None:
        """Delete a golden."""
        files.delete(self.path(name, "json"))
        self._forget_pictures(name, None)

    def _forget_pictures(self, name: str, kept: str | None) -> None:
        for suffix in ("png", "tiff"):
            path = self.path(name, suffix)
            if path.name != kept:
                files.delete(path)

    def path(self, name: str, suffix: str) -> Path:
        """Return the path of one of a golden's files."""
        return self.folder / f"{name}.{suffix}"


def _seal(pixels: str, data: bytes) -> str:
    digest = hashlib.sha256(pixels.encode())
    digest.update(data)
    return f"sha256:{digest.hexdigest()}"


_TAMPERED = "restore it from version control, or take the new result by imgconv golden accept"
