"""Record goldens, and take new results in place of old ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from imgconv.jobs.golden.case import Case
from imgconv.jobs.golden.check import allow, hold, in_parallel
from imgconv.jobs.golden.result import Finding, Status
from imgconv.jobs.golden.store import Store, pixel_hash
from imgconv.jobs.golden.suite import FILE_NAME, Suite, read_suite
from imgconv.jobs.golden.words import details
from imgconv.model.errors import (
    ArgumentError,
    GoldenDamagedError,
    GoldenMissingError,
    ImgconvError,
)

_OWN_FILE = "{}: this case compares two files of yours, so there is nothing to record"


class Kind(Enum):
    """What happened to a golden."""

    RECORDED = "recorded"
    TAKEN = "taken"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    DIFFERS = "differs"
    DELETED = "deleted"


class Step(NamedTuple):
    """What happened to one golden, with words on what changed."""

    name: str
    kind: Kind
    words: tuple[str, ...] = ()


def record_goldens(
    config: str | Path = FILE_NAME,
    names: Sequence[str] = (),
    *,
    hash_only: bool = False,
    allow_commands: bool = False,
    jobs: int | None = None,
) -> list[Step]:
    """Record the goldens that are not there yet; those that are stay as they are.

    Parameters
    ----------
    config, names, allow_commands, jobs
        As for `check_goldens`.
    hash_only : bool, default False
        Leave out the pictures. Then a failure cannot say where, and nothing can be tolerated.

    Returns
    -------
    list of Step
        In the order of the cases; `Kind.DIFFERS` where a golden is there and the result is
        another one.
    """
    suite, cases = _selected(config, names, allow_commands)
    own = [case for case in cases if case.expected is None]
    if hash_only:
        _check_exact(own)

    def record(case: Case, threads: int | None) -> Step:
        actual = case.picture(threads)
        try:
            same = suite.store.facts(case.name).pixels == pixel_hash(actual)
        except GoldenMissingError:
            suite.store.record(case.name, actual, hash_only=hash_only)
            return Step(case.name, Kind.RECORDED)
        except GoldenDamagedError as error:
            return Step(case.name, Kind.DIFFERS, (str(error),))
        return Step(case.name, Kind.UNCHANGED if same else Kind.DIFFERS)

    return in_parallel(record, own, jobs)


def _selected(
    config: str | Path, names: Sequence[str], commands: bool
) -> tuple[Suite, tuple[Case, ...]]:
    suite = read_suite(Path(config))
    cases = suite.select(names)
    allow(cases, commands)
    return suite, cases


def _check_exact(cases: Sequence[Case]) -> None:
    for case in cases:
        if not case.tolerance.is_exact or case.ignore:
            raise ArgumentError(
                f"{case.name}: a hash knows only equal and different; it can tolerate or ignore "
                "nothing",
                hint="leave out --hash-only, or the tolerance",
            )


def accept_goldens(
    config: str | Path = FILE_NAME,
    names: Sequence[str] = (),
    *,
    prune: bool = False,
    allow_commands: bool = False,
    jobs: int | None = None,
    ask: Callable[[Finding], bool] | None = None,
) -> list[Step]:
    """Take new results in place of goldens.

    Parameters
    ----------
    config, allow_commands, jobs
        As for `check_goldens`.
    names : sequence of str
        Only these cases are touched, and whatever differs is taken. Without names those that fail
        are taken, so that small changes within a tolerance cannot add up.
    prune : bool, default False
        Delete the goldens that no case uses; not together with names.
    ask : callable, optional
        Is given each `Finding`, and tells whether it is taken.

    Returns
    -------
    list of Step

    Raises
    ------
    ArgumentError
        For a named case that has no golden of its own, and for `prune` with names.
    """
    if prune and names:
        raise ArgumentError("a filtered run never deletes", "prune goes with all cases")
    suite, cases = _selected(config, names, allow_commands)
    own = [case for case in cases if case.expected is None]
    if names and len(own) < len(cases):
        other = next(case.name for case in cases if case.expected is not None)
        raise ArgumentError(_OWN_FILE.format(other), "put the new file in place yourself")

    def take(case: Case, threads: int | None) -> Step:
        return _take(hold(case, suite.store, threads), suite.store, bool(names), ask)

    steps = in_parallel(take, own, jobs if ask is None else 1)
    if prune:
        for name in suite.unused():
            suite.store.remove(name)
            steps.append(Step(name, Kind.DELETED))
    return steps


def _take(
    finding: Finding, store: Store, named: bool, ask: Callable[[Finding], bool] | None
) -> Step:
    result, actual = finding.result, finding.actual
    if actual is None:
        return Step(result.name, Kind.UNCHANGED)
    if result.status is Status.PASSED and not named:
        return Step(result.name, Kind.KEPT, ("within the tolerance",))
    if ask is not None and not ask(finding):
        return Step(result.name, Kind.KEPT)
    store.record(result.name, actual, hash_only=_is_hash_only(store, result.name))
    if result.status is Status.MISSING:
        return Step(result.name, Kind.RECORDED)
    return Step(result.name, Kind.TAKEN, (*result.reasons, *details(result)))


def _is_hash_only(store: Store, name: str) -> bool:
    try:
        return store.facts(name).picture is None
    except ImgconvError:
        return False
