"""A Dask cluster: connecting to it, and refusing one that has other versions."""

from __future__ import annotations

import logging
from contextlib import suppress
from types import ModuleType
from typing import Any

from imgconv.jobs.versions import versions
from imgconv.model.errors import ArgumentError, ImgconvError, LimitError, MissingDependencyError

_SILENT = logging.CRITICAL + 1
_PATIENCE = 60
"""Seconds to wait for a first worker."""
_LONGEST_SILENCE = 15
"""Seconds to wait for a scheduler."""


class VersionError(ImgconvError, RuntimeError):
    """A worker has other versions than the one who planned (exit 2)."""

    exit_code = 2


class Cluster:
    """A Dask cluster: ``local:N`` for N processes here, or the address of a scheduler.

    Attributes
    ----------
    client : distributed.Client
    distributed : module

    Raises
    ------
    MissingDependencyError
        When Dask is not installed.
    VersionError
        When a worker has other versions.
    LimitError
        When no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        self.distributed = _dask()
        _silence()
        self._own = self._local(address) if address.startswith("local:") else None
        try:
            at = self._own or address
            self.client: Any = self.distributed.Client(at, timeout=_LONGEST_SILENCE)
        except (OSError, ValueError) as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise LimitError(f"no scheduler answers at {address}: {said}") from None
        self._check_versions()

    def _local(self, address: str) -> Any:
        count = address.removeprefix("local:")
        if not count.isdigit() or int(count) < 1:
            raise ArgumentError(f"cluster {address!r} is not local:N", hint="write local:4")
        return self.distributed.LocalCluster(
            n_workers=int(count),
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            # It has an HTTP server all the same, at a port that another run may have.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=_SILENT,
        )

    def _check_versions(self) -> None:
        mine = versions()
        try:
            self.client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            self.close()
            raise LimitError(
                f"the cluster has no worker after {_PATIENCE} s", hint="start one: dask worker"
            ) from None
        # One that dies meanwhile gives an error instead of versions, and does no work.
        for worker, theirs in self.client.run(versions, on_error="return").items():
            if not isinstance(theirs, Exception) and theirs != mine:
                self.close()
                raise VersionError(
                    f"worker {worker} has {theirs}, this is {mine}",
                    hint="install the same versions everywhere",
                )

    def close(self) -> None:
        """Leave the cluster; one of our own ends."""
        with suppress(Exception):
            self.client.close()
        if self._own is not None:
            self._own.close()


def _dask() -> ModuleType:
    try:
        import distributed
    except ImportError:
        raise MissingDependencyError(
            "--cluster needs Dask", hint="pip install 'imgconv[cluster]'"
        ) from None
    module: ModuleType = distributed
    return module


def _silence() -> None:
    """Log nothing of Dask: one error of imgconv tells of lost connections, in one line."""
    names = ["distributed", *logging.root.manager.loggerDict]  # some have levels of their own
    for name in names:
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(_SILENT)


def gave_up(error: BaseException) -> LimitError:
    """Describe in one line why a cluster did not end what it had begun."""
    said = f"{type(error).__name__}: {str(error)[:200]}".rstrip(": ")
    return LimitError(
        f"the cluster failed: {said}", hint="run the same command again to do the rest"
    )
