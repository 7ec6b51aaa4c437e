"""The results of a check: of the cases of a golden set, or of pairs of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.io.storage.locations import Place
from imgconv.model.errors import GoldenMissingError
from imgconv.ops.compare.cause import Cause
from imgconv.ops.compare.difference import Change
from imgconv.ops.compare.placement import CanvasPlacement

Image = NDArray[Any]


class Status(Enum):
    """The verdict on a case, a pair of pictures, or a golden that no case uses."""

    FAILED = "failed"
    MISSING = "missing"
    UNUSED = "unused"
    PASSED = "passed"


class Wording(NamedTuple):
    """The words in which a command reports.

    Attributes
    ----------
    command : str
        Names the command, and with it the suite in JUnit.
    noun : str
        For one result.
    states : mapping of Status to str
        In the order in which they are counted.
    """

    command: str
    noun: str
    states: Mapping[Status, str]


GOLDEN = Wording(
    "golden",
    "case",
    {
        Status.PASSED: "passed",
        Status.FAILED: "failed",
        Status.MISSING: "missing",
        Status.UNUSED: "unused",
    },
)
DIFF = Wording(
    "diff",
    "pair",
    {Status.PASSED: "same", Status.FAILED: "different", Status.MISSING: "missing"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """The result for one case, one pair of pictures, or one golden that no case uses.

    Attributes
    ----------
    name : str
    status : Status
    file : Path, Url or None
        The file that an annotation is about; None: that of the report.
    line : int
        Of the case in golden.yaml; 0 where there is none.
    reasons : tuple of str
        Why it did not pass, in words.
    change : Change or None
        How the pixels differ, where both pictures are there and of one kind.
    placement : CanvasPlacement or None
        How two pictures of different sizes lie on one canvas.
    causes : tuple of Cause
    environment : tuple of str or None
        What is not as it was at the recording; None where that is not known or not asked.
    exit_code : int
    seconds : float
    """

    name: str
    status: Status
    file: Place | None = None
    line: int = 0
    reasons: tuple[str, ...] = ()
    change: Change | None = None
    placement: CanvasPlacement | None = None
    causes: tuple[Cause, ...] = ()
    environment: tuple[str, ...] | None = None
    exit_code: int = 0
    seconds: float = 0.0

    def as_dict(self, wording: Wording = GOLDEN) -> dict[str, Any]:
        """Return name, status and what differs as plain data."""
        change = self.change
        box = change.bounding_box if change else None
        limitless = change is not None and np.isfinite(change.max_abs_diff)
        facts = {
            "name": self.name,
            "status": wording.states[self.status],
            "differing_pixels": change.differing if change else None,
            "max_abs_diff": change.max_abs_diff if change and limitless else None,
            "bounding_box": list(box) if box else None,
            "causes": [cause.name for cause in self.causes],
        }
        if wording is GOLDEN:
            return facts
        worst = change.worst_window if change else None
        return {
            **facts,
            "pixels": change.pixels if change else None,
            "metrics": {k: v if np.isfinite(v) else None for k, v in change.metrics.items()}
            if change
            else {},
            "worst_window": list(worst) if worst else None,
            "reasons": list(self.reasons),
            "causes": [asdict(cause) for cause in self.causes],
        }


class CaseFinding(NamedTuple):
    """A result with the pictures that it is about, where they were looked at."""

    result: CaseResult
    expected: Image | None = None
    actual: Image | None = None


@dataclass(frozen=True, slots=True)
class CaseReport:
    """The results of a check, in order; goldens that no case uses are last.

    Attributes
    ----------
    file : Path or Url
        golden.yaml, or the second file or folder of a comparison.
    results : tuple of CaseResult
    wording : Wording
    """

    file: Place
    results: tuple[CaseResult, ...]
    wording: Wording = field(default=GOLDEN)

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
            f"{self.wording.noun}s": self.cases,
            **{said: self.count(status) for status, said in self.wording.states.items()},
            "results": [result.as_dict(self.wording) for result in self.results],
        }

    def broken(self) -> Sequence[CaseResult]:
        """Return all that did not pass."""
        return [result for result in self.results if result.status is not Status.PASSED]
