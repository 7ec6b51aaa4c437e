"""Manifests after the runs: join those of shards, and compare all rows with the outputs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from imgconv.io.storage.base import Storage
from imgconv.io.storage.opening import open_storage
from imgconv.jobs.batch.manifest import ManifestRow, join_manifests, manifest_name, parse_row
from imgconv.model.errors import NothingMatchedError

_AT_ONCE = 16  # files that are read; waiting for a service is most of it


class ManifestFinding(NamedTuple):
    """What is wrong with an output: missing, changed, failed, doubled or damaged."""

    kind: str
    target: str
    message: str = ""


def merge_manifests(target: str) -> tuple[int, int]:
    """Join the manifests of shards into one, the newest row of each output.

    Parameters
    ----------
    target : str
        The folder or URL of the outputs.

    Returns
    -------
    (int, int)
        How many rows there are now, and how many manifests were joined.

    Raises
    ------
    NothingMatchedError
        When there is no manifest.
    ImageWriteError
        When a run is under way, or the folder cannot be written.
    """
    storage = open_storage(target)
    names = _manifests(storage)
    with storage.exclusive():
        rows = join_manifests(storage, names, manifest_name())
    return rows, len(names)


def verify_manifest(target: str) -> tuple[int, list[ManifestFinding]]:
    """Compare every row with the hash of its output.

    Returns
    -------
    (int, list of ManifestFinding)
        How many outputs have rows, and what is wrong.

    Raises
    ------
    NothingMatchedError
        When there is no manifest.
    """
    storage = open_storage(target)
    newest: dict[str, ManifestRow] = {}
    count: dict[str, int] = {}
    damaged = 0
    for name in _manifests(storage):
        for line in storage.read_lines(name):
            row = parse_row(line)
            if row is None:
                damaged += 1
                continue
            count[row.target] = count.get(row.target, 0) + 1
            if row.target not in newest or row.finished >= newest[row.target].finished:
                newest[row.target] = row
    findings = [ManifestFinding("damaged", "", "a line of the manifest is not valid")] * damaged
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda row: _checked(storage, row), newest.values())
        findings += [finding for finding in found if finding is not None]
    findings += [
        ManifestFinding("doubled", key, f"{times} rows")
        for key, times in count.items()
        if times > 1
    ]
    return len(newest), findings


def _checked(storage: Storage, row: ManifestRow) -> ManifestFinding | None:
    if row.status == "failed":
        return ManifestFinding("failed", row.target, row.message)
    if row.status != "ok":
        return None
    digest = storage.digest(row.target)
    if digest is None:
        return ManifestFinding("missing", row.target)
    return None if digest == row.output_sha256 else ManifestFinding("changed", row.target)


def _manifests(storage: Storage) -> list[str]:
    names = storage.manifests()
    if not names:
        raise NothingMatchedError(
            f"{storage.root} has no manifest", hint="give the DST that imgconv batch wrote to"
        )
    return names
