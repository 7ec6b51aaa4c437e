"""One entry of a bank file: a kernel, a generator or a set, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from imgconv.io.config.strict_yaml import YamlNode
from imgconv.model.errors import ArgumentError, ImgconvError, KernelError
from imgconv.model.generators import GENERATORS, LIMITS, WHOLE, Allowed, generate
from imgconv.model.kernel import LARGEST_TAP_COUNT, Kernel
from imgconv.model.kernel_set import Combine, SetOutput
from imgconv.model.numbers import Rational, parse_number
from imgconv.model.output import parse_choice
from imgconv.model.steps.base import Step
from imgconv.model.steps.registry import built_in_step, step_names

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_WORDS = ("description", "orientation", "source")
_ABOUT = (*_WORDS, "tags", "aliases")
_KERNEL_KEYS = ("weights", "column", "row", "scale", "offset", "anchor", "sum")
KNOWN_KEYS = (*_ABOUT, *_KERNEL_KEYS, "generator", "step", "parameters", "set", "combine")


class Parameter(NamedTuple):
    """A parameter of a generator: its default and what it may be."""

    name: str
    default: Rational | str
    low: Rational | None = None
    high: Rational | None = None
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> Rational | str:
        """Read a value.

        Raises
        ------
        ArgumentError
            With the range or the choices, for one that it cannot be.
        """
        if self.choices:
            if text not in self.choices:
                raise ArgumentError(f"{self.name} is {text!r}; choose {', '.join(self.choices)}")
            return parse_number(text) if self.name in WHOLE else text
        if text == "auto" and self.default == "auto":
            return text
        value = parse_number(text)
        if self.name in WHOLE and not isinstance(value, int):
            raise ArgumentError(f"{self.name} is {text}; it is a whole number")
        if self.low is not None and self.high is not None and not self.low <= value <= self.high:
            raise ArgumentError(f"{self.name} is {text}; it runs from {self.low} to {self.high}")
        return value

    def __str__(self) -> str:
        allowed = "|".join(self.choices)
        if self.low is not None and self.high is not None:
            allowed = f"{float(self.low):g}..{float(self.high):g}"
        return f"{self.name}={self.default} ({allowed})"


class BankEntry(NamedTuple):
    """What a bank holds under one name.

    Attributes
    ----------
    kind : {"kernel", "generator", "set", "step"}
    family : str
        Name of the file, without its ending.
    kernel : Kernel, optional
        Of a kernel.
    generator, parameters
        Of a generator.
    step, parameters
        Of a step: the name of its kind.
    members, combine
        Of a set.
    """

    name: str
    kind: str
    family: str
    node: YamlNode
    description: str = ""
    orientation: str = ""
    source: str = ""
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kernel: Kernel | None = None
    generator: str = ""
    step: str = ""
    parameters: tuple[Parameter, ...] = ()
    members: tuple[str, ...] = ()
    combine: Combine = Combine.MAX

    def options(self) -> tuple[Parameter, ...]:
        """Return what may follow the name: ``name:key=value``."""
        if self.kind != "set":
            return self.parameters
        return (
            Parameter("combine", self.combine.value, choices=tuple(c.value for c in Combine)),
            Parameter("output", "value", choices=tuple(o.value for o in SetOutput)),
        )

    def generate(self, values: dict[str, Any]) -> Kernel:
        """Make the kernel of a generator."""
        kernel = generate(self.generator, values)
        return kernel.described(self.name, self.description, self.orientation, self.source)

    def make_step(self, values: dict[str, Any]) -> Step:
        """Make the step of an entry that stands for one."""
        kind = built_in_step(self.step)
        assert kind is not None, "the entry was read"
        return kind.parse(",".join(f"{key}={value}" for key, value in values.items()))


def read_entry(name: str, key: YamlNode, node: YamlNode, family: str) -> BankEntry:
    """Read one entry.

    Raises
    ------
    KernelError
        With file, line and column.
    """
    if not _NAME.fullmatch(name):
        raise key.error(
            f"{name[:80]!r} is not a kernel name",
            hint="a name has letters, digits, _ and -, and begins with a letter",
        )
    fields = node.as_mapping(KNOWN_KEYS)
    about = {key: fields[key].as_text() if key in fields else "" for key in _WORDS}
    lists = {
        key: tuple(item.as_text() for item in fields[key].as_list()) if key in fields else ()
        for key in ("tags", "aliases")
    }
    common: dict[str, Any] = {"name": name, "family": family, "node": node, **about, **lists}
    if "generator" in fields:
        return _generator(fields, common)
    if "step" in fields:
        return _step(fields, common)
    if "set" in fields:
        return _set(fields, common)
    kernel = read_kernel(node).described(name, *(about[key] for key in _WORDS))
    return BankEntry(kind="kernel", kernel=kernel, **common)


def read_kernel(node: YamlNode) -> Kernel:
    """Read a kernel: weights, or a column and a row; scale, offset, anchor, sum.

    Raises
    ------
    KernelError
        With file, line and column.
    """
    fields = node.as_mapping((*_ABOUT, *_KERNEL_KEYS))
    anchor = None
    if "anchor" in fields:
        anchor = [_integer(item) for item in fields["anchor"].as_list()]
    try:
        kernel = Kernel(
            _weights(node, fields),
            scale=_number(fields["scale"]) if "scale" in fields else 1,
            offset=_number(fields["offset"]) if "offset" in fields else 0,
            anchor=anchor,
        )
    except KernelError as error:
        if error.message.startswith(f"{node.file}:"):
            raise
        place = fields["anchor"] if "anchor" in error.message and anchor else node
        raise place.error(error.message, error.hint) from None
    if "sum" in fields and _number(fields["sum"]) != kernel.sum:
        raise fields["sum"].error(
            f"sum says {fields['sum'].text}, the weights times the scale add up to {kernel.sum}"
        )
    return kernel


def _weights(node: YamlNode, fields: Mapping[str, YamlNode]) -> Any:
    if ("column" in fields) != ("row" in fields) or ("weights" in fields) == ("row" in fields):
        raise node.error(
            "a kernel has either weights, or column and row (whose product the weights are)"
        )
    if "row" in fields:
        if len(fields["column"].as_list()) * len(fields["row"].as_list()) > LARGEST_TAP_COUNT:
            raise node.error(f"the kernel is too large: at most {LARGEST_TAP_COUNT} weights")
        column, row = ([_number(i) for i in fields[k].as_list()] for k in ("column", "row"))
        return [[a * b for b in row] for a in column]
    weights = fields["weights"]
    if weights.kind == "text":
        ones = re.fullmatch(r"ones\s+(\d{1,4})\s+(\d{1,4})", weights.text.strip())
        if ones is None:
            raise weights.error(
                f"{weights.text[:40]!r} is not a matrix", hint="write rows, or 'ones ROWS COLUMNS'"
            )
        return [[1] * int(ones[2])] * int(ones[1])
    rows = [[_number(item) for item in row.as_list()] for row in weights.as_list()]
    for node_of_row, row in zip(weights.items, rows, strict=True):
        if len(row) != len(rows[0]):
            raise node_of_row.error(
                f"the rows differ in length: {len(row)} here, {len(rows[0])} in the first"
            )
    return rows


def _generator(fields: Mapping[str, YamlNode], common: dict[str, Any]) -> BankEntry:
    for key in (*_KERNEL_KEYS, "set", "combine", "step"):
        if key in fields:
            raise fields[key].error(f"a generator has no {key!r}")
    name = fields["generator"].as_text()
    if name not in GENERATORS:
        raise fields["generator"].error(
            f"no generator is called {name!r}", hint="known: " + ", ".join(sorted(GENERATORS))
        )
    given = fields["parameters"].as_mapping() if "parameters" in fields else {}
    allowed = LIMITS[name]
    if missing := sorted(allowed.keys() - given.keys()):
        raise fields["generator"].error(
            f"generator {name} needs the parameter {missing[0]!r}",
            hint="give each with its default: " + ", ".join(allowed),
        )
    if "parameters" in fields:
        fields["parameters"].as_mapping(tuple(allowed))
    parameters = tuple(_parameter(key, node, allowed[key]) for key, node in given.items())
    return BankEntry(kind="generator", generator=name, parameters=parameters, **common)


def _step(fields: Mapping[str, YamlNode], common: dict[str, Any]) -> BankEntry:
    for key in (*_KERNEL_KEYS, "set", "combine"):
        if key in fields:
            raise fields[key].error(f"a step has no {key!r}")
    name = fields["step"].as_text()
    if built_in_step(name) is None:
        known = ", ".join(step_names())
        raise fields["step"].error(f"no step kind is called {name!r}", hint=f"known: {known}")
    given = fields["parameters"].as_mapping() if "parameters" in fields else {}
    parameters = tuple(_parameter(key, node) for key, node in given.items())
    entry = BankEntry(kind="step", step=name, parameters=parameters, **common)
    try:
        entry.make_step({option.name: option.default for option in parameters})
    except ArgumentError as error:
        raise fields["step"].error(error.message, error.hint) from None
    return entry


def _parameter(name: str, node: YamlNode, allowed: Allowed | None = None) -> Parameter:
    fields = node.as_mapping(("default", "min", "max", "choices"))
    if "default" not in fields or ("choices" in fields) == ("min" in fields and "max" in fields):
        raise node.error("a parameter has a default and either choices or min and max")
    default = fields["default"].as_text()
    if "choices" in fields:
        choices = tuple(item.as_text() for item in fields["choices"].as_list())
        parameter = Parameter(name, default, choices=choices)
        fitting = allowed is None or set(choices) <= set(allowed)
    else:
        low, high = _number(fields["min"]), _number(fields["max"])
        parameter = Parameter(name, default, low, high)
        fitting = allowed is None or (
            not isinstance(allowed[0], str) and allowed[0] <= low <= high <= allowed[1]
        )
    if allowed is not None and not fitting:
        of = f"{name} of this generator"
        if isinstance(allowed[0], str):
            raise node.error(f"{of} is a choice of {', '.join(map(str, allowed))}")
        raise node.error(f"{of} runs from {allowed[0]} to {allowed[1]}, or over a part of that")
    try:
        parameter.read(default)
    except ArgumentError as error:
        raise fields["default"].error(error.message, error.hint) from None
    return parameter


def _set(fields: Mapping[str, YamlNode], common: dict[str, Any]) -> BankEntry:
    for key in (*_KERNEL_KEYS, "parameters"):
        if key in fields:
            raise fields[key].error(f"a set has no {key!r}")
    combine = fields.get("combine")
    if combine is None:
        raise fields["set"].error("a set says how its kernels combine", hint="add combine: max")
    try:
        chosen = parse_choice(Combine, combine.as_text(), "way to combine")
    except ArgumentError as error:
        raise combine.error(error.message, error.hint) from None
    members = tuple(item.as_text() for item in fields["set"].as_list())
    return BankEntry(kind="set", members=members, combine=chosen, **common)


def _number(node: YamlNode) -> Rational:
    text = node.as_text()
    try:
        return parse_number(text)
    except ImgconvError as error:
        raise node.error(error.message, error.hint) from None


def _integer(node: YamlNode) -> int:
    value = _number(node)
    if not isinstance(value, int):
        raise node.error(f"{node.text} is not a whole number")
    return value
