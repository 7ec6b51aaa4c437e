"""Runs killed at random moments, over all executors and storages, in place and not."""

from __future__ import annotations

import uuid

import pytest
from services.kills import KilledRuns, Way

WAYS = {
    Way("processes", "local", "local", count=500): 80,
    Way("processes", "local", "local", in_place=True, count=500): 80,
    Way("threads", "file", "file"): 50,
    Way("threads", "file", "file", in_place=True): 50,
    Way("threads", "local", "s3", count=120): 30,
    Way("threads", "s3", "local", count=120): 30,
    Way("threads", "s3", "s3", count=120): 30,
    Way("threads", "s3", "s3", in_place=True, count=120): 30,
    Way("threads", "sftp", "sftp", count=120): 30,
    Way("threads", "sftp", "sftp", in_place=True, count=120): 30,
    Way("dask", "local", "local", count=600): 20,
    Way("dask", "local", "local", in_place=True, count=600): 20,
    Way("dask", "file", "local", count=600): 10,
    Way("dask", "s3", "s3", count=120): 10,
}
"""How often runs of each way are killed in the slow suite: 500 times."""


@pytest.fixture
def places(request, tmp_path):
    """Give a folder that nobody else uses on each kind of storage that a way needs."""

    def of(way):
        found = {}
        for kind in {way.source, way.target}:
            if kind in ("local", "file"):
                folder = tmp_path / kind
                folder.mkdir()
                found[kind] = f"file://{folder}" if kind == "file" else str(folder)
            else:
                server = request.getfixturevalue(f"{kind}_server")
                found[kind] = f"{server}/{uuid.uuid4().hex}"
        return found

    return of


def killed(way, places, folder, kills, seed):
    runs = KilledRuns(way, places(way), folder, seed)
    runs.run(kills)
    assert runs.kills == kills
    assert runs.finished
    print(f"\n{way}: {runs.kills} killed, {runs.finished} finished, {runs.refused} done again")


def needs_servers(way):
    return way.executor == "dask" or {way.source, way.target} & {"s3", "sftp"}


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(way, marks=[pytest.mark.services] if needs_servers(way) else [], id=str(way))
        for way in WAYS
        if needs_servers(way) or not way.in_place  # the others: test_batch_in_place
    ],
)
@pytest.mark.sampled(2)
def test_a_run_that_is_killed_now_and_then_is_finished(way, places, tmp_path):
    killed(way, places, tmp_path, 1, 1)


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_five_hundred_kills(way, places, tmp_path):
    killed(way, places, tmp_path, WAYS[way], 2)


def test_the_kills_are_five_hundred():
    assert sum(WAYS.values()) == 500
