"""Git LFS pointers: small texts that stand where a file has not been fetched yet."""

from __future__ import annotations

from imgconv.model.errors import ImageReadError

HINT = "run git lfs pull"
_BEGINS = b"version https://git-lfs.github.com/spec/"
_LONGEST = 1024


def is_pointer(data: bytes) -> bool:
    r"""Return whether the bytes of a file are a Git LFS pointer.

    Examples
    --------
    >>> is_pointer(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n")
    True
    """
    return len(data) <= _LONGEST and data.startswith(_BEGINS) and b"\noid sha256:" in data


def check_no_pointer(data: bytes, name: str) -> None:
    """Check that a file is there, and not only its pointer.

    Raises
    ------
    ImageReadError
    """
    if is_pointer(data):
        raise ImageReadError(f"{name}: this is a Git LFS pointer, not the file", hint=HINT)
