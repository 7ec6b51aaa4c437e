"""How much a picture may change before that is a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth

METRIC = "levels/1"
"""The one metric there is, with its version: what the numbers below mean never changes under it."""

LIMITS = ("level", "share", "limit", "mean", "density")


class Tolerance(NamedTuple):
    """What passes; every limit must be kept.

    A pixel's difference is the greatest one of its channels, in levels of the image's type (of a
    float image, in its own units). Ignored pixels count nowhere.

    Attributes
    ----------
    level : float
        A pixel counts as differing when it differs by more than this.
    share : float
        At most this share of the pixels may differ, 0 to 1.
    limit : float or None
        No pixel may differ by more than this, whatever the share; None: no such limit.
    mean : float or None
        The mean of (new - expected), of each channel, may be at most this far from 0.
    density : (int, int) or None
        (n, w): at most n pixels may differ in any window of w x w.
    """

    level: float = 0
    share: float = 0
    limit: float | None = None
    mean: float | None = None
    density: tuple[int, int] | None = None


EXACT = Tolerance()
LOOSE = Tolerance(share=0.02, limit=2, mean=0.02, density=(24, 16))
"""Passes speckle of +-1 at 1 % of the pixels; neither a 12 x 12 defect nor +1 everywhere."""

PRESETS = {"exact": EXACT, "loose": LOOSE}


class ToleranceSpec(NamedTuple):
    """A tolerance as it is asked for: a preset, and limits in place of some of its own."""

    preset: str = "exact"
    changes: Mapping[str, object] = {}

    def of(self, depth: Depth) -> Tolerance:
        """Return the limits for images of a depth.

        The numbers of a preset are 8-bit and 16-bit levels; for floats they count 1/255.

        Examples
        --------
        >>> ToleranceSpec("loose", {"share": 0.5}).of(Depth.U8)
        Tolerance(level=0, share=0.5, limit=2, mean=0.02, density=(24, 16))
        """
        preset = PRESETS[self.preset]
        if depth is Depth.F32 and preset.limit is not None and preset.mean is not None:
            preset = preset._replace(limit=preset.limit / 255, mean=preset.mean / 255)
        return preset._replace(**self.changes)  # type: ignore[arg-type]

    @property
    def is_exact(self) -> bool:
        """Whether only equal pixels pass, so that a hash alone can decide."""
        return self.preset == "exact" and not self.changes


EXACT_SPEC = ToleranceSpec()


def parse_tolerance(asked: str | Mapping[str, object] | None) -> ToleranceSpec:
    """Read a tolerance: a preset's name, or limits by name and perhaps ``preset``.

    Raises
    ------
    ArgumentError
        For an unknown preset or limit, or a number that it cannot be.

    Examples
    --------
    >>> parse_tolerance({"level": 1, "density": [4, 8]})
    ToleranceSpec(preset='exact', changes={'level': 1.0, 'density': (4, 8)})
    """
    given = {"preset": asked} if isinstance(asked, str) else dict(asked or {})
    preset = str(given.pop("preset", "exact"))
    if preset not in PRESETS:
        raise ArgumentError(f"no tolerance is called {preset!r}", "choose " + " or ".join(PRESETS))
    if unknown := sorted(given.keys() - set(LIMITS)):
        raise ArgumentError(
            f"a tolerance has no {unknown[0]!r}", hint="known: preset, " + ", ".join(LIMITS)
        )
    return ToleranceSpec(preset, {key: _limit(key, value) for key, value in given.items()})


def _limit(key: str, value: object) -> float | tuple[int, int]:
    if key == "density":
        return _density(value)
    number = _number(value)
    if number is None or not 0 <= number < float("inf") or (key == "share" and number > 1):
        rule = "a share from 0 to 1" if key == "share" else "a number of levels, 0 or more"
        raise ArgumentError(f"{key} is {value!r}, not {rule}")
    return number


def _density(value: object) -> tuple[int, int]:
    parts = [_number(part) for part in value] if isinstance(value, list | tuple) else []
    match parts:
        case [float(most), float(window)] if (
            most >= 0 and window >= 1 and all(part == int(part) for part in (most, window))
        ):
            return int(most), int(window)
    raise ArgumentError(
        f"density is {value!r}, not a count and the side of a window", hint="write it as [24, 16]"
    )


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
