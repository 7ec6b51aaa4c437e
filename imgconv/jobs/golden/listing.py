"""The cases of a golden set and the state of each golden, without comparing anything."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from imgconv.io.config.recipes import format_recipe
from imgconv.jobs.golden.case import Case
from imgconv.jobs.golden.suite import FILE_NAME, Suite, read_suite
from imgconv.model.errors import GoldenDamagedError, GoldenMissingError


class ListedGolden(NamedTuple):
    """A case, or a golden that no case uses.

    Attributes
    ----------
    name : str
    state : {"recorded", "missing", "damaged", "own file", "other set", "unused"}
    source : str
        What the picture is made of.
    line : int
        Of the case in the file; 0 where there is none.
    """

    name: str
    state: str
    source: str = ""
    line: int = 0


def list_goldens(config: str | Path = FILE_NAME, names: Sequence[str] = ()) -> list[ListedGolden]:
    """List the cases of a golden set in order, and then the goldens that no case uses.

    Parameters
    ----------
    config : path, default "golden.yaml"
    names : sequence of str
        Of cases, or patterns; then goldens without a case are left out.

    Raises
    ------
    RecipeError, GoldenMissingError
        As `check_goldens` does.
    """
    suite = read_suite(Path(config))
    rows = [
        ListedGolden(case.name, _state(case, suite), _source(case), case.line)
        for case in suite.select(names)
    ]
    return rows if names else rows + [ListedGolden(name, "unused") for name in suite.unused()]


def _state(case: Case, suite: Suite) -> str:
    if case.expected is not None:
        return "own file" if case.expected.is_file() else "missing"
    try:
        other = suite.store.is_of_another(case.name)
    except GoldenMissingError:
        return "missing"
    except GoldenDamagedError:
        return "damaged"
    return "recorded" if other is None else "other set"


def _source(case: Case) -> str:
    if case.command:
        return shlex.join(case.command)
    if case.input is None:
        return str(case.actual)
    recipe = ", ".join(format_recipe(case.recipe).splitlines())
    return f"{case.input}: {recipe}"
