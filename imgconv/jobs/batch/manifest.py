"""The manifest: one row per input, in lines of JSON that are written before the output appears.

A row says what its output is *going to be*: it is on the disk before the output gets its name. So
whatever moment a run dies at, every output with a name has a row with its hash, and the next run
can tell its own work from other people's files. `imgconv.io.storage.manifest_log` chains the lines.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

from imgconv.io.storage.base import Head, Storage
from imgconv.io.storage.files import Stamp
from imgconv.io.storage.manifest_log import START, ChainedLine, parse_line

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
        Of a file behind a URL: changes with its content.
    unsure : bool
        Of a failure in place: whether the output may be there all the same, as when the answer of
        a service was lost.
    number : int
        Of the line; later rows have greater ones. 0 for a row of an earlier version.
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
    unsure: bool = False
    number: int = 0

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
            if value != self._field_defaults.get(key) and key != "number"
        }


_TYPES: dict[str, tuple[type, ...]] = {
    "target": (str,),
    "source": (str,),
    "status": (str,),
    **dict.fromkeys(("input_size", "input_mtime_ns", "output_size", "output_mtime_ns"), (int,)),
    **dict.fromkeys(("input_sha256", "output_sha256", "recipe", "engine"), (str,)),
    **dict.fromkeys(("clipped_share", "seconds", "finished"), (int, float)),
    **dict.fromkeys(("error", "message", "input_version"), (str,)),
    **dict.fromkeys(("final", "unsure"), (bool,)),
    "notes": (list,),
}
"""Types of the values of a line."""


class Manifest:
    """Rows of earlier runs into a folder, of one manifest or several.

    Parameters
    ----------
    any_keys : bool, default False
        Whether outputs may have any text as their keys, as in an object store.

    Attributes
    ----------
    rows : dict
        The newest row of each output, by number; of rows without numbers, which earlier versions
        wrote, the last one of a manifest.
    earlier : dict
        Hashes that its older rows, not yet removed, have for an output.
    superseded : int
        How many rows were older than another.
    damage : list of str
        Lines that are damaged or missing.
    lost : bool
        Whether rows are missing, or were in the past.
    number : int
        Greatest number of a row.
    manifests : int
        How many were read.
    """

    def __init__(self, *, any_keys: bool = False) -> None:
        self._any_keys = any_keys
        self.rows: dict[str, ManifestRow] = {}
        self.earlier: dict[str, list[str]] = {}
        self.superseded = self.number = self.manifests = 0
        self.damage: list[str] = []
        self.lost = False

    def read(self, name: str, lines: Iterable[bytes], head: Head) -> None:
        """Read a manifest after those before.

        Parameters
        ----------
        name : str
            For messages.
        lines : iterable of bytes
        head : Head
        """
        last, ended = START, not head.sums or head.sums[-1] == START
        rows: dict[str, ManifestRow] = {}
        self.manifests += 1
        self.lost = self.lost or head.lost
        for at, line in enumerate(lines, 1):
            parsed = parse_line(line)
            row = self._row(parsed)
            if row is None or (not parsed.own and last != START):
                self.damage.append(f"{name}, line {at}: it is damaged")
                last = parsed.own or _UNKNOWN
                continue
            if parsed.own and last not in (parsed.before, _UNKNOWN):
                self.damage.append(f"{name}, line {at}: lines before it are missing")
            last = parsed.own or last
            ended = ended or last in head.sums
            if row.target in rows:
                self._supersede(rows[row.target])
            rows[row.target] = row
        if not ended:
            self.damage.append(f"{name}: lines at its end are missing")
        self.lost = self.lost or bool(self.damage)
        for row in rows.values():
            self.number = max(self.number, row.number)
            known = self.rows.get(row.target)
            older, newer = sorted((known or row, row), key=_age)
            if known is not None:
                self._supersede(older)
            self.rows[row.target] = newer

    def _row(self, parsed: ChainedLine) -> ManifestRow | None:
        """Return the row of a line; None where it is damaged, or its key leads out."""
        row = None if parsed.data is None else row_of_data(parsed.data, parsed.number)
        if row is not None and not (self._any_keys or is_safe_key(row.target)):
            return None
        return row

    def _supersede(self, older: ManifestRow) -> None:
        self.superseded += 1
        if older.output_sha256:
            self.earlier.setdefault(older.target, []).append(older.output_sha256)

    def hashes(self, target: str) -> tuple[str, ...]:
        """Return every hash that an output of earlier runs may have."""
        row = self.rows.get(target)
        newest = (row.output_sha256,) if row and row.output_sha256 else ()
        return (*newest, *self.earlier.get(target, ()))


_UNKNOWN = "?"


def _age(row: ManifestRow) -> tuple[int, float]:
    return row.number, row.finished if not row.number else 0


def row_of_data(data: dict[str, Any], number: int = 0) -> ManifestRow | None:
    """Return the row of an object; None where a value has a wrong type, or no file has the key."""
    known = {key: value for key, value in data.items() if key in _TYPES}
    if not {"target", "source", "status"} <= known.keys():
        return None
    for key, value in known.items():
        if type(value) not in _TYPES[key] or not _is_sound(value):
            return None
    row = ManifestRow(**{**known, "notes": tuple(known.get("notes", ())), "number": number})
    if row.status not in ("ok", "failed", "skipped") or not row.target or "\0" in row.target:
        return None
    source = row.target if row.source == row.target else row.source  # one text in memory
    return row._replace(source=source, recipe=sys.intern(row.recipe), engine=sys.intern(row.engine))


def is_safe_key(key: str) -> bool:
    """Return whether a key stays in its folder."""
    return not key.startswith("/") and ".." not in key.split("/")


def _is_sound(value: Any) -> bool:
    """Return whether text is that of a file name, and a number is one."""
    if isinstance(value, str):
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return False
        return True
    if isinstance(value, list):
        return all(isinstance(each, str) and _is_sound(each) for each in value)
    return bool(-(1 << 63) <= value < 1 << 63)  # also not when it is NaN


def manifest_name(shard_suffix: str = "") -> str:
    """Return the name of a manifest; every shard writes its own."""
    return f"manifest{shard_suffix}.jsonl"


def read_manifests(storage: Storage, names: Iterable[str]) -> Manifest:
    """Read manifests, of each output the newest row."""
    manifest = Manifest(any_keys=not storage.folds_names)
    for name in names:
        manifest.read(name, storage.read_lines(name), storage.head(name))
    return manifest


def read_manifest(storage: Storage) -> Manifest:
    """Read what a run needs: the joined manifest, and its shard's or every shard's."""
    suffix = storage.shard_suffix
    names = storage.manifests()
    joined = manifest_name()
    if joined not in names and storage.head(joined).sums not in ((), (START,)):
        names.append(joined)  # it was removed; the head says so
    return read_manifests(storage, [n for n in names if _belongs(n, suffix)])


def _belongs(name: str, shard_suffix: str) -> bool:
    """Return whether a run of a shard reads a manifest: no other shard writes it."""
    found = _SHARD.match(name)
    return found is None or not shard_suffix or found[1] == shard_suffix


def join_own(storage: Storage, *, complete: bool = False) -> None:
    """Join the manifests that runs of this shard wrote to one, the newest row of each output.

    Where a storage has no locks, other runs may be writing: only those of this run are joined.

    Parameters
    ----------
    storage : Storage
    complete : bool, default False
        Whether a row was written since for every output of which one was lost.
    """
    suffix = storage.shard_suffix
    mark = storage.run_mark
    if mark:
        own = [name for name in storage.manifests() if mark in name]
        if own:
            join_manifests(storage, own, manifest_name(f"{suffix}-{mark}"))
        return
    own = [name for name in storage.manifests() if _shard_of(name) == suffix]
    join_manifests(storage, own, manifest_name(suffix), complete=complete)


def _shard_of(name: str) -> str:
    found = _SHARD.match(name)
    return found[1] if found else ""


def join_manifests(
    storage: Storage, names: list[str], target: str, *, complete: bool = False
) -> int:
    """Write one manifest of several and remove these; return the count of its rows."""
    manifest = read_manifests(storage, names)
    write_manifest(storage, target, manifest, lost=manifest.lost and not complete)
    for name in names:
        if name != target:
            storage.remove_manifest(name)
    return len(manifest.rows)


def write_manifest(storage: Storage, name: str, manifest: Manifest, *, lost: bool) -> None:
    """Write the newest rows as a manifest."""
    rows = sorted(manifest.rows.values(), key=_age)
    storage.write_rows(name, ((max(1, row.number), row.as_dict()) for row in rows), lost=lost)
