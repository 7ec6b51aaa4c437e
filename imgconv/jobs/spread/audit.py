"""Manifests at a URL after the runs: joined, and held against the files."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from imgconv.io.storage import json_lines
from imgconv.io.storage.output_tree import STATE
from imgconv.io.storage.store import FolderStore, Store, digest, open_store
from imgconv.jobs.batch import audit
from imgconv.jobs.batch.audit import Finding, no_manifest
from imgconv.jobs.batch.manifest import Entry, parse_entry
from imgconv.model.errors import ImageReadError

_JOINED = f"{STATE}/manifest.jsonl"
_AT_ONCE = 16  # files that are read; waiting for a service is most of it


def merge_manifests(target: str) -> tuple[int, int]:
    """Join the manifests in a folder or at a URL (see `imgconv.jobs.batch.audit`)."""
    store = open_store(target)
    if isinstance(store, FolderStore):
        return audit.merge_manifests(store.root)
    return _merged(store)


def verify_manifest(target: str) -> tuple[int, list[Finding]]:
    """Compare the manifests in a folder or at a URL against the files."""
    store = open_store(target)
    if isinstance(store, FolderStore):
        return audit.verify_manifest(store.root)
    return _verified(store)


def _merged(target: Store) -> tuple[int, int]:
    keys = _manifests(target)
    newest, _ = _newest(target, keys)
    lines = b"".join(json_lines.line_of(entry.as_dict()) for entry in newest.values())
    target.write(_JOINED, lines, replace=True)
    for key in keys:
        if key != _JOINED:
            target.remove(key)
    return len(newest), len(keys)


def _verified(target: Store) -> tuple[int, list[Finding]]:
    newest, damaged = _newest(target, _manifests(target))
    findings = [Finding("damaged", "", "a line of the manifest is no row")] * damaged
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda entry: _checked(target, entry), newest.values())
        findings += [finding for finding in found if finding is not None]
    return len(newest), findings


def _newest(target: Store, keys: list[str]) -> tuple[dict[str, Entry], int]:
    """Return the newest row of each output, and how many lines were no rows."""
    newest: dict[str, Entry] = {}
    damaged = 0
    for entry in _rows(target, keys):
        if entry is None:
            damaged += 1
        elif entry.target not in newest or entry.finished >= newest[entry.target].finished:
            newest[entry.target] = entry
    return newest, damaged


def _manifests(target: Store) -> list[str]:
    names = f"{STATE}/manifest"
    keys = [key for key in target.state() if key.startswith(names) and key.endswith(".jsonl")]
    if not keys:
        raise no_manifest(str(target))
    return keys


def _rows(target: Store, keys: list[str]) -> Iterator[Entry | None]:
    for key in keys:
        for line in target.read(key).splitlines(keepends=True):
            yield parse_entry(line) if line.endswith(b"\n") else None


def _checked(target: Store, entry: Entry) -> Finding | None:
    if entry.status == "failed":
        return Finding("failed", entry.target, entry.message)
    if entry.status != "ok":
        return None
    try:
        there = digest(target.read(entry.target))
    except ImageReadError:
        return Finding("missing", entry.target)
    return None if there == entry.output_sha256 else Finding("changed", entry.target)
