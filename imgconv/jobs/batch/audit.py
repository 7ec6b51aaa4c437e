"""Manifests after the runs: those of shards joined, and all of them held against the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from imgconv.io.storage import json_lines
from imgconv.io.storage.output_tree import OutputTree
from imgconv.jobs.batch.manifest import Entry, join, manifest_path, manifest_paths, parse_entry
from imgconv.model.errors import NothingMatchedError


class Finding(NamedTuple):
    """What is wrong with an output: missing, changed, failed, doubled or damaged."""

    kind: str
    target: str
    message: str = ""


def merge_manifests(target: str) -> tuple[int, int]:
    """Join the manifests of shards into one, the newest row of each output.

    Parameters
    ----------
    target : str
        The folder of the outputs.

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
    tree = OutputTree(target)
    paths = _manifests(tree)
    with tree.open():
        rows = join(paths, manifest_path(tree.state))
        for path in paths:
            if path != manifest_path(tree.state):
                path.unlink()
        tree.close()
    return rows, len(paths)


def verify_manifest(target: str) -> tuple[int, list[Finding]]:
    """Hold every row against the output that it speaks of, by its hash.

    Returns
    -------
    (int, list of Finding)
        How many rows there are, and what is wrong.

    Raises
    ------
    NothingMatchedError
        When there is no manifest.
    """
    tree = OutputTree(target)
    seen: dict[str, int] = {}
    findings = []
    for entry in _rows(_manifests(tree)):
        if entry is None:
            findings.append(Finding("damaged", "", "a line of the manifest is no row"))
            continue
        seen[entry.target] = seen.get(entry.target, 0) + 1
        finding = _checked(tree, entry)
        if finding is not None:
            findings.append(finding)
    findings += [
        Finding("doubled", key, f"{count} rows") for key, count in seen.items() if count > 1
    ]
    return len(seen), findings


def _checked(tree: OutputTree, entry: Entry) -> Finding | None:
    if entry.status == "failed":
        return Finding("failed", entry.target, entry.message)
    if entry.status != "ok":
        return None
    digest = tree.digest(entry.target)
    if digest is None:
        return Finding("missing", entry.target)
    return None if digest == entry.output_sha256 else Finding("changed", entry.target)


def _manifests(tree: OutputTree) -> list[Path]:
    paths = [path for path in manifest_paths(tree.state) if path.exists()]
    if not paths:
        raise no_manifest(tree.root)
    return paths


def no_manifest(target: str) -> NothingMatchedError:
    """Say that there is nothing to join or check."""
    return NothingMatchedError(
        f"{target} has no manifest", hint="give the DST that imgconv batch wrote to"
    )


def _rows(paths: list[Path]) -> Iterator[Entry | None]:
    for path in paths:
        for line in json_lines.read_lines(path):
            yield parse_entry(line)
