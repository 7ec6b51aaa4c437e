"""What a check found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import GoldenMissingError
from imgconv.ops.compare.difference import Change
from imgconv.ops.compare.engine_diagnosis import Cause

Image = NDArray[Any]


class Status(Enum):
    """How a case, or a golden, stands."""

    FAILED = "failed"
    MISSING = "missing"
    UNUSED = "unused"
    PASSED = "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What was found about one case, or one golden that no case uses.

    Attributes
    ----------
    name : str
    status : Status
    line : int
        Of the case in golden.yaml; 0 where there is none.
    reasons : tuple of str
        Why it did not pass, in words.
    change : Change or None
        How the pixels differ, where both pictures are there and of one kind.
    causes : tuple of Cause
    environment : tuple of str
        What is not as it was at the recording; looked at only where something differs.
    exit_code : int
    seconds : float
    """

    name: str
    status: Status
    line: int = 0
    reasons: tuple[str, ...] = ()
    change: Change | None = None
    causes: tuple[Cause, ...] = ()
    environment: tuple[str, ...] = ()
    exit_code: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return name, status and what differs as plain data."""
        change = self.change
        box = change.bounding_box if change else None
        limitless = change is not None and np.isfinite(change.max_abs_diff)
        return {
            "name": self.name,
            "status": self.status.value,
            "differing_pixels": change.differing if change else None,
            "max_abs_diff": change.max_abs_diff if change and limitless else None,
            "bounding_box": list(box) if box else None,
            "causes": [cause.name for cause in self.causes],
        }


class CaseFinding(NamedTuple):
    """A result with the pictures that it is about, where they were looked at."""

    result: CaseResult
    expected: Image | None = None
    actual: Image | None = None


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """What a check of a golden set found, in the order of its cases, unused goldens last."""

    file: Path
    results: tuple[CaseResult, ...]

    def count(self, status: Status) -> int:
        """Count the results of a status."""
        return sum(result.status is status for result in self.results)

    @property
    def cases(self) -> int:
        """How many cases were checked."""
        return len(self.results) - self.count(Status.UNUSED)

    @property
    def exit_code(self) -> int:
        """The code of the first input or recipe that failed; else 1, else 6, else 0."""
        codes = [result.exit_code for result in self.results if result.exit_code]
        errors = [code for code in codes if code not in (1, GoldenMissingError.exit_code)]
        return errors[0] if errors else min(codes, default=0)

    def as_dict(self) -> dict[str, Any]:
        """Return counts and results as plain data."""
        return {
            "cases": self.cases,
            "passed": self.count(Status.PASSED),
            "failed": self.count(Status.FAILED),
            "missing": self.count(Status.MISSING),
            "unused": self.count(Status.UNUSED),
            "results": [result.as_dict() for result in self.results],
        }

    def broken(self) -> Sequence[CaseResult]:
        """Return all that did not pass."""
        return [result for result in self.results if result.status is not Status.PASSED]
