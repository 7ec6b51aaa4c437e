"""What a picture, a task and a row cost, and what follows for ten million pictures.

    python tests/bench/bench_scaling.py [PICTURES [TIMES]]

The costs are measured here, with the medians of many runs; the simulation takes them, and the rates
that cannot be measured here are named as assumed. Dask's cost is measured where it is installed.
"""

from __future__ import annotations

import heapq
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imgconv import filter_image, recipe_from
from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import format_named
from imgconv.io.images.picture import Encoding, Picture
from imgconv.io.storage import files
from imgconv.io.storage.manifest_log import Chain
from imgconv.jobs.batch.executors.dask import CHUNK_SIZE
from imgconv.jobs.batch.manifest import ManifestRow

KEYS_PER_SECOND = 20_000
"""Assumed: an object store lists 1,000 keys in 50 ms, and pages come one after the other."""
DEATHS_PER_WORKER_HOUR = 0.02
"""Assumed: a worker on machines that may be taken away dies once in two days."""
RESTART_SECONDS = 30


class Costs(NamedTuple):
    """Seconds; `task` is the scheduler's own time for one."""

    decode: float
    filter: float
    encode: float
    put: float
    row: float
    task: float

    @property
    def picture(self) -> float:
        """Seconds of one core for one picture."""
        return self.decode + self.filter + self.encode + self.put + self.row


def median_seconds(run: Callable[[], object], times: int) -> float:
    """Time a call."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def measured(folder: Path, times: int) -> Costs:
    """Measure the costs of a JPEG of 2 MP, sharpened on one thread."""
    from skimage import data

    photo = np.tile(data.astronaut(), (3, 3, 1))[:1200, :1600]
    kind = format_named("jpeg")
    encoded = encode_picture(Picture((photo,)), kind, "x", Encoding(quality=90))[0]
    picture = decode_picture(encoded, "x")
    recipe = recipe_from({"kernels": ["sharpen"]})
    row = ManifestRow(
        "a/b.jpg", "a/b.jpg", "ok", 1, 2, "0" * 64, 1, 2, "0" * 64, "0" * 32, "imgconv"
    )
    names = iter(range(10**6))

    def taken(run: Callable[[], object]) -> float:
        return median_seconds(run, times)

    return Costs(
        decode=taken(lambda: decode_picture(encoded, "x")),
        filter=taken(lambda: filter_image(photo, recipe, threads=1)),
        encode=taken(lambda: encode_picture(picture, kind, "x")),
        put=taken(lambda: files.write_whole(folder / f"{next(names)}.jpg", encoded)),
        row=taken(lambda: Chain().line(row.as_dict())),
        task=task_cost(),
    )


def task_cost() -> float:
    """Measure what Dask's scheduler takes for a task that does nothing; assume 1 ms without it."""
    try:
        import distributed
    except ImportError:
        return 1e-3
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.gather(client.map(abs, range(100), pure=False))
        started = time.perf_counter()
        client.gather(client.map(abs, range(2000), pure=False))
        return (time.perf_counter() - started) / 2000


def simulate(costs: Costs, pictures: int, workers: int, seed: int = 0) -> tuple[float, float]:
    """Give the hours of a run, and the share of work that was lost to dying workers.

    Chunks become ready as the listing goes on; the scheduler hands them out one at a time; a
    worker that dies loses its chunk, which another one does again.
    """
    chance = random.Random(seed)
    work = CHUNK_SIZE * costs.picture
    count = -(-pictures // CHUNK_SIZE)
    free = [0.0] * workers
    scheduler = lost = end = 0.0
    ready, again = 0, 0
    while ready < count or again:
        if again:
            again -= 1
            listed = 0.0
        else:
            ready += 1
            listed = ready * CHUNK_SIZE / KEYS_PER_SECOND
        worker = heapq.heappop(free)
        scheduler = max(scheduler, listed, worker) + costs.task
        until_death = chance.expovariate(DEATHS_PER_WORKER_HOUR / 3600)
        if until_death < work:
            lost += until_death
            again += 1
            heapq.heappush(free, scheduler + until_death + RESTART_SECONDS)
        else:
            heapq.heappush(free, scheduler + work)
        end = max(end, scheduler + work)
    return end / 3600, lost / (count * work)


def main(pictures: int = 10_000_000, times: int = 21) -> None:
    """Print the costs and the simulation."""
    with tempfile.TemporaryDirectory() as folder:
        costs = measured(Path(folder), times)
    for name, value in costs._asdict().items():
        print(f"{name:<8}{value * 1e3:>10.3f} ms")
    print(f"picture {costs.picture * 1e3:>10.3f} ms of one core\n")
    print(f"{pictures} pictures, chunks of {CHUNK_SIZE}")
    print(f"{'workers':>8}{'hours':>10}{'pictures/s':>12}{'of ideal':>10}{'lost':>8}")
    for workers in (1, 10, 100, 1000):
        hours, lost = simulate(costs, pictures, workers)
        ideal = pictures * costs.picture / workers / 3600
        pace = pictures / hours / 3600
        print(f"{workers:>8}{hours:>10.2f}{pace:>12.0f}{ideal / hours:>10.1%}{lost:>8.2%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
