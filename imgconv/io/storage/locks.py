"""Locks of an output folder: one run of everything, or shards of one count side by side."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator

from imgconv.io.storage.files import reason
from imgconv.io.storage.state import StateFolder
from imgconv.model.errors import ImageWriteError
from imgconv.system.file_lock import try_lock

_SHARD = re.compile(r"(?:manifest|lock)-(\d+)-of-(\d+)[-.]?.*")


@contextlib.contextmanager
def locked(state: StateFolder, shard_suffix: str) -> Iterator[None]:
    """Keep others out while a run, or a shard, works in a folder.

    The file ``lock`` is locked by a run of everything for itself, and by shards together; each
    shard has a lock of its own beside it.

    Raises
    ------
    ImageWriteError
        When another run is at work there, or there are shards of another count.
    """
    with contextlib.ExitStack() as held:
        try:
            _hold(held, state, "lock", shared=bool(shard_suffix))
            if shard_suffix:
                _hold(held, state, f"lock{shard_suffix}", shared=False)
                _check_other_counts(state, shard_suffix)
        except ImageWriteError:
            raise
        except OSError as error:
            raise ImageWriteError(f"{state.path}: {reason(error)}") from None
        yield


@contextlib.contextmanager
def undisturbed(state: StateFolder) -> Iterator[None]:
    """Keep runs out while manifests are read; where nothing can be written, no run could work.

    Raises
    ------
    ImageWriteError
        When a run is at work there.
    """
    with contextlib.ExitStack() as held:
        lock = None
        with contextlib.suppress(OSError):
            lock = held.enter_context(state.open("lock", os.O_RDONLY))
        if lock is not None and not try_lock(lock, shared=False):
            raise _busy(state)
        yield


def _hold(held: contextlib.ExitStack, state: StateFolder, name: str, *, shared: bool) -> None:
    lock = held.enter_context(state.open(name, os.O_RDWR | os.O_CREAT))
    if not try_lock(lock, shared=shared):
        raise _busy(state)


def _busy(state: StateFolder) -> ImageWriteError:
    return ImageWriteError(
        f"{os.path.dirname(state.path)}: another imgconv batch is writing there",  # noqa: PTH120
        hint="wait for it, or give each a shard of its own: --shard 1/2",
    )


def _check_other_counts(state: StateFolder, shard_suffix: str) -> None:
    count = shard_suffix.rpartition("-")[2]
    for name in state.names():
        found = _SHARD.fullmatch(name)
        if found is None or found[2] == count:
            continue
        if name.startswith("manifest") or _is_held(state, name):
            raise ImageWriteError(
                f"{os.path.dirname(state.path)} was begun in {found[2]} shards, not in {count}",  # noqa: PTH120
                hint="imgconv manifest merge joins them, when they are done",
            )


def _is_held(state: StateFolder, name: str) -> bool:
    with state.open(name, os.O_RDWR) as lock:
        return not try_lock(lock, shared=False)
