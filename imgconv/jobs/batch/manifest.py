"""The manifest: one row per input, in lines of JSON that are written before the output's name is.

A row says what its output is *going to be*: it is on the disk before the output gets its name. So
whatever moment a run dies at, every output with a name has a row with its hash, and the next run
can tell its own work from other people's files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from imgconv.io.storage import json_lines
from imgconv.io.storage.files import Stamp


class Entry(NamedTuple):
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


_FIELDS = frozenset(Entry._fields)


class Manifest:
    """What is known of earlier runs into a folder.

    Attributes
    ----------
    entries : dict
        The newest row of each output.
    earlier : dict
        Hashes that its older rows, not yet cleared away, have for an output.
    superseded, damaged : int
        How many rows were older than another, and how many lines were not rows.
    """

    def __init__(self, paths: list[Path]) -> None:
        self.entries: dict[str, Entry] = {}
        self.earlier: dict[str, list[str]] = {}
        self.superseded = self.damaged = 0
        for path in paths:
            for line in json_lines.read_lines(path):
                self._take(line)

    def _take(self, line: bytes) -> None:
        entry = parse_entry(line)
        if entry is None:
            self.damaged += 1
            return
        known = self.entries.get(entry.target)
        if known is not None:
            self.superseded += 1
            old, entry = sorted((known, entry), key=lambda row: row.finished)
            if old.output_sha256:
                self.earlier.setdefault(entry.target, []).append(old.output_sha256)
        self.entries[entry.target] = entry

    def hashes(self, target: str) -> tuple[str, ...]:
        """Return every hash that an output of ours may have."""
        entry = self.entries.get(target)
        newest = (entry.output_sha256,) if entry and entry.output_sha256 else ()
        return (*newest, *self.earlier.get(target, ()))


def parse_entry(line: bytes) -> Entry | None:
    """Return the row of a line, or None where it is none."""
    data = json_lines.parse_line(line)
    if data is None:
        return None
    try:
        entry = Entry(**{key: value for key, value in data.items() if key in _FIELDS})
    except TypeError:
        return None
    return entry._replace(recipe=sys.intern(entry.recipe), engine=sys.intern(entry.engine))


def manifest_path(state: Path, share: str = "") -> Path:
    """Return the manifest's place; every shard writes its own."""
    return state / f"manifest{share}.jsonl"


def manifest_paths(state: Path, share: str = "") -> list[Path]:
    """Return the manifests that a run reads: the joined one, and its shard's or every shard's."""
    joined = manifest_path(state)
    if share:
        return [joined, manifest_path(state, share)]
    return [joined, *sorted(state.glob("manifest-*.jsonl"))]


def compact(path: Path) -> None:
    """Leave the newest row of each output in a manifest, and nothing else."""
    join([path], path)


def join(sources: list[Path], target: Path) -> int:
    """Write one manifest of several, the newest row of each output; give the count of rows."""
    newest: dict[str, tuple[float, int, int]] = {}
    for number, path in enumerate(sources):
        for at, line in enumerate(json_lines.read_lines(path)):
            entry = parse_entry(line)
            if entry is not None:
                place = (entry.finished, number, at)
                newest[entry.target] = max(newest.get(entry.target, place), place)
    places = {place[1:] for place in newest.values()}
    json_lines.write_lines(target, _chosen(sources, places))
    return len(places)


def _chosen(sources: list[Path], places: set[tuple[int, int]]) -> Iterator[bytes]:
    for number, path in enumerate(sources):
        for at, line in enumerate(json_lines.read_lines(path)):
            if (number, at) in places:
                yield line
