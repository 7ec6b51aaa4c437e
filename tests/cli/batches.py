"""What the tests of `imgconv batch` share: trees of small pictures, and what a run left."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from cli.program import save


def make_tree(folder: Path, names, size=(12, 10), seed=0) -> Path:
    """Write a small picture of its own under each name."""
    random = np.random.default_rng(seed)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, random.integers(0, 256, (*size, 3), np.uint8))
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Give every file of the user's under a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".imgconv" not in path.parts
    }


def rows(folder: Path, name="manifest.jsonl") -> dict[str, dict]:
    """Give the rows of a manifest; each output has one."""
    lines = (folder / ".imgconv" / name).read_text().splitlines()
    found = [json.loads(line) for line in lines]
    known = {row["target"]: row for row in found}
    assert len(known) == len(found)
    return known


def events(out: bytes, kind: str) -> list[dict]:
    """Give the events of a kind that ``--json`` wrote."""
    told = [json.loads(line) for line in out.splitlines()]
    return [event for event in told if event["event"] == kind]
