"""Recipes: read from options or YAML, where every name is resolved, and written back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgconv.io.config import selections, strict_yaml
from imgconv.io.config.strict_yaml import YamlNode
from imgconv.io.kernels.bank import KernelBank
from imgconv.io.kernels.bank_entry import read_kernel
from imgconv.io.kernels.spec import load_step
from imgconv.model.alpha import Alpha
from imgconv.model.border import Border, parse_border_value
from imgconv.model.errors import ArgumentError, ImgconvError, RecipeError
from imgconv.model.geometry import OutputSize, parse_size, parse_steps
from imgconv.model.kernel import Kernel
from imgconv.model.nodata import EVERY_PIXEL, Nodata
from imgconv.model.output import Depth, OutputRange, Rounding, parse_choice
from imgconv.model.recipe import Recipe
from imgconv.model.region import EVERYWHERE, Selection
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Step
from imgconv.model.steps.convert import Convert
from imgconv.model.steps.methods import Gray

if TYPE_CHECKING:
    from imgconv.model.steps.threshold import Binarization

PLACES = ("linear", "binarize-after", "invert", "gray", "binarize")
"""Keys that stand for steps around the list: those before there was one."""
FLAGS = ("convolve", "fuse", "linear", "binarize-after", "invert")
TEXTS = (
    "alpha",
    "gray",
    "binarize",
    "padding",
    "border-value",
    "anchor",
    "stride",
    "dilation",
    "size",
    "depth",
    "rounding",
    "range",
)
KEYS = ("steps", "kernels", *FLAGS, *TEXTS, *selections.KEYS, *selections.NODATA_KEYS)
"""The keys of a recipe: the long names of the options (`border` is accepted for `padding`)."""


class _Draft(NamedTuple):
    """A recipe that is being read: its list of steps, and what stands around it."""

    recipe: Recipe = Recipe()
    steps: tuple[Step, ...] = ()
    gray: Gray | None = None
    binarize: Binarization | None = None
    binarize_after: bool = False
    invert: bool = False
    linear: bool = False
    selection: Selection = EVERYWHERE
    nodata: Nodata = EVERY_PIXEL

    def finished(self) -> Recipe:
        """Return the recipe: gray, black and white, negative, and then the list in linear light.

        Black and white, and then the negative, follow on the list where `binarize_after` says so.
        """
        if self.binarize_after and self.binarize is None:
            raise ArgumentError("binarize-after says when to binarize, not how", "add binarize")
        steps = self.steps
        if self.linear or self.binarize or self.invert or self.gray:
            steps = self._with_places()
        result = replace(self.recipe, steps=steps, selection=self.selection, nodata=self.nodata)
        if result.anchor is not None:
            for step in result.steps:
                step.anchored(result.anchor)
        return result

    def _with_places(self) -> tuple[Step, ...]:
        """Return the list with the steps around it."""
        from imgconv.model.steps.color import EncodeLight, Invert, LinearLight, ToGray

        middle = self.steps
        around: list[Step] = [self.binarize] if self.binarize else []
        before: list[Step] = []
        if self.linear or self.invert or self.gray:
            from imgconv.model.steps.color import EncodeLight, Invert, LinearLight, ToGray

            middle = (LinearLight(), *middle, EncodeLight()) if self.linear else middle
            around += [Invert()] if self.invert else []
            before += [ToGray(self.gray)] if self.gray else []
        if self.binarize_after:
            return (*before, *(middle or (Convert(),)), *around)
        return (*before, *around, *middle)


def recipe_from(options: Mapping[str, object], bank: KernelBank | None = None) -> Recipe:
    """Make a recipe from options by their long names.

    Parameters
    ----------
    options : mapping
        ``steps``: specs, `Step` values or matrices, in order. Or ``kernels``, a list of the same
        kind, with steps around it: ``gray``, ``binarize`` and ``invert`` come before it,
        ``binarize`` and ``invert`` after it where ``binarize-after`` is true, and ``linear`` puts
        it in linear light. Flags are ``convolve``, ``fuse``, ``linear``, ``binarize-after``,
        ``invert``; for the others text as on the command line, or the value itself. Absent or None
        means the default.
    bank : KernelBank, optional
        Where names are looked up.

    Raises
    ------
    ArgumentError
        For a value that an option cannot have.
    KernelError
        For a kernel that cannot be made.

    Examples
    --------
    >>> recipe = recipe_from({"steps": ["gray", "sharpen"], "padding": "replicate"})
    >>> [step.name for step in recipe.steps], recipe.settings.border.value
    (['gray', 'sharpen'], 'replicate')
    """
    beside = [key for key in ("kernels", *PLACES) if options.get(key) not in (None, False)]
    if options.get("steps") is not None and beside:
        raise ArgumentError(_two_ways(beside[0]), hint=_ONE_WAY)
    return _with_options(_Draft(), options, bank).finished()


_ONE_WAY = "write all of it in steps, in order: [gray, blur, 'binarize:otsu']"


def _two_ways(key: str) -> str:
    return f"steps is the whole list, so {key} cannot stand beside it"


def _with_options(draft: _Draft, options: Mapping[str, object], bank: KernelBank | None) -> _Draft:
    given = {
        "padding" if key == "border" else key: value
        for key, value in options.items()
        if value is not None
    }
    if unknown := sorted(given.keys() - set(KEYS)):
        raise ArgumentError(f"unknown option {unknown[0]!r}", hint="known: " + ", ".join(KEYS))
    changes: dict[str, object] = {}
    for key in ("kernels", "steps"):
        if key in given:
            changes["steps"] = _steps(key, given[key], bank)
    for flag in FLAGS:
        if flag in given:
            if not isinstance(given[flag], bool):
                raise ArgumentError(f"{flag} is True or False, not {given[flag]!r}")
            changes[flag.replace("-", "_")] = given[flag]
    if where := {key: given[key] for key in selections.KEYS if key in given}:
        changes["selection"] = selections.with_selection(draft.selection, where)
    if holes := {key: given[key] for key in selections.NODATA_KEYS if key in given}:
        changes["nodata"] = selections.with_nodata(draft.nodata, holes)
    texts = {key: _text(given[key]) for key in TEXTS if key in given}
    changes |= {key: parse(texts[key]) for key, parse in _PARSERS.items() if key in texts}
    shared = {key: changes.pop(key) for key in _OF_THE_RECIPE if key in changes}
    if texts or shared:
        shared["settings"] = _settings(draft.recipe.settings, texts)
        changes["recipe"] = replace(draft.recipe, **shared)  # type: ignore[arg-type]
    return draft._replace(**changes)  # type: ignore[arg-type]


_OF_THE_RECIPE = ("convolve", "fuse", "alpha", "anchor")


def _steps(key: str, given: object, bank: KernelBank | None) -> tuple[Step, ...]:
    specs = [given] if isinstance(given, str | Step) else given
    if not isinstance(specs, list | tuple):
        raise ArgumentError(f"{key} is a list of {key}", hint=f"write {key}=['blur']")
    return tuple(_step(spec, bank) for spec in specs)


def _step(spec: object, bank: KernelBank | None) -> Step:
    if isinstance(spec, Step):
        return spec
    return load_step(spec, bank) if isinstance(spec, str) else Kernel(spec)  # type: ignore[arg-type]


def _text(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _settings(settings: Settings, texts: Mapping[str, str]) -> Settings:
    changes: dict[str, object] = {}
    if "padding" in texts:
        changes["border"] = Border.parse(texts["padding"])
    if "border-value" in texts:
        changes["border_value"] = parse_border_value(texts["border-value"])
    for key in ("stride", "dilation"):
        if key in texts:
            changes[key] = parse_steps(texts[key], key)
    if "size" in texts:
        changes["size"] = parse_size(texts["size"])
    if "depth" in texts:
        same = texts["depth"].strip().lower() == "same"
        changes["depth"] = None if same else parse_choice(Depth, texts["depth"], "depth")
    if "rounding" in texts:
        changes["rounding"] = parse_choice(Rounding, texts["rounding"], "rounding")
    if "range" in texts:
        changes["output_range"] = parse_choice(OutputRange, texts["range"], "output range")
    return settings._replace(**changes)  # type: ignore[arg-type]


def _anchor(text: str) -> tuple[int, int]:
    try:
        row, column = (int(part) for part in text.split(","))
    except ValueError:
        raise ArgumentError(
            f"anchor {text!r} is not a row and a column", hint="write it as 1,1"
        ) from None
    return row, column


def _binarization(text: str) -> Binarization:
    from imgconv.model.steps.threshold import Binarization

    return Binarization.parse(text)


_PARSERS: dict[str, Callable[[str], object]] = {
    "alpha": lambda text: parse_choice(Alpha, text, "way with alpha"),
    "gray": lambda text: parse_choice(Gray, text, "gray method"),
    "binarize": _binarization,
    "anchor": _anchor,
}


def read_recipe(
    path: str | Path,
    bank: KernelBank | None = None,
    options: Mapping[str, object] | None = None,
) -> Recipe:
    """Read a recipe from a YAML file, then let options take the place of its keys.

    A list of ``kernels`` or ``steps`` in the options takes the place of the file's list, whichever
    of the two that is called.

    Raises
    ------
    RecipeError
        With file, line and column.
    """
    text = strict_yaml.read_text(Path(path), RecipeError)
    node = strict_yaml.parse(text, str(path), RecipeError)
    draft = _with_options(_unchecked(node, bank), options or {}, bank)
    try:
        return draft.finished()
    except ImgconvError as error:
        raise node.error(error.message, error.hint) from None


def recipe_from_node(node: YamlNode, bank: KernelBank | None = None) -> Recipe:
    """Make a recipe from a piece of a YAML file.

    Raises
    ------
    ImgconvError
        Of the node's class, with file, line and column.
    """
    draft = _unchecked(node, bank)
    try:
        return draft.finished()
    except ImgconvError as error:
        raise node.error(error.message, error.hint) from None


def _unchecked(node: YamlNode, bank: KernelBank | None) -> _Draft:
    """Read the keys; whether they go together may depend on options that are still to come."""
    draft = _Draft()
    fields = node.as_mapping((*KEYS, "border"))
    if "border" in fields and "padding" in fields:
        raise fields["border"].error("border and padding are one option; give one of them")
    beside = [key for key in fields if key in ("kernels", *PLACES)]
    if "steps" in fields and beside:
        raise node.keys[beside[0]].error(_two_ways(beside[0]), _ONE_WAY)
    for key, value in fields.items():
        name = "padding" if key == "border" else key
        try:
            draft = _with_options(draft, {name: _option(name, value, bank)}, bank)
        except ImgconvError as error:
            if isinstance(error, value.raises):
                raise
            raise value.error(error.message, error.hint) from None
    return draft


def _option(key: str, node: YamlNode, bank: KernelBank | None) -> object:
    if key in FLAGS:
        return node.as_flag()
    if key in (*selections.KEYS, *selections.NODATA_KEYS):
        return selections.option_of(key, node)
    if key not in ("kernels", "steps"):
        return node.as_text() if node.kind == "text" else ",".join(_texts(node))
    items = [node] if node.kind == "text" else node.as_list()
    return [_step_of(item, bank) for item in items]


def _texts(node: YamlNode) -> list[str]:
    return [item.as_text() for item in node.as_list()]


def _step_of(node: YamlNode, bank: KernelBank | None) -> Step:
    if node.kind == "mapping":
        return read_kernel(node)
    try:
        return load_step(node.as_text(), bank)
    except ImgconvError as error:
        if isinstance(error, node.raises):
            raise
        raise node.error(error.message, error.hint) from None


def format_recipe(recipe: Recipe) -> str:
    """Write a recipe as YAML that `read_recipe` reads back.

    Examples
    --------
    >>> print(format_recipe(recipe_from({"kernels": ["blur", "1 -1"], "gray": "bt709"})), end="")
    steps: ["gray:bt709", blur, "1 -1"]
    padding: reflect101
    """
    pairs = {"steps": [step.spec for step in recipe.steps] or None, **settings_texts(recipe)}
    return yaml_lines(pairs)


def settings_texts(recipe: Recipe) -> dict[str, object]:
    """Return what a recipe has beside its steps by key; None where it is the default."""
    settings, plain = recipe.settings, Settings()
    return {
        "convolve": recipe.convolve or None,
        "fuse": recipe.fuse or None,
        "alpha": _changed(recipe.alpha.value, Alpha.AUTO.value),
        "padding": settings.border.value,
        "border-value": settings.border_value or None,
        "anchor": recipe.anchor and list(recipe.anchor),
        "stride": _changed(list(settings.stride), list(plain.stride)),
        "dilation": _changed(list(settings.dilation), list(plain.dilation)),
        "size": _size_text(settings),
        "depth": settings.depth and settings.depth.value,
        "rounding": _changed(settings.rounding.value, plain.rounding.value),
        "range": _changed(settings.output_range.value, plain.output_range.value),
        **selections.selection_texts(recipe.selection),
        **selections.nodata_texts(recipe.nodata),
    }


def yaml_lines(pairs: Mapping[str, object]) -> str:
    """Return keys and values as lines of YAML, but for None."""
    lines = [f"{key}: {_yaml(value)}" for key, value in pairs.items() if value is not None]
    return "\n".join(lines) + "\n"


def _size_text(settings: Settings) -> object:
    if isinstance(settings.size, OutputSize):
        return _changed(settings.size.value, OutputSize.SAME.value)
    return list(settings.size)


def _changed(value: object, default: object) -> object:
    return None if value == default else value


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    text = str(value)
    if text and all(c.isalnum() or c in "_-./" for c in text) and not text.startswith("-"):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
