"""A recipe: everything that happens to an image, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import OutputSize
from imgconv.model.nodata import EVERY_PIXEL, Nodata
from imgconv.model.region import EVERYWHERE, MEANS, Sees, Selection
from imgconv.model.settings import Settings
from imgconv.model.step_plan import StepPlan, leading_count, plan_steps
from imgconv.model.steps.base import Form, Reach, Step
from imgconv.model.steps.convert import Convert


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What happens to an image: steps, one after the other, and the settings that they share.

    Attributes
    ----------
    steps : tuple of Step
        In any order and any number: a `Kernel`, a `KernelSet`, and others, such as `ToGray` and
        `Binarization`.
    convolve : bool
        Whether windows are flipped first.
    anchor : (int, int), optional
        In place of the anchor of every window.
    fuse : bool
        Whether neighbouring kernels become one where that changes no bit.
    alpha : Alpha
        How steps with a window treat transparency.
    settings : Settings
        Border, stride, dilation and size apply to each step with a window.
    selection : Selection
        Which pixels are changed.
    nodata : Nodata
        Which pixels do not count.

    Raises
    ------
    ArgumentError
        When linear light begins twice, or ends where it did not begin; when a part of the image is
        selected and the output would have another size.

    Notes
    -----
    Depth and range are applied where sums are made: by kernels, sets of kernels and `Convert`; a
    depth also where linear light ends.

    - The last of these steps has the depth of the settings; the last that makes sums, the range.
    - Each step before it has the depth of the settings if that holds every value of the step's
      input, so that nothing is clipped between steps; otherwise the depth of its input. Its range
      is ``saturate``.
    - All other steps keep the depth of their input, whatever the settings say. So those after the
      last sum see the final depth, and those before it the depth that is carried.
    - Linear light is float32. Its end goes back to the depth that it began with, or to that of the
      settings.
    - A recipe that makes no sums, but whose settings ask for something, ends with a `Convert`
      (before the end of linear light, if there is one).
    """

    steps: tuple[Step, ...] = ()
    convolve: bool = False
    anchor: tuple[int, int] | None = None
    fuse: bool = False
    alpha: Alpha = Alpha.AUTO
    settings: Settings = field(default_factory=Settings)
    selection: Selection = EVERYWHERE
    nodata: Nodata = EVERY_PIXEL

    def __post_init__(self) -> None:
        self._check_selection()
        light = False
        for step in self.steps:
            if step.opens_light and light:
                raise ArgumentError(f"{step.name} follows {step.name} without an end between them")
            if step.closes_light and not light:
                raise ArgumentError(
                    f"{step.name} ends linear light, which did not begin",
                    hint=f"put linear before it: linear, gaussian:2, {step.name}",
                )
            light = step.opens_light or (light and not step.closes_light)

    def _check_selection(self) -> None:
        self.nodata.check()
        if self.nodata.value and set(self.selection.channels) & set(MEANS):
            raise ArgumentError(
                f"nodata {self.nodata.value} is a value of a channel, and "
                f"{self.selection.channels[0]} is made of several",
                hint="say by --valid FILE which pixels count",
            )
        if self.selection == EVERYWHERE:
            return
        self.selection.check()
        if self.settings.stride != (1, 1) or self.settings.size is not OutputSize.SAME:
            raise ArgumentError(
                "what is not selected stays where it is, so the output has the size of the image",
                hint="leave out stride and size, or the region",
            )

    @property
    def has_holes(self) -> bool:
        """Whether some pixels may not count."""
        return self.nodata.given or self.selection.sees is Sees.REGION

    @cached_property
    def everywhere(self) -> Recipe:
        """The recipe without its selection."""
        if self.selection == EVERYWHERE:
            return self
        return replace(self, selection=EVERYWHERE)

    @property
    def kernels(self) -> tuple[Step, ...]:
        """The steps that look through a window, in order."""
        return tuple(step for step in self.steps if _is_window(step))

    def with_kernels(self, kernels: Sequence[Step]) -> Recipe:
        """Return the recipe with other steps in place of those from the first window to the last.

        Where there is none they stand at the end of linear light, or of the recipe.
        """
        first, last = self._windows()
        steps = (*self.steps[:first], *kernels, *self.steps[last:])
        return replace(self, steps=steps)

    def windowed(self) -> Recipe:
        """Return the recipe from the first window to the last one, everywhere in an image."""
        first, last = self._windows()
        return replace(self, steps=self.steps[first:last], selection=EVERYWHERE)

    def _windows(self) -> tuple[int, int]:
        windows = [i for i, step in enumerate(self.steps) if step.reach is Reach.WINDOW]
        if windows:
            return windows[0], windows[-1] + 1
        ends = [i for i, step in enumerate(self.steps) if step.closes_light]
        end = ends[-1] if ends else len(self.steps)
        return end, end

    def leading(self) -> tuple[Step, ...]:
        """Return the steps before the first window, and before linear light."""
        return self.steps[: leading_count(self.steps)]

    def planned(self, image: Form) -> StepPlan:
        """Return the steps as they are applied to an image of this form."""
        if image not in self._plans:
            placed = [self._placed(step) for step in self.steps]
            self._plans[image] = plan_steps(placed, self.settings, image, fuse=self.fuse)
        return self._plans[image]

    @cached_property
    def _plans(self) -> dict[Form, StepPlan]:
        """Plans by form, kept so that the next picture of a folder finds prepared kernels."""
        return {}

    def _placed(self, step: Step) -> Step:
        placed = step if self.anchor is None else step.anchored(self.anchor)
        return placed.flipped() if self.convolve else placed


def _is_window(step: Step) -> bool:
    return step.reach is Reach.WINDOW and step.kind != Convert.kind
