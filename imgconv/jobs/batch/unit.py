"""The unit of work: one file in, one staged file and one row out."""

from __future__ import annotations

import hashlib
import time
from pathlib import PurePath

from imgconv.io.images.formats import Format, format_for
from imgconv.io.images.header import Header
from imgconv.io.storage import files
from imgconv.io.storage.output_tree import OutputTree
from imgconv.jobs.apply.filter_file import Row, filter_bytes
from imgconv.jobs.batch.manifest import Entry
from imgconv.jobs.batch.memory import need_of
from imgconv.jobs.batch.protocol import Result, Task, Work, failed, with_output
from imgconv.model.errors import (
    ImgconvError,
    LimitError,
    MissingDependencyError,
    OutputExistsError,
)

Content = tuple[bytes, files.Stamp]
"""What a file holds, and the stamp that it had."""


class Unit:
    """Filters files of one run.

    Parameters
    ----------
    work : Work
    engine : str
    """

    def __init__(self, work: Work, engine: str) -> None:
        self._work = work
        self._engine = engine
        self._tree = OutputTree(work.root, work.share)

    def do(self, task: Task, content: Content | None = None) -> Result:
        """Filter a file, and say what became of it; never raises.

        Parameters
        ----------
        task : Task
        content : (bytes, Stamp), optional
            The file's, where it was read already.
        """
        started = time.perf_counter()
        entry = Entry(
            task.target, task.key, "ok", recipe=self._work.recipe_hash, engine=self._engine
        )
        try:
            result = self._do(task, entry, content)
        except Exception as error:
            result = Result(task.number, failed(entry, error, task.known))
        seconds = round(time.perf_counter() - started, 6)
        return result._replace(entry=result.entry._replace(seconds=seconds, finished=time.time()))

    def _do(self, task: Task, entry: Entry, content: Content | None) -> Result:
        data, stamp = content or files.read_stamped(task.source)
        digest = hashlib.sha256(data).hexdigest()
        entry = entry._replace(
            input_size=stamp.size, input_mtime_ns=stamp.mtime_ns, input_sha256=digest
        )
        done = self._still_done(task, entry)
        if done is not None:
            return Result(task.number, done)
        replace = self._may_replace(task)
        kind = format_for(self._work.format, PurePath(task.target))
        need, header = need_of(data, self._work.recipe, kind)
        if need > max(task.room, self._work.room):
            return Result(task.number, entry, need=need)
        try:
            encoded, row = self._filtered(task, data, kind, header)
        except ImgconvError as error:
            final = not isinstance(error, LimitError | MissingDependencyError)
            return Result(task.number, failed(entry, error, task.known)._replace(final=final))
        name, output = self._tree.stage(encoded, task.target)
        entry = with_output(entry, output, hashlib.sha256(encoded).hexdigest())
        entry = entry._replace(clipped_share=row.clipped_share, notes=row.notes)
        return Result(task.number, entry, name, replace)

    def _filtered(
        self, task: Task, data: bytes, kind: Format, header: Header | None
    ) -> tuple[bytes, Row]:
        work = self._work
        return filter_bytes(
            data,
            work.recipe,
            kind,
            source=task.key,
            target=task.target,
            threads=work.threads,
            reading=work.reading,
            encoding=work.encoding,
            header=header,
        )

    def _still_done(self, task: Task, entry: Entry) -> Entry | None:
        """Return the row of a file that only seemed to have changed, with its stamps of now."""
        known = task.known
        if known is None or known.status != "ok" or known.recipe != entry.recipe:
            return None
        if task.in_place:
            if entry.input_sha256 != known.output_sha256:
                return None
            output = entry.input
        else:
            if (known.engine, known.input_sha256) != (entry.engine, entry.input_sha256):
                return None
            stamp = self._tree.stamp(task.target)
            if stamp is None or self._tree.digest(task.target) != known.output_sha256:
                return None
            output = stamp
        seen = entry._replace(clipped_share=known.clipped_share)
        return with_output(seen, output, known.output_sha256)

    def _may_replace(self, task: Task) -> bool:
        """Return whether an output that is there may be replaced: it is ours, or it was asked for.

        Raises
        ------
        OutputExistsError
            When it is there and may not.
        """
        if task.replace or task.in_place:
            return True
        if not task.ours or not self._tree.has(task.target):
            return False
        if self._tree.digest(task.target) in task.ours:
            return True
        raise OutputExistsError(f"{task.target} exists", hint="--overwrite replaces it")
