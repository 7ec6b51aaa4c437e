"""Executors lose no result, and a run notices when one does."""

from __future__ import annotations

from typing import Any

import pytest
from cli.batches import make_tree

from imgconv import filter_folder
from imgconv.jobs.batch.executors.processes import ProcessExecutor
from imgconv.jobs.batch.items import ItemResult
from imgconv.jobs.batch.manifest import ManifestRow
from imgconv.jobs.batch.runner import LostResultsError


class LateQueue:
    """Items that another thread is done with just before the queue says that it has ended."""

    def __init__(self, executor: ProcessExecutor, result: ItemResult) -> None:
        self._executor = executor
        self._result = [result]

    @property
    def ended(self) -> bool:
        if self._result:
            self._executor.wake([self._result.pop()])
        return True

    def take(self) -> None:
        return None

    def overdue(self, timeout: float) -> list[ItemResult]:
        return []


def test_a_result_that_comes_as_the_queue_ends_is_given():
    executor = ProcessExecutor(1, 1 << 30)
    result = ItemResult(0, ManifestRow("a.png", "a.png", "failed"))
    settings: Any = None
    given = list(executor.run_queue(settings, LateQueue(executor, result)))
    assert [each for finished in given for each in finished.results] == [result]


def test_a_run_that_lost_a_result_says_so(tmp_path, monkeypatch):
    make_tree(tmp_path / "photos", ["a.png", "b.png", "c.png"])
    finished = ProcessExecutor._finished

    def lose_one(self, item, result):
        return None if item.key == "b.png" else finished(self, item, result)

    monkeypatch.setattr(ProcessExecutor, "_finished", lose_one)
    with pytest.raises(LostResultsError, match="1 of 3 files have no result"):
        filter_folder(tmp_path / "photos", tmp_path / "out", kernels=["sharpen"])
    monkeypatch.undo()
    again = filter_folder(tmp_path / "photos", tmp_path / "out", kernels=["sharpen"])
    assert (again.ok, again.skipped) == (1, 2)
