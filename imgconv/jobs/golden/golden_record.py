"""The record of a golden, and its validation: anybody may write the file."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imgconv.io.images import lfs
from imgconv.io.storage import files
from imgconv.model.errors import GoldenDamagedError

FORMATS = (1, 2)
"""Format 2 has ``owner``, ``recipe`` and ``input`` beside what format 1 has."""
SUFFIXES = ("png", "tiff")
"""Of the pictures."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*")
"""What a golden may be called."""
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class RecipeRecord:
    """The recipe, or the command, that made a golden.

    Attributes
    ----------
    hash : str
        Of all that happens to the pixels.
    text : str
        For words on what changed.
    """

    hash: str
    text: str


@dataclass(frozen=True, slots=True)
class InputRecord:
    """The input that a golden was made of.

    Attributes
    ----------
    path : str
        Relative to the folder of the golden set.
    file : str
        A hash of the file's bytes.
    pixels : str
        `pixel_hash` of what was decoded.
    """

    path: str
    file: str
    pixels: str


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
        Empty for a picture that was adopted.
    owner : str or None
        The file of the golden set or of the test, relative to the folder of the record; None in
        records of format 1.
    recipe : RecipeRecord or None
    input : InputRecord or None
    """

    pixels: str
    shape: tuple[int, ...]
    dtype: str
    channels: str
    picture: str | None
    seal: str | None
    environment: dict[str, str]
    owner: str | None = None
    recipe: RecipeRecord | None = None
    input: InputRecord | None = None

    def as_text(self) -> str:
        """Return the text of the file."""
        data = asdict(self)
        newer = ("owner", "recipe", "input")
        version = 2 if any(data[key] is not None for key in newer) else 1
        if version == 1:
            data = {key: value for key, value in data.items() if key not in newer}
        return json.dumps({"format": version, **data}, indent=2) + "\n"


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
        text = files.read_content(path).data
        if lfs.is_pointer(text):
            raise GoldenDamagedError(f"{path}: this is a Git LFS pointer, not the file", lfs.HINT)
        with contextlib.suppress(ValueError, RecursionError):
            data = json.loads(text)
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
    if type(version) is not int or version not in FORMATS:
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
    if version == 2:
        checks |= {
            "owner": data.get("owner", 0) is None or _is_path(data.get("owner")),
            "recipe": data.get("recipe", 0) is None or _has(data["recipe"], RecipeRecord),
            "input": data.get("input", 0) is None or _is_input(data["input"]),
        }
    wrong = [key for key, right in checks.items() if not right] + sorted(data.keys() - checks)
    if wrong:
        raise GoldenDamagedError(
            f"{path}: not a golden record: {wrong[0]!a:.60} is {_shown(data, wrong[0])}"
        )
    recipe, source = data.pop("recipe", None), data.pop("input", None)
    return GoldenRecord(
        **{**data, "shape": tuple(data["shape"])},
        recipe=recipe and RecipeRecord(**recipe),
        input=source and InputRecord(**source),
    )


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


def _is_path(value: Any) -> bool:
    """Return whether a value can be a path: text that the system takes."""
    if not isinstance(value, str) or not value or "\0" in value:
        return False
    with contextlib.suppress(UnicodeEncodeError):
        return len(value.encode("utf-8", "surrogateescape")) < 4096
    return False


def _has(value: Any, kind: type) -> bool:
    """Return whether a value has the fields of a class, all of them text."""
    return _is_texts(value) and value.keys() == set(kind.__slots__)  # type: ignore[attr-defined]


def _is_input(value: Any) -> bool:
    return (
        _has(value, InputRecord)
        and _is_path(value["path"])
        and _is_hash(value["file"])
        and _is_hash(value["pixels"])
    )
