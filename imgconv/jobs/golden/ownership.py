"""Whose golden a record is: of this golden set, of another one, or of a test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from imgconv.io.storage import files
from imgconv.jobs.golden.store import GoldenStore
from imgconv.model.errors import ImgconvError

_GOLDENS = re.compile(rb"^goldens\s*:\s*[\"']?([^\"'#\r\n]+)", re.MULTILINE)
_MOST = 1 << 20


def own_names(store: GoldenStore, names: list[str]) -> list[str]:
    """Return which goldens are of the store's own set.

    A record of format 1 does not say whose it is; it is taken for another set's where it lies in
    the folder of goldens of another file, below the store or beside the set's own file.
    """
    others: list[Path] | None = None
    own = []
    for name in names:
        try:
            record = store.load(name)
            other = store.is_of_another(name, gone_too=True) is not None
        except ImgconvError:
            continue
        if record.owner is None:
            if others is None:
                others = list(_other_folders(store))
            place = store.path(name, "json").resolve()
            other = any(place.is_relative_to(folder) for folder in others)
        if not other:
            own.append(name)
    return own


def _other_folders(store: GoldenStore) -> Iterator[Path]:
    """Return the folders of goldens of other sets, as far as their files can be found."""
    owner = store.owner.resolve() if store.owner else None
    for path in _yaml_files(store):
        if path.resolve() == owner or files.stamp_of(path) is None:
            continue
        try:
            if path.stat().st_size > _MOST:
                continue
            found = _GOLDENS.search(path.read_bytes())
        except OSError:
            continue
        if found:
            text = os.fsdecode(found[1]).strip()
            folder = (path.parent / text).resolve() if "\0" not in text else path.parent
            if folder != store.folder.resolve():
                yield folder


def _yaml_files(store: GoldenStore) -> Iterator[Path]:
    for folder, inner, names in os.walk(store.folder):
        inner[:] = [name for name in inner if not name.startswith(".")]
        yield from (Path(folder) / name for name in names if name.endswith((".yaml", ".yml")))
    if store.owner is not None and store.owner.parent.is_dir():
        yield from (p for p in store.owner.parent.iterdir() if p.suffix in (".yaml", ".yml"))
