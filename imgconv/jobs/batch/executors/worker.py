"""A worker: a process that filters files until its input ends.

One thread filters; another takes items in and reads small files, or has the system fetch large
ones, meanwhile; and a third sends what is done, or an empty message where nothing is.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, NoReturn

from imgconv.jobs.batch.executors.messages import Hello, receive, send
from imgconv.jobs.batch.executors.watch import SIGN_OF_LIFE
from imgconv.jobs.batch.items import Item, ItemResult, RunSettings
from imgconv.model.errors import ImgconvError
from imgconv.system.processes import be_ended_first
from imgconv.system.reading import fetch_soon

_PAUSE = 0.008
"""Seconds in which results gather, so that a thousand small files are not a thousand messages."""
_SMALL = 32 << 10
"""Bytes; files up to this size are held in memory before it is their turn."""


def serve() -> NoReturn:
    """Work for the process at the other end of stdin and stdout, as long as it is there."""
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nobody prints between the messages
    be_ended_first()
    try:
        engine = _load()
    except Exception as error:
        send(stdout, Hello("", error))
        os._exit(1)
    send(stdout, Hello(engine))
    settings = receive(stdin)
    if settings is not None:
        _work(settings, stdin, stdout)
    os._exit(0)


def _load() -> str:
    """Import all that the work needs, and return the versions and the engine."""
    import imgconv.jobs.batch.process_one  # noqa: F401
    from imgconv.io.images import codec_noise
    from imgconv.jobs.versions import versions

    codec_noise.redirect()
    gc.freeze()
    return versions()


def _work(settings: RunSettings, stdin: IO[bytes], stdout: IO[bytes]) -> None:
    os.environ["OPENCV_FOR_THREADS_NUM"] = str(settings.threads)  # read when OpenCV is loaded
    items: SimpleQueue[Item] = SimpleQueue()
    results: SimpleQueue[ItemResult] = SimpleQueue()
    Thread(target=_filter, args=(settings, items, results), daemon=True).start()
    Thread(target=_tell, args=(results, stdout), daemon=True).start()
    while (sent := receive(stdin)) is not None:
        for item in sent:
            items.put(_read_ahead(item))


def _read_ahead(item: Item) -> Item:
    """Read a small file; to hint at it and read it later would take longer."""
    from imgconv.io.storage import files

    if item.content is not None:
        return item
    if item.size > _SMALL:
        fetch_soon(item.source)
        return item
    try:
        return item._replace(content=files.read_content(item.source))
    except ImgconvError:  # `process_one` meets it again, and reports it
        return item


def _filter(
    settings: RunSettings, items: SimpleQueue[Item], results: SimpleQueue[ItemResult]
) -> None:
    from imgconv.jobs.batch.process_one import process_one

    while True:
        results.put(process_one(settings, items.get()))


def _tell(results: SimpleQueue[ItemResult], stdout: IO[bytes]) -> None:
    while True:
        told: list[ItemResult] = []
        with contextlib.suppress(Empty):
            told.append(results.get(timeout=SIGN_OF_LIFE))
            time.sleep(_PAUSE)
            while not results.empty():
                told.append(results.get())
        try:
            send(stdout, told)
        except OSError:  # nobody is there any more
            os._exit(1)
