"""What the tests of `imgconv golden` share: a small set, and how it is looked at."""

from __future__ import annotations

import json

SET = """version: 1
goldens: goldens
cases:
  - name: sharp
    input: photo.png
    recipe: {kernels: [sharpen], padding: replicate}
  - name: soft
    input: photo.png
    recipe: {kernels: [blur]}
"""
COUNTS = ("cases", "passed", "failed", "missing", "unused")


def tree(folder):
    return {p.relative_to(folder): (p.read_bytes(), p.stat().st_mtime_ns)
            for p in folder.rglob("*") if p.is_file()}  # fmt: skip


def counts(run, *options):
    report = json.loads(run("golden", "check", "--json", *options).out)
    return tuple(report[key] for key in COUNTS)
