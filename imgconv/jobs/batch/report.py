"""What a run tells: an event for each file, and a report at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from imgconv.jobs.batch.manifest import ManifestRow

_FAILURES_KEPT = 1000


class Event(NamedTuple):
    """What happened to one file: ``ok``, ``skipped`` or ``failed``, and its row."""

    kind: str
    entry: ManifestRow


@dataclass
class BatchReport:
    """What a run did.

    Attributes
    ----------
    total : int
        Files of the plan.
    ok, skipped, failed : int
        Filtered; left alone, being unchanged since an earlier run or links elsewhere; and failed.
    bytes_in, bytes_out : int
        Of the files that were filtered.
    seconds : float
    replaced_workers : int
        How many worker processes died and were replaced.
    failures : list of ManifestRow
        The first thousand.
    manifest : str
        Where the rows are.
    excluded_workers : list of str
        Workers of a cluster that were left out, and why.
    stopped : bool
        Whether too many failures, or the time limit of the run, ended it early.
    timed_out : bool
        Whether it was the time limit.
    """

    total: int = 0
    ok: int = 0
    skipped: int = 0
    failed: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    seconds: float = 0
    replaced_workers: int = 0
    failures: list[ManifestRow] = field(default_factory=list)
    manifest: str = ""
    excluded_workers: list[str] = field(default_factory=list)
    stopped: bool = False
    timed_out: bool = False

    @property
    def done(self) -> int:
        """How many files are over, however they ended."""
        return self.ok + self.skipped + self.failed

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data, the rows of failures left to the manifest."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**data, "failures": [entry.target for entry in self.failures]}

    def count(self, event: Event) -> None:
        """Add an event."""
        kind, entry = event
        setattr(self, kind, getattr(self, kind) + 1)
        if kind == "ok":
            self.bytes_in += entry.input_size
            self.bytes_out += entry.output_size
        elif kind == "failed" and len(self.failures) < _FAILURES_KEPT:
            self.failures.append(entry)
