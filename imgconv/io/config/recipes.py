"""Recipes: read from options or YAML, where every name is resolved, and written back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path

from imgconv.io.config import strict_yaml
from imgconv.io.config.strict_yaml import Node
from imgconv.io.kernels.bank import KernelBank
from imgconv.io.kernels.bank_entry import read_kernel
from imgconv.io.kernels.matrix_text import format_matrix
from imgconv.io.kernels.spec import load_kernel
from imgconv.model.alpha import Alpha
from imgconv.model.border import Border, parse_border_value
from imgconv.model.errors import ArgumentError, ImgconvError, RecipeError
from imgconv.model.geometry import OutputSize, parse_size, parse_steps
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Filter, KernelSet
from imgconv.model.numbers import format_number
from imgconv.model.output import Depth, OutputRange, Rounding, parse_choice
from imgconv.model.recipe import Recipe, Settings
from imgconv.model.tone import Binarization, Gray

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
KEYS = ("kernels", *FLAGS, *TEXTS)
"""The keys of a recipe: the long names of the options (`border` is accepted for `padding`)."""


def recipe_from(options: Mapping[str, object], bank: KernelBank | None = None) -> Recipe:
    """Make a recipe from options by their long names.

    Parameters
    ----------
    options : mapping
        ``kernels``: specs, `Kernel` values or matrices; flags ``convolve``, ``fuse``,
        ``linear``, ``binarize-after``, ``invert``; for the others text as on the command line, or
        the value itself. Absent or None means the default.
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
    >>> recipe = recipe_from({"kernels": ["sharpen"], "padding": "replicate", "depth": "i16"})
    >>> recipe.kernels[0].name, recipe.settings.border.value
    ('sharpen', 'replicate')
    """
    return _checked(_with_options(Recipe(), options, bank))


def _with_options(recipe: Recipe, options: Mapping[str, object], bank: KernelBank | None) -> Recipe:
    given = {
        "padding" if key == "border" else key: value
        for key, value in options.items()
        if value is not None
    }
    if unknown := sorted(given.keys() - set(KEYS)):
        raise ArgumentError(f"unknown option {unknown[0]!r}", hint="known: " + ", ".join(KEYS))
    changes: dict[str, object] = {}
    specs = given.get("kernels")
    if specs is not None:
        specs = [specs] if isinstance(specs, str | Kernel | KernelSet) else specs
        if not isinstance(specs, list | tuple):
            raise ArgumentError("kernels is a list of kernels", hint="write kernels=['blur']")
        changes["kernels"] = tuple(_filter(spec, bank) for spec in specs)
    for flag in FLAGS:
        if flag in given:
            if not isinstance(given[flag], bool):
                raise ArgumentError(f"{flag} is True or False, not {given[flag]!r}")
            changes[flag.replace("-", "_")] = given[flag]
    texts = {key: _text(given[key]) for key in TEXTS if key in given}
    changes |= {key: parse(texts[key]) for key, parse in _PARSERS.items() if key in texts}
    changes["settings"] = _settings(recipe.settings, texts)
    return replace(recipe, **changes)  # type: ignore[arg-type]


def _checked(result: Recipe) -> Recipe:
    if result.binarize_after and result.binarize is None:
        raise ArgumentError("binarize-after says when to binarize, not how", "add binarize")
    if result.anchor is not None:
        for kernel in result.kernels:
            kernel.anchored(result.anchor)
    return result


def _filter(spec: object, bank: KernelBank | None) -> Filter:
    if isinstance(spec, Kernel | KernelSet):
        return spec
    return load_kernel(spec, bank) if isinstance(spec, str) else Kernel(spec)  # type: ignore[arg-type]


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


_PARSERS: dict[str, Callable[[str], object]] = {
    "alpha": lambda text: parse_choice(Alpha, text, "way with alpha"),
    "gray": lambda text: parse_choice(Gray, text, "gray method"),
    "binarize": Binarization.parse,
    "anchor": _anchor,
}


def read_recipe(
    path: str | Path,
    bank: KernelBank | None = None,
    options: Mapping[str, object] | None = None,
) -> Recipe:
    """Read a recipe from a YAML file, then let options take the place of its keys.

    Raises
    ------
    RecipeError
        With file, line and column.
    """
    text = strict_yaml.read_text(Path(path), RecipeError)
    node = strict_yaml.parse(text, str(path), RecipeError)
    recipe = _with_options(_unchecked(node, bank), options or {}, bank)
    try:
        return _checked(recipe)
    except ImgconvError as error:
        raise node.error(error.message, error.hint) from None


def recipe_from_node(node: Node, bank: KernelBank | None = None) -> Recipe:
    """Make a recipe from a piece of a YAML file.

    Raises
    ------
    ImgconvError
        Of the node's class, with file, line and column.
    """
    recipe = _unchecked(node, bank)
    try:
        return _checked(recipe)
    except ImgconvError as error:
        raise node.error(error.message, error.hint) from None


def _unchecked(node: Node, bank: KernelBank | None) -> Recipe:
    """Read the keys; whether they go together may depend on options that are still to come."""
    recipe = Recipe()
    fields = node.as_mapping((*KEYS, "border"))
    if "border" in fields and "padding" in fields:
        raise fields["border"].error("border and padding are one option; give one of them")
    for key, value in fields.items():
        name = "padding" if key == "border" else key
        try:
            recipe = _with_options(recipe, {name: _option(name, value, bank)}, bank)
        except ImgconvError as error:
            if isinstance(error, value.raises):
                raise
            raise value.error(error.message, error.hint) from None
    return recipe


def _option(key: str, node: Node, bank: KernelBank | None) -> object:
    if key in FLAGS:
        return node.as_flag()
    if key != "kernels":
        return node.as_text() if node.kind == "text" else ",".join(_texts(node))
    items = [node] if node.kind == "text" else node.as_list()
    return [_kernel(item, bank) for item in items]


def _texts(node: Node) -> list[str]:
    return [item.as_text() for item in node.as_list()]


def _kernel(node: Node, bank: KernelBank | None) -> Filter:
    if node.kind == "mapping":
        return read_kernel(node)
    try:
        return load_kernel(node.as_text(), bank)
    except ImgconvError as error:
        if isinstance(error, node.raises):
            raise
        raise node.error(error.message, error.hint) from None


def format_recipe(recipe: Recipe) -> str:
    """Write a recipe as YAML that `read_recipe` reads back.

    Examples
    --------
    >>> print(format_recipe(recipe_from({"kernels": ["blur", "1 -1"], "gray": "bt709"})), end="")
    kernels: [blur, "1 -1"]
    gray: bt709
    padding: reflect101
    """
    settings, plain = recipe.settings, Settings()
    pairs: dict[str, object] = {}
    if recipe.kernels:
        pairs["kernels"] = [_kernel_text(kernel) for kernel in recipe.kernels]
    pairs |= {
        "convolve": recipe.convolve or None,
        "fuse": recipe.fuse or None,
        "alpha": _changed(recipe.alpha.value, Recipe().alpha.value),
        "linear": recipe.linear or None,
        "gray": recipe.gray and recipe.gray.value,
        "binarize": recipe.binarize and str(recipe.binarize),
        "binarize-after": recipe.binarize_after or None,
        "invert": recipe.invert or None,
        "padding": settings.border.value,
        "border-value": settings.border_value or None,
        "anchor": recipe.anchor and list(recipe.anchor),
        "stride": _changed(list(settings.stride), list(plain.stride)),
        "dilation": _changed(list(settings.dilation), list(plain.dilation)),
        "size": _size_text(settings),
        "depth": settings.depth and settings.depth.value,
        "rounding": _changed(settings.rounding.value, plain.rounding.value),
        "range": _changed(settings.output_range.value, plain.output_range.value),
    }
    lines = [f"{key}: {_yaml(value)}" for key, value in pairs.items() if value is not None]
    return "\n".join(lines) + "\n"


def _kernel_text(kernel: Filter) -> object:
    if kernel.name or isinstance(kernel, KernelSet):
        return kernel.name
    matrix = format_matrix([[format_number(weight) for weight in row] for row in kernel.weights])
    plain = kernel.scale == 1 and kernel.offset == 0
    if plain and kernel.anchor == (kernel.shape[0] // 2, kernel.shape[1] // 2):
        return matrix
    return {
        "weights": [[format_number(weight) for weight in row] for row in kernel.weights],
        "scale": format_number(kernel.scale),
        "offset": format_number(kernel.offset),
        "anchor": list(kernel.anchor),
    }


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
