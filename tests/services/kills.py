"""Kill runs at random moments, and check all that is left after each kill."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from cli.batches import make_tree, tree

from imgconv import filter_folder, recipe_from
from imgconv.io.storage import remote, remote_listing
from imgconv.io.storage.base import NONCE, STATE, Storage
from imgconv.io.storage.locations import Url, parse_place
from imgconv.io.storage.opening import open_storage
from imgconv.jobs.batch.manifest import read_manifest
from imgconv.model.errors import ImageReadError

RECIPE = recipe_from({"kernels": ["sharpen"]})
_LONGEST = 300


class Way(NamedTuple):
    """An executor, storages of inputs and outputs, and whether outputs replace inputs."""

    executor: str
    source: str
    target: str
    in_place: bool = False
    count: int = 300

    def __str__(self) -> str:
        where = "in place" if self.in_place else f"to {self.target}"
        return f"{self.executor}, {self.source} {where}"

    @property
    def options(self) -> list[str]:
        """Options of the command."""
        return ["--cluster", "local:2"] if self.executor == "dask" else ["-j", "2"]


class KilledRuns:
    """Runs of one way that are killed again and again.

    Parameters
    ----------
    way : Way
    places : dict
        The URL or path of an empty folder on each kind of storage.
    folder : Path
        For what the test keeps itself.
    seed : int
    """

    def __init__(self, way: Way, places: dict[str, str], folder: Path, seed: int) -> None:
        self.way = way
        self.kills = self.finished = self.refused = 0
        self._chance = random.Random(f"{seed} {way}")
        self._names = [f"{i % 7}/{i}.png" for i in range(way.count)]
        self._folder = folder
        make_tree(folder / "photos", self._names, size=(16, 12))
        self._originals = tree(folder / "photos")
        report = filter_folder(folder / "photos", folder / "calm", RECIPE)
        assert report.ok == way.count, report.failures[:1]
        self._calm = tree(folder / "calm")
        self._places = places
        self._source = f"{places[way.source]}/in"
        if not way.in_place:
            upload(folder / "photos", self._source)
        target = self._new_target("measured")
        started = time.monotonic()
        process = self._start(target)
        said = process.communicate(timeout=_LONGEST)[1].decode()
        assert process.returncode == 0, said
        self._seconds = time.monotonic() - started

    def _new_target(self, name: str) -> str:
        target = f"{self._places[self.way.target]}/{name}"
        if self.way.in_place:
            upload(self._folder / "photos", target)
        return target

    def _start(self, target: str) -> subprocess.Popen[bytes]:
        source = target if self.way.in_place else self._source
        words = [sys.executable, "-m", "imgconv", "batch", "-r", source, target]
        words += ["-k", "sharpen", "-q", *self.way.options]
        if self.way.in_place:
            words.append("--in-place")
            storage = open_storage(target)
            if not storage.is_local and not storage.manifests():
                assert contents(target) == self._originals, "without rows nothing was changed"
                words.append("--assume-new")
        return subprocess.Popen(words, cwd=self._folder, stderr=subprocess.PIPE)

    def run(self, kills: int) -> None:
        """Kill so many runs; every folder that was begun is finished in the end."""
        while self.kills < kills:
            target = self._new_target(f"out{self.finished}")
            while not self._is_finished(target, kills):
                pass
            self._check_finished(target)
            self.finished += 1

    def _is_finished(self, target: str, kills: int) -> bool:
        process = self._start(target)
        if self.kills < kills:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self._chance.uniform(0.2, 1.1) * self._seconds)
            if process.poll() is None:
                self._kill(process)
                self.kills += 1
                self._check_partial(target)
                return False
        said = process.communicate(timeout=_LONGEST)[1].decode()
        if self.way.executor == "dask" and process.returncode == 1:
            # Workers of a killed run may still have been committing what it had given them.
            assert "another program changed it" in said or "exists" in said, said
            self.refused += 1
            return False
        assert process.returncode == 0, said
        return True

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the run, and sometimes one of its workers a moment before."""
        if self._chance.random() < 0.4:
            found = children(process.pid)
            with contextlib.suppress(ProcessLookupError, IndexError):
                os.kill(self._chance.choice(found), signal.SIGKILL)
            time.sleep(self._chance.uniform(0, 0.05))
        process.kill()
        process.communicate()

    def _check_partial(self, target: str) -> None:
        """Check that every output is whole and has a row, and that inputs are old or done."""
        storage = open_storage(target)
        found = contents(target)  # before the rows, which are written before outputs appear
        manifest = read_manifest(storage)
        assert manifest.damage == []
        for name, data in found.items():
            if self.way.in_place and data == self._originals[name]:
                continue
            assert data == self._calm[name], f"{name} is torn, or was filtered twice"
            digest = hashlib.sha256(data).hexdigest()
            assert digest in manifest.hashes(name), f"{name} has no row"
            if self.way.in_place and storage.keeps_marks():
                row = manifest.rows[name]
                assert storage.mark(name) == bytes.fromhex(row.recipe + digest[:32])
        if self.way.in_place:
            assert found.keys() == self._originals.keys()

    def _check_finished(self, target: str) -> None:
        storage = open_storage(target)
        found = contents(target)
        assert found.keys() == self._calm.keys(), read_manifest(storage).rows
        self._check_partial(target)
        assert found == self._calm
        rows = read_manifest(storage).rows
        assert sorted(rows) == sorted(self._names)
        assert {row.status for row in rows.values()} == {"ok"}
        for name in state_names(storage):
            allowed = name.startswith("manifest") or name == "lock"
            later = name == "parts" or name.startswith(NONCE)  # by age, where there is no lock
            assert allowed or (later and not storage.is_local), name
        if not storage.is_local:  # elsewhere the next run removes what is an hour old
            parts = parse_place(f"{storage.root}/{STATE}/parts")
            assert isinstance(parts, Url)
            remote.remove_old(parts, 0)


def contents(place: str) -> dict[str, bytes]:
    """Return the pictures at a path or URL."""
    storage = open_storage(place)
    try:
        keys = [found.key for found in storage.listing()]
    except ImageReadError:  # there is no such folder yet
        return {}
    return {key: storage.read(key).data for key in keys}


def state_names(storage: Storage) -> list[str]:
    """Return the names of what a run keeps of its own."""
    place = parse_place(f"{storage.root}/{STATE}")
    if isinstance(place, Url):
        return list(remote_listing.list_names(place))
    return [path.name for path in place.iterdir()]


def upload(folder: Path, place: str) -> None:
    """Copy a tree to a path or URL."""
    base = parse_place(place)
    for name, data in tree(folder).items():
        if isinstance(base, Url):
            remote.write_whole(base / name, data)
        else:
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_bytes(data)


def children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]
    return []
