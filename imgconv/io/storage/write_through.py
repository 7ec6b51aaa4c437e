"""Write into a file that has several names, so that all of them show the new content.

No rename can do that, so a kill could leave half of the new content. Before the first byte is
written, the old and the new content lie beside each other, and a note says where they belong; the
next run finishes what is half written, and leaves what somebody wrote since.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from imgconv.io.storage.base import OutputPlacement
from imgconv.io.storage.files import Identity, changed_error
from imgconv.system import durable
from imgconv.system.attributes import copy_attribute, set_times
from imgconv.system.durable import flush
from imgconv.system.folder import Folder
from imgconv.system.reading import write_at

NOTE = ".redo"
"""Suffix of the note beside the staged output."""
OLD = ".old"
_PIECE = 1 << 20


def write_through(
    placement: OutputPlacement, parts: Folder, folder: Folder, backup: str, mark: str
) -> None:
    """Write a staged output into the file that it replaces, which keeps its other names.

    Parameters
    ----------
    placement : OutputPlacement
    parts, folder : Folder
        The folders of the staged output and of the file.
    backup : str
        Suffix of the name that gets the old content; "" for none.
    mark : str
        Extended attribute of the staged output that the file gets.

    Raises
    ------
    ImageWriteError
        When the file is another one, or was changed.
    OSError
        When it cannot be written.
    """
    name, part = placement.key.rpartition("/")[2], placement.staged.name
    expected = placement.expected
    assert expected is not None
    target = folder.open(name, os.O_RDWR)
    try:
        new = _content(part, parts)
        _write_new(part + OLD, parts, _content(name, folder))
        note = {"key": placement.key, "device": expected.device, "inode": expected.inode}
        _write_new(part + NOTE, parts, json.dumps(note).encode())
        parts.sync()
        if Identity.of(os.fstat(target)) != expected:
            raise changed_error(placement.key)
        staged = parts.stat(part)
        _overwrite(target, new)
        set_times(target, folder, name, staged)
        _copy_mark(part, parts, target, mark)
        if backup:
            durable.rename_new(part + OLD, name + backup, parts, folder)
    finally:
        os.close(target)
        for suffix in (NOTE, OLD, ""):  # the note first: without it nothing is done again
            with contextlib.suppress(FileNotFoundError):
                parts.unlink(part + suffix)


def finish_killed_writes(parts: Path, root: Path) -> None:
    """Finish what runs had half written when they were killed.

    Parameters
    ----------
    parts : Path
        Folder of staged outputs and notes.
    root : Path
        Folder of the outputs.
    """
    for note in sorted(parts.glob(f"*{NOTE}")):
        part = note.with_suffix("")
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(note.read_bytes())
            new = part.read_bytes()
            old = part.with_name(part.name + OLD).read_bytes()
            key = str(told["key"])
            with Folder(os.fspath((root / key).parent), follow=True) as folder:
                target = folder.open(Path(key).name, os.O_RDWR)
            try:
                status = os.fstat(target)
                same = (status.st_dev, status.st_ino) == (told["device"], told["inode"])
                if same and _is_half_written(_read(target), old, new):
                    _overwrite(target, new)
            finally:
                os.close(target)


def _is_half_written(current: bytes, old: bytes, new: bytes) -> bool:
    """Return whether content is the new one up to some byte, and the old one from there on.

    Examples
    --------
    >>> _is_half_written(b"NEWold", b"oldold", b"NEWNEWNEW")
    True
    >>> _is_half_written(b"edited", b"oldold", b"NEWNEWNEW")
    False
    """
    import numpy as np

    count = min(len(current), len(new))
    same = np.frombuffer(current, np.uint8, count) == np.frombuffer(new, np.uint8, count)
    written = count if same.all() else int(np.argmin(same))
    return current[written:] == old[written : len(current)]


def _overwrite(target: int, data: bytes) -> None:
    at = 0
    while at < len(data):
        at += write_at(target, data[at : at + _PIECE], at)
    os.ftruncate(target, len(data))
    flush(target)


def _content(name: str, folder: Folder) -> bytes:
    source = folder.open(name, os.O_RDONLY)
    try:
        return _read(source)
    finally:
        os.close(source)


def _read(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        return file.read()


def _write_new(name: str, folder: Folder, data: bytes) -> None:
    target = folder.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(target, rest) :]
        flush(target)
    finally:
        os.close(target)


def _copy_mark(part: str, parts: Folder, target: int, mark: str) -> None:
    """Copy an extended attribute, where the file system keeps them."""
    source = parts.open(part, os.O_RDONLY)
    try:
        copy_attribute(source, target, mark)
    finally:
        os.close(source)
