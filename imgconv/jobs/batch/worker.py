"""A worker: a process that filters files until its input ends.

One thread filters; another takes tasks in and reads small files, or has the system fetch large
ones, meanwhile; and a third tells what is done.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING, NoReturn

from imgconv.jobs.batch.protocol import Hello, Result, Task, Work, receive, send
from imgconv.model.errors import ImgconvError

if TYPE_CHECKING:
    from imgconv.jobs.batch.unit import Content, Unit

    Ready = tuple[Task, Content | None]

_PAUSE = 0.008
"""Seconds in which results gather, so that a thousand small files are not a thousand messages."""
_SMALL = 32 << 10
"""Bytes; files of such a size are held in memory before it is their turn."""


def serve() -> NoReturn:
    """Work for the process at the other end of stdin and stdout, as long as it is there."""
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nobody prints between our messages
    with contextlib.suppress(OSError):  # when memory runs out, rather a worker than its supervisor
        Path("/proc/self/oom_score_adj").write_text("500")
    try:
        engine = _load()
    except Exception as error:
        send(stdout, Hello("", error))
        os._exit(1)
    send(stdout, Hello(engine))
    work = receive(stdin)
    if work is not None:
        _work(work, engine, stdin, stdout)
    os._exit(0)


def _load() -> str:
    """Import all that the work needs, and say which engine that is."""
    import imgconv.jobs.batch.unit  # noqa: F401
    from imgconv.io.images import codec_noise
    from imgconv.jobs.batch.versions import versions

    codec_noise.redirect()
    gc.freeze()
    return versions()


def _work(work: Work, engine: str, stdin: IO[bytes], stdout: IO[bytes]) -> None:
    from imgconv.jobs.batch.unit import Unit

    os.environ["OPENCV_FOR_THREADS_NUM"] = str(work.threads)  # heard when it is loaded
    tasks: SimpleQueue[Ready] = SimpleQueue()
    results: SimpleQueue[Result] = SimpleQueue()
    unit = Unit(work, engine)
    Thread(target=_filter, args=(unit, tasks, results), daemon=True).start()
    Thread(target=_tell, args=(results, stdout), daemon=True).start()
    while (sent := receive(stdin)) is not None:
        for task in sent:
            tasks.put((task, _read_ahead(task)))


def _read_ahead(task: Task) -> Content | None:
    """Read a small file; to hint at it and read it later would take longer."""
    from imgconv.io.storage import files

    if task.size > _SMALL:
        files.fetch_soon(task.source)
        return None
    try:
        return files.read_stamped(task.source)
    except ImgconvError:  # the unit meets it again, and says so
        return None


def _filter(unit: Unit, tasks: SimpleQueue[Ready], results: SimpleQueue[Result]) -> None:
    while True:
        results.put(unit.do(*tasks.get()))


def _tell(results: SimpleQueue[Result], stdout: IO[bytes]) -> None:
    while True:
        told = [results.get()]
        time.sleep(_PAUSE)
        while not results.empty():
            told.append(results.get())
        try:
            send(stdout, told)
        except OSError:  # nobody is there any more
            os._exit(1)
