"""Folders written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from imgconv.io.storage.files import reason
from imgconv.model.errors import ImageWriteError, ImgconvError, OutputExistsError
from imgconv.system.durable import sync_folders


@contextlib.contextmanager
def folder_whole(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Return a folder that appears whole under its name when the block ends, or not at all.

    Raises
    ------
    OutputExistsError
        When something is there and `overwrite` is not given.
    ImageWriteError
        When it cannot be written; nothing is left behind.
    """
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{path} exists", hint="--overwrite replaces it")
    mark = os.urandom(6).hex()
    partial, old = (path.with_name(f".{path.name[:100]}.{mark}.{end}") for end in ("part", "old"))
    try:
        partial.mkdir()
        yield partial
        if path.exists():
            path.rename(old)
        partial.rename(path)
        sync_folders([path.parent])
    except OSError as error:
        if isinstance(error, ImgconvError):
            raise
        raise ImageWriteError(f"{path}: {reason(error)}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if old.exists() and not path.exists():
            old.rename(path)
        shutil.rmtree(old, ignore_errors=True)
