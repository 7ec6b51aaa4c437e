"""A real Dask cluster on loopback: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """Starts and kills schedulers and workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def _start(self, *words: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*before, sys.executable, "-m", "dask", *words],
            cwd=self.folder,
            env={**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start_scheduler(self) -> None:
        place = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self.scheduler = self._start("scheduler", *place)
        for _ in range(3000):
            assert self.scheduler.poll() is None
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the scheduler does not answer")

    def start_worker(self, *words: str, without: Path | None = None) -> None:
        """Start a worker; for one `without` a folder, something empty is mounted there."""
        settings = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60")
        local = ("--local-directory", str(self.folder))
        before = ()
        if without is not None:
            mount = 'mount -t tmpfs none "$0" && exec "$@"'
            before = ("unshare", "--mount", "sh", "-c", mount, str(without))
        self.workers.append(
            self._start("worker", self.address, *settings, *local, *words, before=before)
        )

    def wait_for_workers(self, count: int) -> None:
        from distributed import Client

        with Client(self.address, timeout="120s") as client:
            client.wait_for_workers(count, timeout=300)

    def close(self) -> None:
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            process.kill()
            process.wait()
