"""golden.yaml: the cases of a golden set, read strictly."""

from __future__ import annotations

import difflib
import fnmatch
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imgconv.io.config import strict_yaml
from imgconv.io.config.recipes import read_recipe, recipe_from_node
from imgconv.io.config.strict_yaml import YamlNode
from imgconv.io.kernels.bank import KernelBank
from imgconv.jobs.golden.case import Case
from imgconv.jobs.golden.golden_record import NAME
from imgconv.jobs.golden.ownership import own_names
from imgconv.jobs.golden.store import GoldenStore
from imgconv.model.errors import ArgumentError, GoldenMissingError, ImgconvError, RecipeError
from imgconv.model.recipe import Recipe
from imgconv.model.tolerance import LIMITS, METRIC, ToleranceSpec, parse_tolerance
from imgconv.ops.compare.difference import Rectangle

FILE_NAME = Path("golden.yaml")
_TOP = ("version", "goldens", "metric", "tolerance", "kernels", "cases")
_SOURCES = ("input", "actual", "command")
_CASE = (
    "name", "input", "recipe", "actual", "expected", "command", "output", "tolerance", "ignore"
)  # fmt: skip
_GOES_WITH = {"recipe": "input", "expected": "actual", "output": "command"}


@dataclass(frozen=True, slots=True)
class Suite:
    """A golden set.

    Attributes
    ----------
    file : Path
    store : GoldenStore
    cases : tuple of Case
        One for each picture; a glob gives several, named ``case/file``.
    place : YamlNode
        Where ``goldens`` stands in the file.
    """

    file: Path
    store: GoldenStore
    cases: tuple[Case, ...]
    place: YamlNode

    def check_inside(self) -> None:
        """Check that the goldens are in the folder of the file, or below it, links resolved.

        Raises
        ------
        RecipeError
        """
        folder, root = map(os.path.realpath, (self.store.folder, self.file.parent))
        if not Path(folder).is_relative_to(root):
            raise self.place.error(
                f"goldens {self.place.text[:200]!a} is outside the folder of this file",
                hint="--goldens-outside, if goldens may be written and deleted there",
            )

    def select(self, names: Sequence[str]) -> tuple[Case, ...]:
        """Return the cases of these names or patterns (``blur*``); all for none.

        Raises
        ------
        GoldenMissingError
            When a name fits no case, or there is none at all.
        """
        if not self.cases:
            raise GoldenMissingError(f"{self.file}: there are no cases", "add one under cases:")
        for name in names:
            if not any(_fits(case, name) for case in self.cases):
                close = difflib.get_close_matches(name, [case.name for case in self.cases], 1)
                hint = f"did you mean {close[0]}?" if close else None
                raise GoldenMissingError(f"{self.file}: no case is called {name!r}", hint)
        if not names:
            return self.cases
        return tuple(case for case in self.cases if any(_fits(case, name) for name in names))

    def unused(self) -> list[str]:
        """Return the goldens of this set that no case uses; those of other sets are theirs."""
        used = {case.name for case in self.cases if case.expected is None}
        return own_names(self.store, self.store.names(used))

    def gone_input(self, name: str) -> str | None:
        """Return the input that an unused golden was made of, if that is not there any more."""
        source = self.store.load(name).input
        if source is None or os.path.lexists(self.file.parent / source.path):
            return None
        return source.path


def _fits(case: Case, pattern: str) -> bool:
    return fnmatch.fnmatchcase(case.name, pattern) or case.name.startswith(f"{pattern}/")


def read_suite(path: Path = FILE_NAME) -> Suite:
    """Read a golden set; recipes are resolved and globs expanded, but no picture is read.

    Raises
    ------
    RecipeError
        With file, line and column.
    """
    if not path.is_file():
        raise RecipeError(f"{path}: no such file", "give the golden set by --config FILE")
    node = strict_yaml.parse(strict_yaml.read_text(path, RecipeError), str(path), RecipeError)
    fields = node.as_mapping(_TOP)
    for key in ("version", "goldens", "cases"):
        if key not in fields:
            raise node.error(f"{key} is missing", hint=f"write {_EXAMPLES[key]}")
    _expect(fields["version"], "1", "version")
    if "metric" in fields:
        _expect(fields["metric"], METRIC, "metric")
    folder = path.parent
    bank = _bank(fields.get("kernels"), folder)
    reader = _Reader(folder, bank, _tolerance(fields.get("tolerance"), ToleranceSpec()))
    cases = [case for item in fields["cases"].as_list() for case in reader.cases(item)]
    place = fields["goldens"]
    return Suite(path, GoldenStore(folder / _path(place), path), tuple(cases), place)


_EXAMPLES = {"version": "version: 1", "goldens": "goldens: goldens", "cases": "cases: [...]"}


def check_name(name: str) -> str:
    """Check that a golden can have a name; it becomes that of its files.

    Raises
    ------
    ArgumentError
    """
    if not NAME.fullmatch(name) or len(name) > 200:
        raise ArgumentError(
            f"{name!r} cannot be the name of a golden",
            hint="letters, digits and . _ + - , folders apart by /",
        )
    return name


def _expect(node: YamlNode, wanted: str, what: str) -> None:
    if node.as_text() != wanted:
        raise node.error(f"{what} {node.text!r} is not known", hint=f"known is {wanted}")


def _path(node: YamlNode) -> str:
    text = node.as_text()
    if not text or "\0" in text:
        raise node.error("a path is expected here")
    return text


def _bank(node: YamlNode | None, folder: Path) -> KernelBank | None:
    if node is None:
        return None
    items = [node] if node.kind == "text" else node.as_list()
    return KernelBank.standard(tuple(folder / _path(item) for item in items))


