"""What `imgconv batch` shows while it runs: a bar, plain lines, or a line of JSON for each file."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from imgconv.cli import output
from imgconv.io.storage.files import reason
from imgconv.model.errors import ImageWriteError

if TYPE_CHECKING:
    from imgconv.jobs.batch.report import BatchReport, Event

_SECONDS_BETWEEN_LINES = 5.0
_SECONDS_TO_MENTION = 1.0


class Progress(Protocol):
    """Something that is told what happens."""

    def plan(self, total: int) -> None:
        """Record how many files there are."""

    def event(self, event: Event) -> None:
        """Record the outcome of a file."""

    def close(self) -> None:
        """End the report."""


class RunCounts:
    """Counts of a run so far, its rate and the file that took longest."""

    def __init__(self) -> None:
        self.total = self.ok = self.skipped = self.failed = self.bytes = 0
        self.slowest = ""
        self._longest = 0.0
        self.started = time.monotonic()

    def add(self, event: Event) -> None:
        """Count a file."""
        setattr(self, event.kind, getattr(self, event.kind) + 1)
        if event.kind != "ok":
            return
        self.bytes += event.entry.input_size
        if event.entry.seconds > self._longest:
            self._longest, self.slowest = event.entry.seconds, event.entry.source

    @property
    def done(self) -> int:
        """How many files are over."""
        return self.ok + self.skipped + self.failed

    def __str__(self) -> str:
        seconds = max(time.monotonic() - self.started, 1e-3)
        pace = self.ok / seconds
        left = max(0, self.total - self.done) / pace if pace else 0
        words = (
            f"{self.done} of {self.total}: {self.ok} done, {self.failed} failed, "
            f"{self.skipped} skipped; {pace:.1f} images/s, {self.bytes / 1e6 / seconds:.1f} MB/s"
        )
        if left:
            words += f", {_clock(left)} left"
        if self._longest >= _SECONDS_TO_MENTION:
            words += f"; the slowest took {self._longest:.1f} s: {self.slowest}"
        return words


class Lines:
    """A line every few seconds, and one for each failure."""

    def __init__(self) -> None:
        self._counts = RunCounts()
        self._next = time.monotonic() + _SECONDS_BETWEEN_LINES

    def plan(self, total: int) -> None:
        """Keep the total."""
        self._counts.total = total

    def event(self, event: Event) -> None:
        """Write a failure, and from time to time how far the run is."""
        self._counts.add(event)
        say_trouble(event)
        if time.monotonic() >= self._next:
            output.say(output.one_line(str(self._counts)))
            self._next = time.monotonic() + _SECONDS_BETWEEN_LINES

    def close(self) -> None:
        """Write nothing more."""


class Quiet:
    """Failures alone."""

    def plan(self, total: int) -> None:
        """Write nothing."""

    def event(self, event: Event) -> None:
        """Write a failure."""
        say_trouble(event)

    def close(self) -> None:
        """Write nothing."""


class Events:
    """One event a line, as JSON on stdout."""

    def plan(self, total: int) -> None:
        """Write the total."""
        write_event("plan", {"total": total})

    def event(self, event: Event) -> None:
        """Write the file's row."""
        write_event(event.kind, event.entry.as_dict())

    def close(self) -> None:
        """Leave the rest to the summary."""


class Bar:
    """A bar on the terminal, by rich."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._counts = RunCounts()
        self._console = Console(file=sys.stderr, highlight=False)
        self._progress = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=None)
        self._progress.start()

    def plan(self, total: int) -> None:
        """Set the length of the bar."""
        self._counts.total = total
        self._progress.update(self._task, total=total)

    def event(self, event: Event) -> None:
        """Move the bar; a failure stays above it."""
        self._counts.add(event)
        if event.kind == "failed":
            self._console.print(output.one_line(trouble(event)), style="red", markup=False)
        words = output.one_line(str(self._counts))
        self._progress.update(self._task, completed=self._counts.done, description=words)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()


class Log:
    """A file of JSON, an event a line with its time, beside another way to show progress.

    Parameters
    ----------
    path : str
        Lines are appended.
    shown : Progress

    Raises
    ------
    ImageWriteError
        When the file cannot be opened or written.
    """

    def __init__(self, path: str, shown: Progress) -> None:
        self._path = path
        self._shown = shown
        self._counts = RunCounts()
        try:
            self._file = open(path, "ab", buffering=0)  # noqa: PTH123, SIM115
        except OSError as error:
            raise ImageWriteError(f"{path}: {reason(error)}") from None

    def plan(self, total: int) -> None:
        """Write the total."""
        self._counts.total = total
        self._write("plan", {"total": total})
        self._shown.plan(total)

    def event(self, event: Event) -> None:
        """Write the file's row, and how far the run is."""
        self._counts.add(event)
        counts = {
            name: getattr(self._counts, name) for name in ("total", "ok", "skipped", "failed")
        }
        self._write(event.kind, {**event.entry.as_dict(), "counts": counts})
        self._shown.event(event)

    def close(self) -> None:
        """Write the end, and close the file."""
        try:
            self._write("end", {"slowest": self._counts.slowest})
        finally:
            self._file.close()
            self._shown.close()

    def _write(self, kind: str, data: dict[str, Any]) -> None:
        line = json.dumps({"time": time.time(), "event": kind, **data}).encode() + b"\n"
        try:
            self._file.write(line)
        except OSError as error:
            raise ImageWriteError(f"{self._path}: {reason(error)}") from None


def progress_for(*, as_json: bool, quiet: bool, log: str | None = None) -> Progress:
    """Choose what fits, and log it to a file if asked."""
    shown = _shown(as_json=as_json, quiet=quiet)
    return Log(log, shown) if log else shown


def _shown(*, as_json: bool, quiet: bool) -> Progress:
    if as_json:
        return Events()
    if quiet:
        return Quiet()
    if sys.stderr is not None and sys.stderr.isatty():
        return Bar()
    return Lines()


def write_event(kind: str, data: dict[str, Any]) -> None:
    """Write an event as a line of JSON on stdout."""
    output.show_as_it_is(json.dumps({"event": kind, **data}))


def trouble(event: Event) -> str:
    """Return a failure in words."""
    return f"Failed: {event.entry.message}"


def say_trouble(event: Event) -> None:
    """Write a failure, and nothing of other events."""
    if event.kind == "failed":
        output.say(output.one_line(trouble(event)))


def summary(report: BatchReport) -> str:
    """Return a run in a line."""
    seconds = max(report.seconds, 1e-3)
    words = f"{report.ok} done, {report.failed} failed, {report.skipped} skipped"
    words += f" in {report.seconds:.1f} s"
    if report.ok:
        words += (
            f" ({report.ok / seconds:.1f} images/s, {report.bytes_in / 1e6 / seconds:.1f} MB/s)"
        )
    if report.replaced_workers:
        words += (
            f"; {output.counted(report.replaced_workers, 'worker')} crashed or hung and replaced"
        )
    for worker in report.excluded_workers:
        words += f"; {worker} and was left out"
    if report.stopped or report.timed_out:
        why = "the time of --run-timeout is over" if report.timed_out else "stopped early"
        words += f"; {why}, {output.counted(report.total - report.done, 'file')} left"
    return words


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
