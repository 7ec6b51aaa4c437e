"""Functions of items in threads: the order, how far ahead, and how it ends."""

from __future__ import annotations

import threading
import time

import pytest

from imgconv.system.threads import in_threads, run_each


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_items(threads):
    def slow_first(number):
        time.sleep(0.02 if number == 0 else 0)
        return 2 * number

    assert run_each(slow_first, range(30), threads) == [2 * number for number in range(30)]
    assert list(in_threads(slow_first, iter(range(30)), threads)) == list(range(0, 60, 2))
    assert run_each(slow_first, [], threads) == []


def test_items_are_taken_a_few_ahead():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    results = in_threads(abs, items(), 3)
    assert next(results) == 0
    assert len(taken) == 5
    results.close()
    assert len(taken) == 5


def test_as_many_run_at_a_time_as_there_are_threads():
    meeting = threading.Barrier(3)
    assert sorted(run_each(lambda _: meeting.wait(20), range(3), 3)) == [0, 1, 2]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_is_raised_and_the_rest_is_left(error):
    done = []

    def work(number):
        if number == 3:
            raise error("no")
        done.append(number)
        time.sleep(0.001)

    before = threading.active_count()
    with pytest.raises(error, match="no"):
        run_each(work, range(1000), 2)
    assert {0, 1, 2} <= set(done)
    assert len(done) < 1000
    assert threading.active_count() == before