def _tolerance(node: YamlNode | None, default: ToleranceSpec) -> ToleranceSpec:
    if node is None:
        return default
    try:
        if node.kind == "text":
            return parse_tolerance(node.text)
        fields = node.as_mapping(("preset", *LIMITS))
        return parse_tolerance({
            key: [part.as_text() for part in value.as_list()] if key == "density"
            else value.as_text()
            for key, value in fields.items()
        })  # fmt: skip
    except ArgumentError as error:
        raise node.error(error.message, error.hint) from None


class _Reader:
    """Reads cases; every name may stand once, whatever its capitals."""

    def __init__(self, folder: Path, bank: KernelBank | None, tolerance: ToleranceSpec) -> None:
        self.folder, self.bank, self.tolerance = folder, bank, tolerance
        self.taken: dict[str, str] = {}

    def cases(self, node: YamlNode) -> list[Case]:
        fields = node.as_mapping(_CASE)
        if "name" not in fields:
            raise node.error("name is missing", hint="every case has a name")
        name = fields["name"].as_text()
        try:
            check_name(name)
        except ArgumentError as error:
            raise fields["name"].error(error.message, error.hint) from None
        self._check_source(node)
        case = Case(
            name=name,
            line=node.line,
            folder=self.folder,
            tolerance=_tolerance(fields.get("tolerance"), self.tolerance),
            ignore=tuple(self._ignored(fields["ignore"])) if "ignore" in fields else (),
        )
        found = self._with_source(case, node)
        for one in found:
            self._take(one.name, fields["name"])
        return found

    def _check_source(self, node: YamlNode) -> None:
        fields = node.fields
        given = [key for key in _SOURCES if key in fields]
        if len(given) != 1:
            said = " and ".join(given) or "nothing"
            raise node.error(
                f"a case has one of {', '.join(_SOURCES)}; here is {said}",
                hint="input: photo.png with recipe: {kernels: [blur]}",
            )
        for key, source in _GOES_WITH.items():
            if key in fields and source not in fields:
                raise node.keys[key].error(f"{key} goes with {source} only")
        if "input" in fields and "recipe" not in fields:
            raise node.error("recipe is missing", hint="or take the file as it is by actual:")

    def _with_source(self, case: Case, node: YamlNode) -> list[Case]:
        fields = node.fields
        if "command" in fields:
            return [self._command(case, node)]
        if "actual" in fields:
            expected = fields.get("expected")
            return [
                replace(
                    case,
                    actual=self.folder / _path(fields["actual"]),
                    expected=self.folder / _path(expected) if expected else None,
                )
            ]
        recipe = self._recipe(fields["recipe"])
        return [replace(one, recipe=recipe) for one in self._inputs(case, fields["input"])]

    def _command(self, case: Case, node: YamlNode) -> Case:
        words = tuple(item.as_text() for item in node.fields["command"].as_list())
        if not words or not any("{output}" in word for word in words):
            raise node.fields["command"].error(
                "the command must say where its picture goes",
                hint='write it as [python, plot.py, "{output}"]',
            )
        output = node.fields["output"].as_text() if "output" in node.fields else case.output
        if not NAME.fullmatch(output) or "/" in output:
            raise node.fields["output"].error(f"{output!r} cannot be the name of a file")
        return replace(case, command=words, output=output)

    def _recipe(self, node: YamlNode) -> Recipe:
        if node.kind == "text":
            try:
                return read_recipe(self.folder / _path(node), self.bank)
            except ImgconvError as error:
                raise node.error(error.message, error.hint) from None
        return recipe_from_node(node, self.bank)

    def _inputs(self, case: Case, node: YamlNode) -> list[Case]:
        text = _path(node)
        if (self.folder / text).exists() or not any(sign in text for sign in "*?["):
            return [replace(case, input=self.folder / text)]
        if Path(text).is_absolute():
            raise node.error("a pattern must be relative to this file")
        found = sorted(path for path in self.folder.glob(text) if path.is_file())
        if not found:
            raise GoldenMissingError(node.error(f"no file matches {text!r}").message)
        fixed = self.folder.joinpath(*_before_pattern(text))
        return [
            replace(case, name=f"{case.name}/{_stem(path, fixed)}", input=path) for path in found
        ]

    def _ignored(self, node: YamlNode) -> list[Rectangle | Path]:
        parts: list[Rectangle | Path] = []
        for item in node.as_list():
            if item.kind == "text":
                parts.append(self.folder / _path(item))
                continue
            numbers = [part.as_text() for part in item.as_list()]
            if len(numbers) != 4 or not all(number.isdecimal() for number in numbers):
                raise item.error(
                    "a rectangle is [row, column, rows, columns]", hint="or name a mask's file"
                )
            parts.append(Rectangle(*map(int, numbers)))
        return parts

    def _take(self, name: str, place: YamlNode) -> None:
        key = name.casefold()
        if (other := self.taken.get(key)) is not None:
            both = f"{name!r} twice" if other == name else f"{other!r} and {name!r}"
            raise place.error(f"names must differ by more than capitals: {both}")
        self.taken[key] = name


def _before_pattern(text: str) -> list[str]:
    parts = []
    for part in Path(text).parts:
        if any(sign in part for sign in "*?["):
            break
        parts.append(part)
    return parts


def _stem(path: Path, folder: Path) -> str:
    """Make a name of a file's path; signs that a name cannot have become ``_``."""
    stem = path.relative_to(folder).with_suffix("").as_posix()
    return "/".join(
        re.sub(r"[^A-Za-z0-9._+-]", "_", part).lstrip(".+-") or "_" for part in stem.split("/")
    )
