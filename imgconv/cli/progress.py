"""What `imgconv batch` shows while it runs: a bar, plain lines, or a line of JSON for each file."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from imgconv.cli import output

if TYPE_CHECKING:
    from imgconv.jobs.batch.report import BatchReport, Event

_SECONDS_BETWEEN_LINES = 5.0


class Progress(Protocol):
    """Something that is told what happens."""

    def plan(self, total: int) -> None:
        """Hear how many files there are."""

    def event(self, event: Event) -> None:
        """Hear what became of a file."""

    def close(self) -> None:
        """Hear that it is over."""


class Tally:
    """Counts of a run so far, and its pace."""

    def __init__(self) -> None:
        self.total = self.ok = self.skipped = self.failed = self.bytes = 0
        self.started = time.monotonic()

    def add(self, event: Event) -> None:
        """Count a file."""
        setattr(self, event.kind, getattr(self, event.kind) + 1)
        if event.kind == "ok":
            self.bytes += event.entry.input_size

    @property
    def done(self) -> int:
        """How many files are over."""
        return self.ok + self.skipped + self.failed

    def __str__(self) -> str:
        seconds = max(time.monotonic() - self.started, 1e-3)
        pace = self.ok / seconds
        left = (self.total - self.done) / pace if pace else 0
        return (
            f"{self.done} of {self.total}: {self.ok} done, {self.failed} failed, "
            f"{self.skipped} skipped; {pace:.1f} images/s, {self.bytes / 1e6 / seconds:.1f} MB/s"
            + (f", {_clock(left)} left" if left else "")
        )


class Lines:
    """A line every few seconds, and one for each failure."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._next = time.monotonic() + _SECONDS_BETWEEN_LINES

    def plan(self, total: int) -> None:
        """Keep the total."""
        self._tally.total = total

    def event(self, event: Event) -> None:
        """Say a failure, and now and then how far it is."""
        self._tally.add(event)
        say_trouble(event)
        if time.monotonic() >= self._next:
            output.say(str(self._tally))
            self._next = time.monotonic() + _SECONDS_BETWEEN_LINES

    def close(self) -> None:
        """Say nothing more."""


class Quiet:
    """Failures alone."""

    def plan(self, total: int) -> None:
        """Say nothing."""

    def event(self, event: Event) -> None:
        """Say a failure."""
        say_trouble(event)

    def close(self) -> None:
        """Say nothing."""


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

        self._tally = Tally()
        self._console = Console(file=sys.stderr, highlight=False)
        self._progress = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.description}"),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=None)
        self._progress.start()

    def plan(self, total: int) -> None:
        """Set the length of the bar."""
        self._tally.total = total
        self._progress.update(self._task, total=total)

    def event(self, event: Event) -> None:
        """Move the bar; a failure stays above it."""
        self._tally.add(event)
        if event.kind == "failed":
            self._console.print(output.one_line(trouble(event)), style="red", markup=False)
        self._progress.update(self._task, completed=self._tally.done, description=str(self._tally))

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()


def progress_for(*, as_json: bool, quiet: bool) -> Progress:
    """Choose what fits."""
    if as_json:
        return Events()
    if quiet:
        return Quiet()
    if sys.stderr is not None and sys.stderr.isatty():
        return Bar()
    return Lines()


def write_event(kind: str, data: dict[str, Any]) -> None:
    """Write an event as a line of JSON on stdout."""
    output.show(json.dumps({"event": kind, **data}))


def trouble(event: Event) -> str:
    """Return a failure in words."""
    return f"Failed: {event.entry.message}"


def say_trouble(event: Event) -> None:
    """Say a failure, and nothing of other events."""
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
        words += f"; {report.replaced_workers} workers died and were replaced"
    if report.stopped:
        words += f"; stopped early, {report.total - report.done} were left"
    return words


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
