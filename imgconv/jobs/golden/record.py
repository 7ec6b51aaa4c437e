"""Record goldens, and take new results in place of old ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from imgconv.jobs.golden.case import Case
from imgconv.jobs.golden.check import allow, compare_case
from imgconv.jobs.golden.origin import origin_of
from imgconv.jobs.golden.pictures import in_parallel
from imgconv.jobs.golden.pixel_hash import pixel_hash
from imgconv.jobs.golden.result import CaseFinding, Status
from imgconv.jobs.golden.suite import FILE_NAME, Suite, read_suite
from imgconv.jobs.golden.text_report import details
from imgconv.model.errors import (
    ArgumentError,
    GoldenDamagedError,
    GoldenMissingError,
    ImgconvError,
)

_OWN_FILE = "{}: this case compares two files of yours, so there is nothing to record"


class Action(Enum):
    """What happened to a golden."""

    RECORDED = "recorded"
    TAKEN = "taken"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    DIFFERS = "differs"
    DELETED = "deleted"
    ADOPTED = "adopted"


class CaseAction(NamedTuple):
    """What happened to one golden, with words on what changed."""

    name: str
    action: Action
    words: tuple[str, ...] = ()


def record_goldens(
    config: str | Path = FILE_NAME,
    names: Sequence[str] = (),
    *,
    hash_only: bool = False,
    allow_commands: bool = False,
    goldens_outside: bool = False,
    jobs: int | None = None,
) -> list[CaseAction]:
    """Record the goldens that are not there yet; those that are stay as they are.

    Parameters
    ----------
    config, names, allow_commands, jobs
        As for `check_goldens`.
    hash_only : bool, default False
        Leave out the pictures. Then a failure cannot say where, and nothing can be tolerated.
    goldens_outside : bool, default False
        Whether the goldens may be outside the folder of `config`.

    Returns
    -------
    list of CaseAction
        In the order of the cases; `Action.DIFFERS` where a golden is there and the result is
        another one.

    Raises
    ------
    OutputExistsError
        Before anything is written, when a file is there that imgconv did not record.
    RecipeError
        When the set's file is wrong, or the goldens are outside its folder.
    """
    suite, cases = _selected(config, names, allow_commands, goldens_outside)
    own = [case for case in cases if case.expected is None]
    if hash_only:
        _check_exact(own)
    for case in own:
        suite.store.check_own(case.name, hash_only=hash_only or _is_hash_only(suite, case))

    def record(case: Case, threads: int | None) -> CaseAction:
        actual = case.picture(threads)
        try:
            same = suite.store.load(case.name).pixels == pixel_hash(actual)
        except GoldenMissingError:
            suite.store.record(case.name, actual, hash_only=hash_only, origin=origin_of(case))
            return CaseAction(case.name, Action.RECORDED)
        except GoldenDamagedError as error:
            return CaseAction(case.name, Action.DIFFERS, (str(error),))
        return CaseAction(case.name, Action.UNCHANGED if same else Action.DIFFERS)

    return in_parallel(record, own, jobs)


def _selected(
    config: str | Path, names: Sequence[str], commands: bool, outside: bool
) -> tuple[Suite, tuple[Case, ...]]:
    suite = read_suite(Path(config))
    if not outside:
        suite.check_inside()
    cases = suite.select(names)
    allow(cases, commands)
    return suite, cases


def _check_exact(cases: Sequence[Case]) -> None:
    for case in cases:
        if not case.tolerance.is_exact or case.ignore:
            raise ArgumentError(
                f"{case.name}: a hash only tells equal from different; tolerances and ignored "
                "parts need the picture",
                hint="leave out --hash-only, or the tolerance",
            )


def accept_goldens(
    config: str | Path = FILE_NAME,
    names: Sequence[str] = (),
    *,
    prune: bool = False,
    allow_commands: bool = False,
    goldens_outside: bool = False,
    jobs: int | None = None,
    ask: Callable[[CaseFinding], bool | None] | None = None,
    deleting: Callable[[Sequence[Path]], object] | None = None,
) -> list[CaseAction]:
    """Take new results in place of goldens.

    Parameters
    ----------
    config, allow_commands, jobs
        As for `check_goldens`.
    goldens_outside : bool, default False
        As for `record_goldens`.
    names : sequence of str
        Only these cases are touched, and whatever differs is taken. Without names those that fail
        are taken, so that small changes within a tolerance cannot add up.
    prune : bool, default False
        Delete the goldens that no case uses; not together with names.
    ask : callable, optional
        Is given each `CaseFinding`, and tells whether it is taken; None leaves it and all
        that follow as they are, and nothing is deleted.
    deleting : callable, optional
        Is given all files that `prune` deletes, before the first one is.

    Returns
    -------
    list of CaseAction

    Raises
    ------
    ArgumentError
        For a named case that has no golden of its own, and for `prune` with names.
    OutputExistsError, RecipeError
        As for `record_goldens`.
    """
    if prune and names:
        raise ArgumentError("a filtered run never deletes", "prune goes with all cases")
    suite, cases = _selected(config, names, allow_commands, goldens_outside)
    own = [case for case in cases if case.expected is None]
    if names and len(own) < len(cases):
        other = next(case.name for case in cases if case.expected is not None)
        raise ArgumentError(_OWN_FILE.format(other), "put the new file in place yourself")

    for case in own:
        suite.store.check_own(case.name, hash_only=_is_hash_only(suite, case))

    def take(case: Case, threads: int | None) -> CaseAction:
        return _take(compare_case(case, suite.store, threads), suite, case, bool(names), ask)

    if ask is not None:
        steps, stopped = _taken_one_by_one(take, own)
        if stopped:
            return steps
    else:
        steps = in_parallel(take, own, jobs)
    if prune:
        steps += _prune(suite, deleting)
    return steps


class _StoppedError(Exception):
    """Whoever was asked wants no more questions."""


def _taken_one_by_one(
    take: Callable[[Case, int | None], CaseAction], cases: Sequence[Case]
) -> tuple[list[CaseAction], bool]:
    steps: list[CaseAction] = []
    for case in cases:
        try:
            steps.append(take(case, None))
        except _StoppedError:
            rest = cases[len(steps) :]
            return [*steps, *(CaseAction(left.name, Action.KEPT) for left in rest)], True
    return steps, False


def adopt_goldens(
    config: str | Path = FILE_NAME,
    names: Sequence[str] = (),
    *,
    goldens_outside: bool = False,
) -> list[CaseAction]:
    """Make goldens of this set of pictures that are not recorded, or of another set's goldens.

    Parameters
    ----------
    config : path, default "golden.yaml"
    names : sequence of str
        Of cases, or patterns.
    goldens_outside : bool, default False
        As for `record_goldens`.

    Returns
    -------
    list of CaseAction

    Raises
    ------
    ArgumentError
        Without names, and for a case that has no golden of its own.
    GoldenMissingError
        When there is nothing to adopt.
    """
    if not names:
        raise ArgumentError("name the cases whose pictures are adopted")
    suite, cases = _selected(config, names, True, goldens_outside)
    for case in cases:
        if case.expected is not None:
            raise ArgumentError(_OWN_FILE.format(case.name))
    return [
        CaseAction(case.name, Action.ADOPTED, (suite.store.adopt(case.name),)) for case in cases
    ]


def _prune(suite: Suite, deleting: Callable[[Sequence[Path]], object] | None) -> list[CaseAction]:
    unused = suite.unused()
    doomed = [path for name in unused for path in suite.store.files_of(name)]
    if doomed and deleting is not None:
        deleting(doomed)
    for name in unused:
        suite.store.remove(name)
    return [CaseAction(name, Action.DELETED) for name in unused]


def _take(
    finding: CaseFinding,
    suite: Suite,
    case: Case,
    named: bool,
    ask: Callable[[CaseFinding], bool | None] | None,
) -> CaseAction:
    result, actual = finding.result, finding.actual
    if actual is None or (result.status is Status.PASSED and result.change is None):
        return CaseAction(result.name, Action.UNCHANGED)
    if result.status is Status.PASSED and not named:
        return CaseAction(result.name, Action.KEPT, ("within the tolerance",))
    if ask is not None:
        answer = ask(finding)
        if answer is None:
            raise _StoppedError
        if not answer:
            return CaseAction(result.name, Action.KEPT)
    hash_only = _is_hash_only(suite, case)
    suite.store.record(case.name, actual, hash_only=hash_only, origin=origin_of(case))
    if result.status is Status.MISSING:
        return CaseAction(result.name, Action.RECORDED)
    return CaseAction(result.name, Action.TAKEN, (*result.reasons, *details(result)))


def _is_hash_only(suite: Suite, case: Case) -> bool:
    try:
        return suite.store.load(case.name).picture is None
    except ImgconvError:
        return False
