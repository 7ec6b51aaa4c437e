"""A recipe's steps on one kind of image: which settings each has, and what each makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Form, Reach, Step
from imgconv.model.steps.convert import Convert

_PLAIN = Settings()


class PlannedStep(NamedTuple):
    """One step, with all that is decided before a pixel is there.

    Attributes
    ----------
    step : Step
        Flipped, anchored and fused as the recipe says.
    settings : Settings
        With the depth and the range that apply to this step.
    before, after : Form
        Of its input and its output.
    light : Depth, optional
        In linear light, the depth of the image that was decoded: the border's value is a level of
        that.
    """

    step: Step
    settings: Settings
    before: Form
    after: Form
    light: Depth | None = None


class StepPlan(NamedTuple):
    """The steps of a recipe on one kind of image.

    Attributes
    ----------
    steps : tuple of PlannedStep
    output : Form
    notes : tuple of str
        What fusing did, a line each.
    """

    steps: tuple[PlannedStep, ...]
    output: Form
    notes: tuple[str, ...] = ()

    @property
    def leading(self) -> int:
        """How many steps come before the first window, and before linear light."""
        return leading_count([planned.step for planned in self.steps])


def leading_count(steps: Sequence[Step]) -> int:
    """Return how many steps come before the first window, and before linear light."""
    for number, step in enumerate(steps):
        if step.reach is Reach.WINDOW or step.opens_light:
            return number
    return len(steps)


def plan_steps(
    steps: Sequence[Step], settings: Settings, image: Form, *, fuse: bool = False
) -> StepPlan:
    """Decide depth, range and form for each step of a recipe (see `Recipe` for the rule).

    Parameters
    ----------
    steps : sequence of Step
        Flipped and anchored.
    settings : Settings
        The recipe's.
    image : Form
        Of the image that the first step sees.
    fuse : bool
        Whether neighbouring kernels become one where that changes no bit.
    """
    chain = _completed(steps, settings)
    last_sums = max((i for i, step in enumerate(chain) if step.makes_sums), default=-1)
    last_depth = max(
        (i for i, step in enumerate(chain) if step.makes_sums or step.closes_light), default=-1
    )
    planner = _Planner(settings, image, strides=_strides_by_convert(chain))
    notes: list[str] = []
    at = 0
    while at < len(chain):
        run = planner.placed(_run_of_sums(chain[at:]) if fuse else chain[at : at + 1])
        at += len(run)
        if len(run) > 1:
            from imgconv.model.fusion import fused

            run, said = fused(run, settings, planner.now.depth, planner.carried())
            notes += said
        for step in run[:-1]:
            planner.add(step)
        planner.add(run[-1], ranged=at - 1 == last_sums, final=at - 1 == last_depth)
    return StepPlan(tuple(planner.steps), planner.now, tuple(notes))


def _completed(steps: Sequence[Step], settings: Settings) -> list[Step]:
    """Add what the recipe leaves out: the end of linear light, and a conversion."""
    chain = [step for step in steps if step.kind != Convert.kind or settings != _PLAIN]
    opened = sum(step.opens_light for step in chain) - sum(step.closes_light for step in chain)
    if opened > 0:
        from imgconv.model.steps.color import EncodeLight

        chain.append(EncodeLight())
    if any(step.makes_sums for step in chain) or not _asks_to_convert(chain, settings):
        return chain
    ends = [i for i, step in enumerate(chain) if step.closes_light]
    chain.insert(ends[-1] if ends else len(chain), Convert())
    return chain


def _asks_to_convert(chain: Sequence[Step], settings: Settings) -> bool:
    if any(step.reach is Reach.WINDOW for step in chain):
        return settings.depth is not None or settings.output_range is not OutputRange.SATURATE
    return settings != _PLAIN


def _strides_by_convert(chain: Sequence[Step]) -> bool:
    """Return whether stride and size are left to a conversion: no other step has a window."""
    return not any(step.reach is Reach.WINDOW and step.kind != Convert.kind for step in chain)


def _run_of_sums(chain: Sequence[Step]) -> list[Step]:
    run = list(chain[:1])
    if run[0].makes_sums:
        for step in chain[1:]:
            if not step.makes_sums:
                break
            run.append(step)
    return run


class _Planner:
    """What is known of the image between two steps, and the steps up to there."""

    def __init__(self, settings: Settings, image: Form, *, strides: bool) -> None:
        self._settings = settings
        self._strides = strides
        self._plain = settings._replace(depth=None, output_range=OutputRange.SATURATE)
        self._white = image.depth.high
        self._light: Depth | None = None
        self.now = image
        self.steps: list[PlannedStep] = []

    def placed(self, steps: Sequence[Step]) -> list[Step]:
        """Return steps as they are where they stand: in linear light, offsets are shares."""
        light = self._light
        return list(steps) if light is None else [step.in_light(light) for step in steps]

    def carried(self) -> Depth:
        """Return the depth between two steps that make sums."""
        return Depth.F32 if self._light is not None else self._target(self.now.depth, final=False)

    def add(self, step: Step, *, ranged: bool = False, final: bool = False) -> None:
        """Add a step; `ranged` and `final` say whether range and depth are applied by it."""
        settings = self._settings_of(step, ranged=ranged, final=final)
        after = step.output_form(self.now, settings)
        self.steps.append(PlannedStep(step, settings, self.now, after, self._light))
        if not step.makes_sums and after.depth is not self.now.depth:
            self._white = after.depth.high
        if step.opens_light:
            self._light = self.now.depth
        elif step.closes_light:
            self._light = None
        self.now = after

    def _target(self, depth: Depth, *, final: bool) -> Depth:
        asked = self._settings.depth or depth
        return asked if final or asked.holds(depth) else depth

    def _settings_of(self, step: Step, *, ranged: bool, final: bool) -> Settings:
        if step.closes_light and self._light is not None:
            return self._plain._replace(depth=self._target(self._light, final=final))
        if not step.makes_sums:
            return self._plain
        depth = self.carried()
        if final and self._light is None:
            depth = self._target(self.now.depth, final=True)
        settings = self._settings if step.kind != Convert.kind or self._strides else self._unmoved
        if ranged:
            return settings._replace(depth=depth, white=self._white)
        return settings._replace(depth=depth, output_range=OutputRange.SATURATE)

    @property
    def _unmoved(self) -> Settings:
        """The settings without stride, dilation and size."""
        plain = _PLAIN
        return self._settings._replace(
            stride=plain.stride, dilation=plain.dilation, size=plain.size
        )
