"""Guesses of one linear filter, from a fit over a growing window."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, OutputRange
from imgconv.model.steps.base import Step
from imgconv.model.steps.color import Invert
from imgconv.ops.recover.fit import Fit, fit_window, take_windows
from imgconv.ops.recover.generated import proposals
from imgconv.ops.recover.names import OVERHANG, Match, name_of, nearest
from imgconv.ops.recover.result import Known, is_identity
from imgconv.ops.recover.snap import exact_kernels, offsets_of, support
from imgconv.ops.recover.tryout import Guess, Trial

_REACHES = (1, 2, 3, 5, 7, 10, 15)
_GAIN_TO_GO_ON = 0.97
_GAIN_OF_EXACT = 0.995


class Grown(NamedTuple):
    """A fit, and the reach of the window on both sides of the output pixel.

    `wide` is the fit before the window was narrowed to the taps that seem to carry weight: names
    are looked for with it, since what a narrow window leaves out has moved to its rim.
    """

    fit: Fit
    reach: int
    wide: Fit


def grow(trial: Trial, deadline: float, reaches: Sequence[int] = _REACHES) -> Iterator[Grown]:
    """Yield the fits of growing windows that leave no more than rounding, or else the best one.

    A wider window comes after one that does, as long as there is less left under it.
    """
    before, after, placement = trial.before, trial.after, trial.placement
    depth = Depth.of(after.dtype)
    best: Grown | None = None
    stalled = 0
    fixed = placement.size is not OutputSize.SAME
    for reach in (max(placement.taps),) if fixed else reaches:
        if best is not None and time.monotonic() > deadline:
            break
        windows = take_windows(before, after, placement, (reach, reach))
        fit = fit_window(windows, placement.offsets((reach, reach)), depth)
        if fit is None:
            break
        gain = _GAIN_OF_EXACT if best is not None and best.fit.exact else _GAIN_TO_GO_ON
        if best is None or fit.rms < gain * best.fit.rms:
            best, stalled = Grown(fit, reach, fit), 0
            if fit.exact:
                yield _narrowed(trial, best)
        else:
            stalled += 1
        if stalled > 1 or (stalled and best.fit.exact):
            break
    if best is not None and not best.fit.exact:
        yield best


def _narrowed(trial: Trial, grown: Grown) -> Grown:
    """Return the fit over the taps that carry weight alone: its errors are less."""
    across = support(grown.fit, trial.placement)
    wide = tuple(len(side) for side in across)
    if wide == grown.fit.weights.shape:
        return grown
    reach = max(-across[0][0], -across[1][0], across[0][-1], across[1][-1], 0)
    windows = take_windows(trial.before, trial.after, trial.placement, (reach, reach), seed=1)
    fit = fit_window(windows, across, Depth.of(trial.after.dtype))
    return Grown(fit, reach, grown.fit) if fit is not None and fit.exact else grown


def guesses(trial: Trial, grown: Grown, known: Sequence[Known]) -> Iterator[Guess | None]:
    """Yield what may have been done, the named kernels first; None before what takes longer."""
    fit, wide = grown.fit, grown.wide
    for scale, output_range in _scales(trial):
        limit = _excess_limit(wide, trial)
        for found in (known, proposals(wide, trial.placement, scale)):
            matches = nearest(wide, found, trial.placement, scale=scale)
            for match in matches:
                if match.excess <= limit:
                    yield from _named(match, fit, trial, scale, output_range)
            yield None
        for kernel in islice(exact_kernels(fit, trial.placement, scale), 4):
            yield from _unnamed(kernel, fit, trial, output_range, known)


def _excess_limit(fit: Fit, trial: Trial) -> float:
    if Depth.of(trial.after.dtype) is Depth.F32:
        return max(6 * fit.rms, 1e-6)
    return max(0.4, 1.2 * fit.rms)


def _scales(trial: Trial) -> list[tuple[float, OutputRange]]:
    one, other = Depth.of(trial.before.dtype), Depth.of(trial.after.dtype)
    found = [(1.0, OutputRange.SATURATE)]
    if one is not other and Depth.I16 not in {one, other}:
        found.append((other.high / one.high, OutputRange.FULL))
    return found


def _named(
    match: Match, fit: Fit, trial: Trial, scale: float, output_range: OutputRange
) -> Iterator[Guess]:
    kernel, name = match.kernel, match.known.name
    depth = Depth.of(trial.after.dtype)
    slack = 1.2 if depth is not Depth.F32 else 1e-3
    white, turned = float(depth.high), match.flipped
    steps: tuple[Step, ...] = () if is_identity(kernel) else (kernel,)
    if match.negative:
        total = float(kernel.sum)
        if abs(fit.offset - white) <= slack:
            yield Guess((*steps, Invert()), _with(name, steps, ", invert"), output_range, turned)
        if abs(fit.offset - white * total) <= slack and steps:
            yield Guess((Invert(), *steps), f"invert, {name}", output_range, turned)
        return
    shift = fit.offset - scale * float(kernel.offset)
    if abs(shift) <= slack:
        yield Guess(steps, name, output_range, turned)
    elif abs(shift - float(depth.middle)) <= slack and output_range is OutputRange.SATURATE:
        yield Guess((kernel,), name, OutputRange.OFFSET, turned)
    else:
        for offset in offsets_of(shift / scale, depth is Depth.F32):
            moved = Kernel(
                kernel.weights,
                scale=kernel.scale,
                offset=Fraction(kernel.offset) + Fraction(offset),
                anchor=kernel.anchor,
            )
            yield Guess((moved,), f"{name} plus {offset}", output_range, turned)


def _with(name: str, steps: tuple[Step, ...], more: str) -> str:
    return f"{name}{more}" if steps else more.removeprefix(", ")


def _unnamed(
    kernel: Kernel, fit: Fit, trial: Trial, output_range: OutputRange, known: Sequence[Known]
) -> Iterator[Guess]:
    depth = Depth.of(trial.after.dtype)
    name = name_of(kernel, known)
    middle = float(depth.middle)
    if abs(fit.offset - middle) <= 1.2 and middle and output_range is OutputRange.SATURATE:
        yield Guess((kernel,), name, OutputRange.OFFSET)
    for offset in offsets_of(fit.offset, depth is Depth.F32):
        moved = Kernel(kernel.weights, offset=offset, anchor=kernel.anchor)
        said = f"{name} plus {offset}" if name and offset else name
        yield Guess((moved,), said, output_range)


def try_all(
    trial: Trial, grown: Grown, known: Sequence[Known], deadline: float
) -> list[tuple[float, Guess]]:
    """Return the guesses that do well on the middle, the best first, each with its share."""
    close = replace(trial, reach=grown.reach + OVERHANG)
    found: list[tuple[float, Guess]] = []
    for guess in guesses(close, grown, known):
        if guess is None:
            if any(share == 2 for share, _ in found):
                break
            continue
        if found and time.monotonic() > deadline:
            break
        equality = close.equality(guess, close.middle, close.settings)
        if equality is None:
            continue
        found.append((equality.near_share + equality.equal_share, guess))
    found.sort(key=lambda pair: -pair[0])
    return found
