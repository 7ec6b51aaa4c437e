"""The search for the recipe that made a picture."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from imgconv.model.errors import ArgumentError, NothingMatchedError
from imgconv.model.kernel import as_kernel
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Reach, Step
from imgconv.model.steps.color import ToGray
from imgconv.model.steps.methods import Gray
from imgconv.ops.image import Image, as_image, has_alpha
from imgconv.ops.recover.blocks import find_steps
from imgconv.ops.recover.chains import chains
from imgconv.ops.recover.composed import compositions
from imgconv.ops.recover.habits import Load, applies, by_a_tool, explained, with_rim
from imgconv.ops.recover.jpeg import CONFIDENCE, about
from imgconv.ops.recover.linear import Grown, grow, try_all
from imgconv.ops.recover.local_levels import is_black_and_white, local_thresholds
from imgconv.ops.recover.names import OVERHANG, nearest
from imgconv.ops.recover.ordered import behind, orders
from imgconv.ops.recover.placement import placements
from imgconv.ops.recover.result import Alternative, Compressed, Equality, Known, Recovery
from imgconv.ops.recover.scan import REACH, scan
from imgconv.ops.recover.tryout import Guess, Trial, run_or_none

_LEAST_TEXTURE = 1e-3
_TRIED_WHOLE = 6
_NEARLY_ALL = 0.98
_PLAUSIBLE = 0.9
_BEFORE_GRAY = 0.9
_FOR_TOOLS = 0.5
_GRAYS_BEHIND = 2


def search(
    before: Image, after: Image, known: Sequence[Known], load: Load, budget: float = 10.0
) -> Recovery:
    """Return the recipe that reproduces a picture best.

    Parameters
    ----------
    before, after : ndarray
    known : sequence of Known
        Steps with names.
    load : callable
        Gives the step that a spec means.
    budget : float, default 10
        Seconds for the search; what it found is then measured on the whole picture.

    Raises
    ------
    ArgumentError
        For a budget that is not positive.
    NothingMatchedError
        When nothing plausible was found; the message says why.
    """
    if not budget > 0:
        raise ArgumentError(f"a budget of {budget:g} seconds leaves no time; give more than 0")
    before, after, notes = _without_alpha(as_image(before), as_image(after))
    if before.shape == after.shape and before.dtype == after.dtype and (before == after).all():
        return Recovery(Recipe(), Equality(1.0, 0.0, None, 1.0), "identity", notes=notes)
    _check_texture(before, after)
    trials = list(_trials(before, after))
    return _Search(before, trials, known, load, budget, notes).run()


Found = tuple[int, list[tuple[float, Guess]]]
Trials = Sequence[tuple[tuple[Step, ...], Trial]]
Way = Callable[[tuple[Step, ...], Trial, Sequence[Known], float, list[Grown]], Iterator[Found]]


@dataclass
class _Search:
    """A search under way: what it looks at, and the best that it found."""

    before: Image
    trials: Trials
    known: Sequence[Known]
    load: Load
    budget: float
    notes: tuple[str, ...]
    reasons: list[Grown] = field(default_factory=list)
    best: Recovery | None = None

    def run(self) -> Recovery:
        """Return the best recipe, with what its habits tell.

        Raises
        ------
        NothingMatchedError
            When nothing plausible was found.
        """
        begun = time.monotonic()
        for way, share in _WAYS:
            self._try(way, begun + share * self.budget)
            if way is _linear and not self._exact:
                self._look_behind_compression(begun + _FOR_TOOLS * self.budget)
                self._ask_tools(begun + _FOR_TOOLS * self.budget)
            if self.best is not None and self._settled:
                return explained(self.best, self.known)
        best = self.best
        if best is None or best.equality.near_share < _PLAUSIBLE:
            raise _refusal(self.reasons)
        return explained(best, self.known)

    @property
    def _exact(self) -> bool:
        return self.best is not None and self.best.exact

    @property
    def _settled(self) -> bool:
        """Whether all or nearly all pixels are accounted for."""
        best = self.best
        if best is None or best.tool or best.rim or best.compressed:
            return best is not None
        return best.equality.equal_share > _NEARLY_ALL

    def _try(self, way: Way, deadline: float) -> None:
        for steps, trial in self.trials:
            whole = replace(trial, before=self.before)
            for reach, guesses in way(steps, trial, self.known, deadline, self.reasons):
                found = _finished(whole.with_reach(reach), guesses, self.notes)
                if found is not None and (self.best is None or _better(found, self.best)):
                    self.best = found
                if self._exact or time.monotonic() > deadline:
                    return

    def _look_behind_compression(self, deadline: float) -> None:
        """Fit a linear filter behind compression, where the result was compressed since."""
        if self.best is not None and self.best.equality.near_share >= _PLAUSIBLE:
            return
        if find_steps(self.trials[0][1].after) is None:
            return
        for steps, trial in self.trials[:_GRAYS_BEHIND]:
            found = about(trial, self.known, deadline)
            if found is None:
                continue
            whole = replace(trial, before=self.before)
            guess = behind(steps, found.guess)
            recipe = guess.recipe(whole.settings)  # border and rounding leave no trace
            equality = whole.whole(recipe)
            if equality is not None:
                told = Compressed(CONFIDENCE, found.intervals, found.origin, found.nearest)
                kernel = next((as_kernel(k) for k in guess.steps if k.is_linear), None)
                self.best = Recovery(
                    recipe, equality, guess.name, kernel, notes=self.notes, compressed=told
                )
            return

    def _ask_tools(self, deadline: float) -> None:
        """Try the calls of other tools, and a border that was left as it was."""
        trial = self.trials[0][1]
        if len(self.trials) > 1 or not applies(trial) or (self.best and self.best.compressed):
            return
        fit = max((r.wide for r in self.reasons), key=lambda fit: fit.explained, default=None)
        self.best = by_a_tool(trial, fit, self.best, self.load, deadline) or self.best
        if self.best is not None:
            self.best = with_rim(trial, self.best)


def _linear(
    steps: tuple[Step, ...],
    trial: Trial,
    known: Sequence[Known],
    deadline: float,
    reasons: list[Grown],
) -> Iterator[Found]:
    """Yield the reach of linear filters that leave no more than rounding, and guesses at them."""
    for grown in grow(trial, deadline):
        reasons.append(grown)
        if grown.fit.exact:
            found = _after(steps, try_all(trial, grown, known, deadline))
            yield grown.reach + OVERHANG, found
        elif steps and grown.fit.explained > _BEFORE_GRAY:
            # Colours that were clipped before they became gray leave no exact fit of gray.
            near = nearest(grown.wide, known, trial.placement, most=4)
            swapped = [Guess((m.kernel, *steps), m.known.name, convolve=m.flipped)
                       for m in near if not m.negative]  # fmt: skip
            yield grown.reach + OVERHANG, [(1.0, guess) for guess in swapped]


def _scanned(
    steps: tuple[Step, ...],
    trial: Trial,
    known: Sequence[Known],
    deadline: float,
    reasons: list[Grown],  # noqa: ARG001
) -> Iterator[Found]:
    """Yield the known steps that explain the middle."""
    found = scan(trial, steps, known, deadline)
    if found:
        yield REACH, [(scored.share, scored.guess) for scored in found]


def _ordered(
    steps: tuple[Step, ...],
    trial: Trial,
    known: Sequence[Known],
    deadline: float,
    reasons: list[Grown],  # noqa: ARG001
) -> Iterator[Found]:
    """Yield thresholds, order statistics and morphology."""
    if is_black_and_white(trial):
        alone = [entry for entry in known if entry.is_identity]
        if parted := scan(trial, steps, alone[:1], math.inf):
            yield REACH, [(scored.share, scored.guess) for scored in parted]
    ways = orders(trial), local_thresholds(trial, deadline), compositions(trial, deadline)
    for guesses in ways:
        found = [(1.0, behind(steps, guess)) for guess in islice(guesses, _TRIED_WHOLE)]
        if found:
            yield REACH, found


def _whole(
    steps: tuple[Step, ...],
    trial: Trial,  # noqa: ARG001
    known: Sequence[Known],
    deadline: float,
    reasons: list[Grown],  # noqa: ARG001
) -> Iterator[Found]:
    """Yield the known steps that look at the whole picture, or too far for its middle."""
    for entry in known:
        if time.monotonic() > deadline:
            return
        wide = any(max(e.rows, e.columns) > 2 * REACH + 1 for e in entry.step.extents)
        if (wide or entry.step.reach is Reach.WHOLE) and not entry.step.makes_sums:
            yield REACH, [(1.0, Guess((*steps, entry.step), entry.name))]


def _chained(
    steps: tuple[Step, ...],
    trial: Trial,
    known: Sequence[Known],
    deadline: float,
    reasons: list[Grown],  # noqa: ARG001
) -> Iterator[Found]:
    """Yield pairs of known steps that explain the middle."""
    for scored in chains(trial, steps, known, deadline):
        yield 2 * REACH, [(scored.share, scored.guess)]


_WAYS: tuple[tuple[Way, float], ...] = (
    (_linear, 0.3),
    (_ordered, 0.6),
    (_scanned, 0.75),
    (_whole, 0.8),
    (_chained, 1.0),
)
"""The cheap and the likely first, each with the share of the budget at which it ends."""


def _after(
    steps: tuple[Step, ...], found: Sequence[tuple[float, Guess]]
) -> list[tuple[float, Guess]]:
    """Return the guesses with steps before theirs, and with gray after them too."""
    result = []
    for score, guess in found:
        result.append((score, behind(steps, guess)))
        if steps and guess.steps:
            result.append((score, replace(guess, steps=(*guess.steps, *steps))))
    return result


def _better(one: Recovery, other: Recovery) -> bool:
    both = one.equality, other.equality
    if all(equality.near_share == 1 and equality.max_abs_diff < 1e-5 for equality in both):
        return one.name is not None and other.name is None  # floats, but for the last bits
    return one.equality.equal_share > other.equality.equal_share


def _without_alpha(before: Image, after: Image) -> tuple[Image, Image, tuple[str, ...]]:
    """Return the colours alone; alpha that changed is refused by none, but mentioned."""
    notes: tuple[str, ...] = ()
    if has_alpha(before) or has_alpha(after):
        notes = ("alpha is left aside",)
    before, after = (image[..., :-1] if has_alpha(image) else image for image in (before, after))
    return _flat(before), _flat(after), notes


def _flat(image: Image) -> Image:
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image


def _check_texture(before: Image, after: Image) -> None:
    thin = before[:: max(1, len(before) // 1024)]
    spread = float(thin.astype(np.float64).std())
    if spread <= _LEAST_TEXTURE * (Depth.of(before.dtype).high / 255):
        raise NothingMatchedError(
            "too little texture: the picture before is of one value, and so is what filters give",
            hint="use a picture with detail, such as a photograph",
        )
    thin = after[:: max(1, len(after) // 1024)]
    if float(thin.astype(np.float64).std()) == 0:
        raise NothingMatchedError(
            "the picture after is of one value, so nothing of the filter is left in it",
            hint="use a picture that the filter does not saturate",
        )


def _trials(before: Image, after: Image) -> Iterator[tuple[tuple[Step, ...], Trial]]:
    """Yield the steps that may come first, and what the rest must make of what."""
    tones: list[tuple[Step, ...]] = [()]
    if before.ndim == 3 and after.ndim == 2:
        tones = [(ToGray(method),) for method in Gray]
    for steps in tones:
        start = run_or_none(before, Recipe(steps=steps)) if steps else before
        if start is not None and start.ndim == after.ndim:
            for placement in placements(start.shape[:2], after.shape[:2]):
                yield steps, Trial(start, after, placement, 1)


def _finished(
    trial: Trial,
    found: Sequence[tuple[float, Guess]],
    notes: tuple[str, ...],
) -> Recovery | None:
    """Return the best of some guesses, with its border and rounding, measured on all pixels."""
    best: Recovery | None = None
    tried: list[Alternative] = []
    for _, guess in found[:_TRIED_WHOLE]:
        settled = trial.settled(guess)
        if settled is None:
            continue
        settings, inner = settled
        recipe = guess.recipe(settings)
        tried.append(Alternative(guess.name or "unnamed", inner.equal_share))
        if best is not None and best.exact:
            continue
        equality = trial.whole(recipe)
        if equality is None:
            continue
        kernels = [as_kernel(step) for step in guess.steps if step.is_linear]
        kernel = kernels[0] if len(kernels) == 1 else None
        found_now = Recovery(recipe, equality, guess.name, kernel, notes=(*notes, *guess.notes))
        if best is None or _better(found_now, best):
            best = found_now
    if best is None:
        return None
    others = tuple(a for a in tried if a.name != (best.name or "unnamed"))
    return replace(best, alternatives=others)


def _refusal(reasons: Sequence[Grown]) -> NothingMatchedError:
    explained = max((grown.fit.explained for grown in reasons), default=0.0)
    return NothingMatchedError(
        f"nothing plausible was found: the best linear filter explains {max(explained, 0):.0%} of "
        "the picture, and what is left is more than rounding",
        hint="the pictures may not belong together, or more than one filter was used",
    )
