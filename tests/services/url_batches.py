"""Pictures behind a URL, and what a batch left there."""

from __future__ import annotations

from imgconv.io.storage.opening import open_storage
from imgconv.jobs.batch.manifest import read_manifest

NAMES = ["a.png", "b.png", "deep/c d.png", "deep/er/ü.png", "deep/er/z.png"]


def outputs(place):
    storage = open_storage(place)
    return {found.key: storage.read(found.key).data for found in storage.listing()}


def known_rows(place):
    return read_manifest(open_storage(place)).rows
