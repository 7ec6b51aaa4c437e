"""The record of a golden, and its validation: anybody may write the file."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imgconv.io.storage import files
from imgconv.model.errors import GoldenDamagedError

FORMAT = 1
SUFFIXES = ("png", "tiff")
"""Of the pictures."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*")
"""What a golden may be called."""
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class GoldenRecord:
    """The record of a golden.

    Attributes
    ----------
    pixels : str
        `pixel_hash` of the decoded picture.
    shape : tuple of int
    dtype, channels : str
    picture : str or None
        The name of its file, beside the record; None where only the hash was recorded.
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

    def as_text(self) -> str:
        """Return the text of the file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"


def read_record(path: Path) -> dict[str, Any]:
    """Read a file that is recognisably a record, whether or not all of it is right.

    Raises
    ------
    GoldenDamagedError
        When it is not a regular file, or no JSON object with ``format`` and ``pixels``.
    ImageReadError
        When it cannot be read.
    """
    if not path.is_file():
        raise GoldenDamagedError(f"{path}: it is not a regular file")
    data = None
    if path.stat().st_size <= _MOST:
        with contextlib.suppress(ValueError, RecursionError):
            data = json.loads(files.read_content(path).data)
    if not isinstance(data, dict) or not {"format", "pixels"} <= data.keys():
        raise GoldenDamagedError(f"{path}: not a golden record")
    return data


def read_golden_record(path: Path) -> GoldenRecord:
    """Read the record of a golden, and check the type of each field.

    Raises
    ------
    GoldenDamagedError
        When a field is missing or wrong.
    ImageReadError
        When the file cannot be read.
    """
    data = read_record(path)
    version = data.pop("format")
    if type(version) is not int or version != FORMAT:
        raise GoldenDamagedError(f"{path}: written by another version of imgconv")
    checks = {
        "pixels": _is_hash(data["pixels"]),
        "shape": _is_shape(data.get("shape")),
        "dtype": isinstance(data.get("dtype"), str),
        "channels": isinstance(data.get("channels"), str),
        "picture": data.get("picture", 0) is None or named_picture(path, data) is not None,
        "seal": data.get("seal", 0) is None or _is_hash(data.get("seal")),
        "environment": _is_texts(data.get("environment")),
    }
    wrong = [key for key, right in checks.items() if not right] + sorted(data.keys() - checks)
    if wrong:
        raise GoldenDamagedError(
            f"{path}: not a golden record: {wrong[0]!a:.60} is {_shown(data, wrong[0])}"
        )
    return GoldenRecord(**{**data, "shape": tuple(data["shape"])})


def named_picture(path: Path, data: Mapping[str, Any]) -> str | None:
    """Return the picture that a record names, if it is one that can belong to it."""
    picture = data.get("picture")
    known = [f"{path.name.removesuffix('.json')}.{suffix}" for suffix in SUFFIXES]
    return picture if isinstance(picture, str) and picture in known else None


def _shown(data: Mapping[str, Any], key: str) -> str:
    return f"{data[key]!a:.60}" if key in data else "missing"


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _is_shape(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (2, 3)
        and all(type(size) is int and size > 0 for size in value)
    )


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
