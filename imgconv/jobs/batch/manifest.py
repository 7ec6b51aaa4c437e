"""The manifest: one row per input, in lines of JSON that are written before the output's name is.

A row says what its output is *going to be*: it is on the disk before the output gets its name. So
whatever moment a run dies at, every output with a name has a row with its hash, and the next run
can tell its own work from other people's files.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from imgconv.io.storage import json_lines
from imgconv.io.storage.base import Storage
from imgconv.io.storage.files import Stamp

_SHARD = re.compile(r"manifest(-\d+-of-\d+)[-.]")


class ManifestRow(NamedTuple):
    """What happened to one input.

    Attributes
    ----------
    target, source : str
        Relative paths; `target` is what a row is known by.
    status : str
        ok, failed or skipped.
    input_size, input_mtime_ns, input_sha256
        Of the input as it was read.
    output_size, output_mtime_ns, output_sha256
    recipe : str
        Hash of all that is done, the weights of every kernel included.
    engine : str
        Versions of imgconv and OpenCV, and the engine's name.
    clipped_share, seconds, finished : float
        `finished` is in seconds since 1970.
    error, message : str
        Class and words of a failure.
    final : bool
        Whether it would fail again: the reason lies in the picture.
    notes : sequence of str
        What was converted, lost or salvaged.
    input_version : str
        What tells of a file behind a URL that it changed.
    """

    target: str
    source: str
    status: str
    input_size: int = 0
    input_mtime_ns: int = 0
    input_sha256: str = ""
    output_size: int = 0
    output_mtime_ns: int = 0
    output_sha256: str = ""
    recipe: str = ""
    engine: str = ""
    clipped_share: float = 0
    seconds: float = 0
    finished: float = 0
    error: str = ""
    message: str = ""
    final: bool = False
    notes: tuple[str, ...] = ()
    input_version: str = ""

    @property
    def input(self) -> Stamp:
        """The input's stamp."""
        return Stamp(self.input_size, self.input_mtime_ns)

    @property
    def output(self) -> Stamp:
        """The output's stamp."""
        return Stamp(self.output_size, self.output_mtime_ns)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data, without what says nothing."""
        return {
            key: value
            for key, value in self._asdict().items()
            if value != self._field_defaults.get(key)
        }


_FIELDS = frozenset(ManifestRow._fields)


class Manifest:
    """Rows of earlier runs into a folder.

    Parameters
    ----------
    lines : iterable of bytes

    Attributes
    ----------
    rows : dict
        The newest row of each output.
    earlier : dict
        Hashes that its older rows, not yet removed, have for an output.
    superseded, damaged : int
        How many rows were older than another, and how many lines were not rows.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.rows: dict[str, ManifestRow] = {}
        self.earlier: dict[str, list[str]] = {}
        self.superseded = self.damaged = 0
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        row = parse_row(line)
        if row is None:
            self.damaged += 1
            return
        known = self.rows.get(row.target)
        if known is not None:
            self.superseded += 1
            old, row = sorted((known, row), key=lambda row: row.finished)
            if old.output_sha256:
                self.earlier.setdefault(row.target, []).append(old.output_sha256)
        self.rows[row.target] = row

    def hashes(self, target: str) -> tuple[str, ...]:
        """Return every hash that an output of earlier runs may have."""
        row = self.rows.get(target)
        newest = (row.output_sha256,) if row and row.output_sha256 else ()
        return (*newest, *self.earlier.get(target, ()))


def parse_row(line: bytes) -> ManifestRow | None:
    """Return the row of a line; None where the line is damaged."""
    data = json_lines.parse_line(line)
    if data is None:
        return None
    try:
        row = ManifestRow(**{key: value for key, value in data.items() if key in _FIELDS})
    except TypeError:
        return None
    source = row.target if row.source == row.target else row.source  # one text in memory
    return row._replace(source=source, recipe=sys.intern(row.recipe), engine=sys.intern(row.engine))


def manifest_name(shard_suffix: str = "") -> str:
    """Return the name of a manifest; every shard writes its own."""
    return f"manifest{shard_suffix}.jsonl"


def belongs(name: str, shard_suffix: str) -> bool:
    """Return whether a run of a shard reads a manifest: no other shard writes it."""
    found = _SHARD.match(name)
    return found is None or not shard_suffix or found[1] == shard_suffix


def read_manifest(storage: Storage) -> Manifest:
    """Read what a run needs: the joined manifest, and its shard's or every shard's."""
    names = [name for name in storage.manifests() if belongs(name, storage.shard_suffix)]
    return Manifest(chain.from_iterable(map(storage.read_lines, names)))


def join_own(storage: Storage) -> None:
    """Join the manifests that runs of this shard wrote to one, the newest row of each output."""
    suffix = storage.shard_suffix
    own = [name for name in storage.manifests() if _shard_of(name) == suffix]
    join_manifests(storage, own, manifest_name(suffix))


def _shard_of(name: str) -> str:
    found = _SHARD.match(name)
    return found[1] if found else ""


def join_manifests(storage: Storage, names: list[str], target: str) -> int:
    """Write one manifest of several and remove these; return the count of its rows."""
    newest: dict[str, tuple[float, int, int]] = {}
    for number, name in enumerate(names):
        for at, line in enumerate(storage.read_lines(name)):
            row = parse_row(line)
            if row is not None:
                place = (row.finished, number, at)
                newest[row.target] = max(newest.get(row.target, place), place)
    places = {place[1:] for place in newest.values()}
    storage.write_lines(target, _chosen(storage, names, places))
    for name in names:
        if name != target:
            storage.remove_manifest(name)
    return len(places)


def _chosen(storage: Storage, names: list[str], places: set[tuple[int, int]]) -> Iterator[bytes]:
    for number, name in enumerate(names):
        for at, line in enumerate(storage.read_lines(name)):
            if (number, at) in places:
                yield line
