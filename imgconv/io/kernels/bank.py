"""The kernel bank: YAML files by family, read only as far as they are needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from imgconv.io.config import strict_yaml
from imgconv.io.config.strict_yaml import YamlNode
from imgconv.io.kernels.bank_entry import BankEntry, read_entry
from imgconv.model.errors import KernelError, UnknownKernelError
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Combine, KernelSet, SetOutput
from imgconv.model.steps.base import Step
from imgconv.model.steps.registry import step_names

ENVIRONMENT_VARIABLE = "IMGCONV_KERNELS"
_SUFFIXES = (".yaml", ".yml")


def built_in_directory() -> Path:
    """Return where the bank of this installation lies."""
    package = Path(__file__).parents[2]
    installed = package / "kernels"
    return installed if installed.is_dir() else package.parent / "kernels"


def bank_files(place: Path) -> list[Path]:
    """List the bank files that a file or a folder stands for.

    Raises
    ------
    KernelError
        When there is none.
    """
    try:
        if not place.is_dir():
            place.stat()
            return [place]
        found = sorted(path for path in place.iterdir() if path.suffix in _SUFFIXES)
    except FileNotFoundError:
        raise KernelError(f"{place}: no such file or folder") from None
    except (OSError, ValueError) as error:
        raise KernelError(f"{place}: {getattr(error, 'strerror', None) or error}") from None
    if not found:
        raise KernelError(f"{place}: a folder without a .yaml file")
    return found


def read_bank_file(path: Path) -> dict[str, BankEntry]:
    """Read every entry of a bank file.

    Raises
    ------
    KernelError
        With file, line and column.
    """
    return _parsed(strict_yaml.read_text(path), path)


def _parsed(text: str, path: Path) -> dict[str, BankEntry]:
    top = strict_yaml.parse(text, str(path)).as_mapping(("kernels",))
    if "kernels" not in top:
        raise KernelError(f"{path}:1:1: a bank file begins with the key 'kernels'")
    kernels = top["kernels"]
    return {
        name: read_entry(name, kernels.keys[name], node, path.stem)
        for name, node in kernels.as_mapping().items()
    }


class KernelBank(Mapping[str, Step]):
    """Kernels, and steps with their options, by name.

    A mapping of names to `Kernel`, for directional sets and magnitudes to `KernelSet`, and for
    filters that are not sums to another `Step`. A generator stands for its kernel with the default
    parameters.

    Parameters
    ----------
    places : sequence of path
        Files or folders of YAML files. A name in a later place hides the same name in an earlier
        one.

    Examples
    --------
    >>> bank = KernelBank.standard()
    >>> bank["sharpen"].sum
    1
    >>> bank.entry("sobel").kind
    'set'
    """

    def __init__(self, places: Sequence[str | os.PathLike[str]]) -> None:
        self._places = {
            path: rank
            for rank, place in enumerate(reversed(places))
            for path in bank_files(Path(place))
        }
        self._files = list(self._places)
        self._texts: dict[Path, str] = {}
        self._entries: dict[Path, dict[str, BankEntry]] = {}

    @classmethod
    def standard(cls, extra: Sequence[str | os.PathLike[str]] = ()) -> KernelBank:
        """Return the built-in bank, those of ``IMGCONV_KERNELS``, and extra ones over them."""
        from_environment = os.environ.get(ENVIRONMENT_VARIABLE, "").split(os.pathsep)
        over = [*filter(None, from_environment), *extra]
        return (cls if over else _BuiltInBank)([built_in_directory(), *over])

    def entry(self, name: str) -> BankEntry:
        """Return the entry of a name or an alias; case does not matter, nor ``-`` for ``_``.

        Raises
        ------
        UnknownKernelError
            With what may be meant.
        """
        from imgconv.io.kernels.suggest import known_form

        found = self._found(name) or self._found(known_form(name))
        if found is None:
            raise self._unknown(name)
        return found

    def _found(self, name: str) -> BankEntry | None:
        for path in self._likeliest_first(name):
            if name in self._text(path):
                entries = self._read(path)
                found = entries.get(name) or next(
                    (entry for entry in entries.values() if name in entry.aliases), None
                )
                if found:
                    return found
        return None

    def entries(self) -> list[BankEntry]:
        """Return every entry that is not hidden by a later bank, in the order of the files."""
        seen: dict[str, BankEntry] = {}
        for path in self._files:
            for name, entry in self._read(path).items():
                seen.setdefault(name, entry)
        return list(seen.values())

    def __getitem__(self, name: str) -> Step:
        return self.build(self.entry(name), {})

    def __iter__(self) -> Iterator[str]:
        return (entry.name for entry in self.entries())

    def __len__(self) -> int:
        return len(self.entries())

    def build(self, entry: BankEntry, given: Mapping[str, str]) -> Step:
        """Make what an entry stands for, its options given as text.

        Raises
        ------
        ArgumentError
            For a value out of range.
        """
        if entry.kernel is not None:
            return entry.kernel
        values = {
            option.name: option.read(given.get(option.name, str(option.default)))
            for option in entry.options()
        }
        if entry.kind == "generator":
            return entry.generate(values)
        if entry.kind == "step":
            return entry.make_step(values)
        return KernelSet(
            tuple(self._member(entry, name) for name in entry.members),
            Combine(values["combine"]),
            SetOutput(values["output"]),
            name=entry.name,
            source=entry.source,
            description=entry.description,
        )

    def _member(self, entry: BankEntry, name: str) -> Kernel:
        member = self.entry(name)
        if member.kernel is None:
            raise entry.node.error(f"{name!r} is a {member.kind}; a set is made of kernels")
        return member.kernel

    def _likeliest_first(self, name: str) -> list[Path]:
        """Put a file that defines the name before those that merely mention it.

        Banks over others stay so: a name is looked for place by place.
        """
        return sorted(
            self._files,
            key=lambda path: (self._places[path], f"\n  {name}:" not in self._text(path)),
        )

    def _text(self, path: Path) -> str:
        if path not in self._texts:
            self._texts[path] = strict_yaml.read_text(path)
        return self._texts[path]

    def _read(self, path: Path) -> dict[str, BankEntry]:
        if path not in self._entries:
            self._entries[path] = _parsed(self._text(path), path)
        return self._entries[path]

    def _unknown(self, name: str) -> UnknownKernelError:
        from imgconv.io.kernels.suggest import hint

        known = [n for entry in self.entries() for n in (entry.name, *entry.aliases)]
        known += [name for name in step_names() if name not in known]
        return UnknownKernelError(f"no kernel is called {name[:80]!r}", hint(name[:80], known))


class _BuiltInBank(KernelBank):
    """The built-in bank alone, which looks up single names without reading its files."""

    def _found(self, name: str) -> BankEntry | None:
        return _compiled_entry(name)


@cache
def _compiled_entry(name: str) -> BankEntry | None:
    """Return an entry of the built-in bank as its YAML has it, from what was made of that."""
    from imgconv.io.kernels.compiled_bank import ALIASES, ENTRIES

    if name not in ENTRIES:
        if name not in ALIASES:
            return None
        name = ALIASES[name]
    family, line, fields = ENTRIES[name]
    place = YamlNode(f"{family}.yaml", line, 1, "text", KernelError)
    return read_entry(name, place, _node(place, fields), family)


def _node(place: YamlNode, value: Any) -> YamlNode:
    """Return text, lists or dictionaries as YAML that stands in one place."""
    kind = "text" if isinstance(value, str) else "list" if isinstance(value, list) else "mapping"
    node = YamlNode(place.file, place.line, place.column, kind, place.raises)
    if isinstance(value, str):
        node.text = value
    elif isinstance(value, list):
        node.items = [_node(place, item) for item in value]
    else:
        node.fields = {key: _node(place, item) for key, item in value.items()}
        node.keys = dict.fromkeys(value, place)
    return node
