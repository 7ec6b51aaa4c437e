"""How much a picture may change before that is a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth

METRIC = "levels/1"
"""The metric of the first five limits, with its version: what they mean never changes under it."""

METRICS = {"psnr": "psnr/1", "ssim": "ssim/1", "ciede2000": "ciede2000/1", "flip": "flip/1"}
"""Metrics that can be limits too, with their versions."""

_LEVELS = ("level", "share", "limit", "mean", "density")
_CHOICES = {"antialias": ("count", "ignore"), "alpha": ("data", "look")}
LIMITS = (*_LEVELS, *METRICS, *_CHOICES)


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
    psnr : float or None
        The least PSNR, in dB over the range of the type.
    ssim : float or None
        The least mean structural similarity, as scikit-image computes it in windows of 7 x 7.
    ciede2000 : float or None
        The greatest colour difference that any pixel may have.
    flip : float or None
        The greatest mean of NVIDIA's FLIP for a screen at 67 pixels per degree.
    antialias : {"count", "ignore"}
        Whether pixels that are antialiased in both pictures count in `share` and `limit`; in
        `density` they always do, so that a defect among them fails.
    alpha : {"data", "look"}
        Whether alpha is a channel like others, or pictures are compared as they look over black
        and over white.
    """

    level: float = 0
    share: float = 0
    limit: float | None = None
    mean: float | None = None
    density: tuple[int, int] | None = None
    psnr: float | None = None
    ssim: float | None = None
    ciede2000: float | None = None
    flip: float | None = None
    antialias: str = "count"
    alpha: str = "data"


EXACT = Tolerance()
LOOSE = Tolerance(share=0.02, limit=2, mean=0.02, density=(24, 16))
"""Passes speckle of +-1 at 1 % of the pixels; neither a 12 x 12 defect nor +1 everywhere."""

ANY = Tolerance(share=1)
"""Passes everything; for limits of other metrics alone."""

PRESETS = {"exact": EXACT, "loose": LOOSE, "any": ANY}


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
        Tolerance(level=0, share=0.5, limit=2, mean=0.02, density=(24, 16), psnr=None, ssim=None,
            ciede2000=None, flip=None, antialias='count', alpha='data')
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
LOOKS_EXACT = ToleranceSpec("exact", {"alpha": "look"})


def parse_tolerance(asked: str | Mapping[str, object] | None) -> ToleranceSpec:
    """Read a tolerance: a preset's name, or limits by name and perhaps ``preset``.

    Limits of other metrics alone, as in ``{"ssim": 0.98}``, depart from ``any``, since beside
    ``exact`` they would say nothing.

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
    preset = str(given.pop("preset", _base_preset(given)))
    if preset not in PRESETS:
        raise ArgumentError(f"no tolerance is called {preset!r}", "choose " + " or ".join(PRESETS))
    if unknown := sorted(given.keys() - set(LIMITS)):
        raise ArgumentError(
            f"a tolerance has no {unknown[0]!r}", hint="known: preset, " + ", ".join(LIMITS)
        )
    return ToleranceSpec(preset, {key: _limit(key, value) for key, value in given.items()})


def _base_preset(given: Mapping[str, object]) -> str:
    """Return the preset that is meant where none is named."""
    metrics = given.keys() & METRICS.keys()
    return "any" if metrics and not given.keys() & set(_LEVELS) else "exact"


def _limit(key: str, value: object) -> float | str | tuple[int, int]:
    if key == "density":
        return _density(value)
    if key in _CHOICES:
        if value not in _CHOICES[key]:
            raise ArgumentError(f"{key} is {value!r}, not {' or '.join(_CHOICES[key])}")
        return str(value)
    number = _number(value)
    most = 1 if key in ("share", "ssim", "flip") else float("inf")
    if number is None or not 0 <= number <= most or number == float("inf"):
        raise ArgumentError(f"{key} is {value!r}, not {_RULES.get(key, _LEVEL_RULE)}")
    return number


_LEVEL_RULE = "a number of levels, 0 or more"
_RULES = {
    "share": "a share from 0 to 1",
    "psnr": "a number of dB, 0 or more",
    "ssim": "a similarity from 0 to 1",
    "ciede2000": "a colour difference, 0 or more",
    "flip": "a difference from 0 to 1",
}


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
