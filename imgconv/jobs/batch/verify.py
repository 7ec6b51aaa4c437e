"""Manifests after the runs: join, repair and prune them, and compare them with the files."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from imgconv.io.storage.base import Storage
from imgconv.io.storage.opening import open_storage
from imgconv.jobs.batch.inputs import Sources, list_inputs
from imgconv.jobs.batch.manifest import (
    Manifest,
    ManifestRow,
    join_manifests,
    manifest_name,
    read_manifests,
    write_manifest,
)
from imgconv.model.errors import ImgconvError, NothingMatchedError

_AT_ONCE = 16  # files that are read; waiting for a service is most of it


class ManifestFinding(NamedTuple):
    """What is wrong.

    Attributes
    ----------
    kind : str
        ``damaged`` (of the manifest), ``missing``, ``changed``, ``failed``, ``unreadable`` (of an
        output), ``undone`` (an input without an output), ``orphaned`` (an output whose input is
        gone), ``unlisted`` (inputs that cannot be listed).
    target : str
        Key of the output, or of the input where there is none.
    message : str
    """

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
    _manifests(storage)
    with storage.exclusive():
        names = _manifests(storage)
        rows = join_manifests(storage, names, manifest_name())
    return rows, len(names)


def repair_manifest(target: str) -> tuple[int, list[str]]:
    """Write the manifest anew without damaged lines, and without rows whose output is not there.

    What has no row then is done again by the next run, which takes an output over whose bytes are
    what the recipe gives.

    Returns
    -------
    (int, list of str)
        How many rows there are now, and what was dropped.

    Raises
    ------
    NothingMatchedError
        When there is no manifest.
    ImageWriteError
        When a run is under way, or the folder cannot be written.
    """
    storage = open_storage(target)
    _manifests(storage)
    with storage.exclusive():
        manifest = read_manifests(storage, _manifests(storage))
        gone = [
            row.target
            for row in manifest.rows.values()
            if row.status == "ok" and storage.stamp(row.target) is None
        ]
        _drop(storage, manifest, gone)
    return len(manifest.rows), [
        *manifest.damage,
        *(f"{key}: its output is missing" for key in gone),
    ]


def prune_manifest(target: str, sources: tuple[str, ...]) -> tuple[int, list[str]]:
    """Drop failed and skipped rows of inputs that are gone.

    Parameters
    ----------
    target : str
        The folder or URL of the outputs.
    sources : tuple of str
        The inputs of the runs.

    Returns
    -------
    (int, list of str)
        How many rows there are now, and the keys of those that were dropped.

    Raises
    ------
    NothingMatchedError
        When there is no manifest.
    ImgconvError
        When inputs cannot be listed.
    """
    storage = open_storage(target)
    _manifests(storage)
    there = set()
    for found in list_inputs(Sources(names=sources, recursive=True)):
        if found.unlisted:
            raise found.unlisted_error()
        there.add(found.key)
    with storage.exclusive():
        manifest = read_manifests(storage, _manifests(storage))
        gone = [
            row.target
            for row in manifest.rows.values()
            if row.status != "ok" and row.source not in there
        ]
        _drop(storage, manifest, gone)
    return len(manifest.rows), gone


def _drop(storage: Storage, manifest: Manifest, targets: list[str]) -> None:
    for target in targets:
        del manifest.rows[target]
    names = _manifests(storage)
    write_manifest(storage, manifest_name(), manifest, lost=manifest.lost)
    for name in names:
        if name != manifest_name():
            storage.remove_manifest(name)


def verify_manifest(
    target: str, sources: tuple[str, ...] = (), *, deep: bool = False
) -> tuple[int, list[ManifestFinding]]:
    """Compare every row with its output, and the inputs with the rows.

    Parameters
    ----------
    target : str
        The folder or URL of the outputs.
    sources : tuple of str
        The inputs of the runs; without them, only outputs are looked at.
    deep : bool, default False
        Whether outputs are decoded too.

    Returns
    -------
    (int, list of ManifestFinding)
        How many outputs have rows, and what is wrong.

    Raises
    ------
    NothingMatchedError
        When there is no manifest.
    ImageWriteError
        When a run is under way.
    """
    storage = open_storage(target)
    _manifests(storage)
    with storage.undisturbed():
        manifest = read_manifests(storage, _manifests(storage))
        findings = [ManifestFinding("damaged", "", words) for words in manifest.damage]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = pool.map(lambda row: _checked(storage, row, deep), manifest.rows.values())
            findings += [finding for finding in found if finding is not None]
        findings += _from_inputs(manifest, sources)
    return len(manifest.rows), findings


def _checked(storage: Storage, row: ManifestRow, deep: bool) -> ManifestFinding | None:
    if row.status == "failed":
        return ManifestFinding("failed", row.target, row.message)
    if row.status != "ok":
        return None
    there = storage.digest(row.target)
    if there is None:
        return ManifestFinding("missing", row.target)
    if there.sha256 != row.output_sha256:
        return ManifestFinding("changed", row.target)
    return _decoded(storage, row) if deep else None


def _decoded(storage: Storage, row: ManifestRow) -> ManifestFinding | None:
    from imgconv.io.images.decode import decode_picture

    try:
        decode_picture(storage.read(row.target).data, row.target)
    except ImgconvError as error:
        return ManifestFinding("unreadable", row.target, str(error))
    return None


def _from_inputs(manifest: Manifest, sources: tuple[str, ...]) -> Iterator[ManifestFinding]:
    if not sources:
        return
    known = {row.source for row in manifest.rows.values()}
    there = set()
    for found in list_inputs(Sources(names=sources, recursive=True)):
        there.add(found.key)
        if found.unlisted:
            yield ManifestFinding("unlisted", found.key, found.problem)
        elif found.key not in known and not found.skip:
            yield ManifestFinding("undone", found.key)
    for row in manifest.rows.values():
        if row.source not in there:
            yield ManifestFinding("orphaned", row.target, f"its input {row.source} is gone")


def _manifests(storage: Storage) -> list[str]:
    names = storage.manifests()
    if not names:
        raise NothingMatchedError(
            f"{storage.root} has no manifest", hint="give the DST that imgconv batch wrote to"
        )
    return names
