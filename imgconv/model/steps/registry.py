"""The registry of step kinds: names, and where the code of each is.

Homes are ``"module:name"`` and imported when they are first used, so that reading a recipe loads
neither NumPy nor the steps that it does not have. Other packages add kinds by the entry point group
``imgconv.steps``, which is looked at only for a name that is not built in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from imgconv.model.errors import ArgumentError
from imgconv.model.steps.base import Step

ENTRY_POINTS = "imgconv.steps"


class StepKind(NamedTuple):
    """Where the code of a step kind is.

    Attributes
    ----------
    value : str
        The class, a frozen dataclass that derives from `Step`.
    apply : str
        ``apply(image, step, context)`` gives a `StepResult`
        (see `imgconv.ops.context`).
    survey : str
        ``survey(step, context)`` gives an object with ``add(image, context)``, which is called
        for every band of the step's input, and ``result()``, which becomes ``context.facts``.
    explain : str
        ``explain(source, output, planned, place)`` gives a `StepExplanation`
        (see `imgconv.model.explanation`).
    peer : str
        ``peer(image, step, context)`` gives what OpenCV makes of it, where `Step.opencv` names a
        function.
    """

    value: str
    apply: str
    survey: str = ""
    explain: str = ""
    peer: str = ""


_SUMS = "imgconv.ops.linear.steps"
_COLOR = "imgconv.ops.color.steps"
_RANK = "imgconv.ops.rank.steps"
_EDGES = "imgconv.ops.edges.steps"
_SMOOTHING = "imgconv.ops.smoothing.steps"
_EXPLAIN_RANK = "imgconv.ops.explain.rank"

KINDS: Mapping[str, StepKind] = {
    "kernel": StepKind(
        "imgconv.model.kernel:Kernel",
        apply=f"{_SUMS}:apply",
        survey=f"{_SUMS}:KernelSurvey",
        explain="imgconv.ops.explain.sums:explain_sums",
    ),
    "set": StepKind(
        "imgconv.model.kernel_set:KernelSet",
        apply=f"{_SUMS}:apply",
        survey=f"{_SUMS}:SetSurvey",
        explain="imgconv.ops.explain.sums:explain_sums",
    ),
    "convert": StepKind(
        "imgconv.model.steps.convert:Convert",
        apply=f"{_SUMS}:convert",
        survey=f"{_SUMS}:KernelSurvey",
        explain="imgconv.ops.explain.sums:explain_sums",
    ),
    "gray": StepKind("imgconv.model.steps.color:ToGray", apply=f"{_COLOR}:gray"),
    "invert": StepKind("imgconv.model.steps.color:Invert", apply=f"{_COLOR}:negative"),
    "linear": StepKind("imgconv.model.steps.color:LinearLight", apply=f"{_COLOR}:decode"),
    "encode": StepKind("imgconv.model.steps.color:EncodeLight", apply=f"{_COLOR}:encode"),
    "binarize": StepKind(
        "imgconv.model.steps.threshold:Binarization",
        apply=f"{_COLOR}:black_and_white",
        survey=f"{_COLOR}:ThresholdSurvey",
    ),
    **{
        name: StepKind(
            f"imgconv.model.steps.rank:{value}",
            apply=f"{_RANK}:{apply}",
            explain=f"{_EXPLAIN_RANK}:explain_rank",
            peer=f"{_RANK}:peer",
        )
        for name, value, apply in (
            ("median", "Median", "statistic"),
            ("rank", "Rank", "statistic"),
            ("min", "Minimum", "statistic"),
            ("max", "Maximum", "statistic"),
            ("range", "Range", "spread"),
            ("midpoint", "Midpoint", "midpoint"),
            ("mode", "Mode", "mode"),
        )
    },
    **{
        name: StepKind(
            f"imgconv.model.steps.morphology:{value}",
            apply=f"{_RANK}:{apply}",
            explain=f"{_EXPLAIN_RANK}:explain_morphology",
            peer=f"{_RANK}:peer",
        )
        for name, value, apply in (
            ("erode", "Erode", "morphology"),
            ("dilate", "Dilate", "morphology"),
            ("open", "Open", "morphology"),
            ("close", "Close", "morphology"),
            ("morph_gradient", "MorphGradient", "morphology"),
            ("inner_gradient", "InnerGradient", "morphology"),
            ("outer_gradient", "OuterGradient", "morphology"),
            ("top_hat", "TopHat", "morphology"),
            ("black_hat", "BlackHat", "morphology"),
            ("hit_or_miss", "HitOrMiss", "hit_or_miss"),
        )
    },
    "canny": StepKind(
        "imgconv.model.steps.edges:Canny",
        apply=f"{_EDGES}:find_edges",
        explain="imgconv.ops.explain.canny:explain_canny",
        peer=f"{_EDGES}:peer",
    ),
    "nonmax": StepKind("imgconv.model.steps.edges:Nonmax", apply=f"{_EDGES}:ridges"),
    "hysteresis": StepKind("imgconv.model.steps.edges:Hysteresis", apply=f"{_EDGES}:connected"),
    "zero_crossing": StepKind(
        "imgconv.model.steps.edges:ZeroCrossing", apply=f"{_EDGES}:crossings"
    ),
    **{
        name: StepKind(
            f"imgconv.model.steps.smoothing:{value}",
            apply=f"{_SMOOTHING}:{apply}",
            explain=explain and f"imgconv.ops.explain.bilateral:{explain}",
            peer=f"{_SMOOTHING}:peer",
        )
        for name, value, apply, explain in (
            ("bilateral", "Bilateral", "bilateral", "explain_bilateral"),
            ("guided", "Guided", "guided", ""),
            ("nlmeans", "NlMeans", "nlmeans", ""),
            ("local_normalize", "LocalNormalize", "local_normalize", ""),
            ("unsharp_threshold", "UnsharpMask", "unsharp_mask", ""),
            ("clahe", "Clahe", "equalise", ""),
        )
    },
}
_WITHOUT_NAME = ("kernel", "set")
"""Kinds that are written as a name of the bank, a matrix or an expression, and not by a word."""


def kind_of(step: Step) -> StepKind:
    """Return the registry's row for a step.

    Raises
    ------
    ArgumentError
        When no installed package has its kind.
    """
    found = KINDS.get(step.kind) or _from_elsewhere(step.kind)
    if found is None:
        raise ArgumentError(
            f"no step kind is called {step.kind!r}",
            hint=f"its package must name it in the entry point group {ENTRY_POINTS}",
        )
    return found


def function_of(step: Step, role: str) -> Any:
    """Return a function of a step: ``"apply"``, ``"survey"``, ``"explain"`` or ``"peer"``; or None.

    Examples
    --------
    >>> from imgconv.model.steps.color import Invert
    >>> function_of(Invert(), "peer") is None
    True
    """
    home = getattr(kind_of(step), role)
    return load_home(home) if home else None


@cache
def load_home(home: str) -> Any:
    """Import what ``"module:name"`` says."""
    module, _, name = home.partition(":")
    return getattr(import_module(module), name)


def built_in_step(name: str) -> type[Step] | None:
    """Return the class of a built-in kind that is written by its name, or None."""
    if name in _WITHOUT_NAME or name not in KINDS:
        return None
    step: type[Step] = load_home(KINDS[name].value)
    return step


def installed_step(name: str) -> type[Step] | None:
    """Return the class of a kind that another package adds, or None."""
    kind = _from_elsewhere(name)
    if kind is None:
        return None
    step: type[Step] = load_home(kind.value)
    return step


def step_names() -> list[str]:
    """List the names of the built-in kinds that are written by their name."""
    return [name for name in KINDS if name not in _WITHOUT_NAME]


@cache
def _from_elsewhere(name: str) -> StepKind | None:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=name):
        return StepKind(*point.load())
    return None
