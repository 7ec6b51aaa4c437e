"""A worker: a process that filters files until its input ends.

One thread filters; another takes tasks in and has the system fetch their files meanwhile, and a
third tells what is done.
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

if TYPE_CHECKING:
    from imgconv.jobs.batch.unit import Unit

_PAUSE = 0.004
"""Seconds in which results gather, so that a thousand small files are not a thousand messages."""


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
    from imgconv.io import codec_noise
    from imgconv.jobs.batch.versions import versions

    codec_noise.redirect()
    gc.freeze()
    return versions()


def _work(work: Work, engine: str, stdin: IO[bytes], stdout: IO[bytes]) -> None:
    from imgconv.engines.opencv import load_cv2
    from imgconv.io import files
    from imgconv.jobs.batch.unit import Unit

    load_cv2().setNumThreads(work.threads)
    tasks: SimpleQueue[Task] = SimpleQueue()
    results: SimpleQueue[Result] = SimpleQueue()
    unit = Unit(work, engine)
    Thread(target=_filter, args=(unit, tasks, results), daemon=True).start()
    Thread(target=_tell, args=(results, stdout), daemon=True).start()
    while (sent := receive(stdin)) is not None:
        for task in sent:
            tasks.put(task)
        for task in sent:
            files.fetch_soon(task.source)


def _filter(unit: Unit, tasks: SimpleQueue[Task], results: SimpleQueue[Result]) -> None:
    while True:
        results.put(unit.do(tasks.get()))


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
