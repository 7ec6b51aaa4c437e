"""What a filter was before and after a change, by name, where the middle of a picture tells."""

from __future__ import annotations

import time
from collections.abc import Sequence

from imgconv.model.errors import ImgconvError
from imgconv.ops.image import Image
from imgconv.ops.recover.linear import grow, try_all
from imgconv.ops.recover.ordered import orders
from imgconv.ops.recover.placement import placements
from imgconv.ops.recover.result import Known
from imgconv.ops.recover.tryout import Trial

_SECONDS = 4.0
_REACHES = (1, 2, 3, 5, 7)


def as_if(before: Image, expected: Image, actual: Image, known: Sequence[Known]) -> str | None:
    """Return which filter seems to have become which, or None where that is not clear.

    Examples
    --------
    >>> import numpy as np
    >>> flat = np.zeros((40, 40), np.uint8)
    >>> as_if(flat, flat, flat, []) is None
    True
    """
    was = _name(before, expected, known)
    now = _name(before, actual, known) if was else None
    return f"as if {was} had become {now}" if was and now and was != now else None


def _name(before: Image, after: Image, known: Sequence[Known]) -> str | None:
    """Return the name of one filter that makes every pixel of the middle."""
    if before.ndim != after.ndim or float(before.std()) == 0 or float(after.std()) == 0:
        return None
    try:
        trial = Trial(before, after, placements(before.shape[:2], after.shape[:2])[0], 1)
    except ImgconvError:
        return None
    deadline = time.monotonic() + _SECONDS
    for grown in grow(trial, deadline, _REACHES):
        if grown.fit.exact:
            for score, guess in try_all(trial, grown, known, deadline)[:1]:
                if score == 2 and guess.name:
                    return guess.name
    ranked = next(orders(trial), None)
    if ranked is None:
        return None
    equality = trial.with_reach(10).equality(ranked, trial.with_reach(10).middle, trial.settings)
    return ranked.name if equality is not None and equality.equal_share == 1 else None
