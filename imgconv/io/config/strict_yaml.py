"""YAML read strictly: plain mappings, lists and text, each with its line and column.

Scalars stay text, so that a decimal keeps its exact value. Anchors, aliases, tags, duplicate keys,
second documents, deep nesting and large files are refused. The parser hands over one event at a
time, so a hostile file costs no more than the part of it that was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from imgconv.model.errors import ImgconvError, KernelError

LARGEST_FILE = 1 << 20
DEEPEST = 12
MOST_NODES = 30_000
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class YamlNode:
    """A piece of a YAML file and where it stands.

    Attributes
    ----------
    kind : {"text", "list", "mapping"}
    text : str
        Of a scalar.
    items : list of YamlNode
        Of a list.
    fields, keys : dict of str to YamlNode
        Of a mapping: the values, and the places of the keys.
    """

    __slots__ = (
        "column",
        "fields",
        "file",
        "items",
        "keys",
        "kind",
        "line",
        "quoted",
        "raises",
        "text",
    )

    def __init__(
        self, file: str, line: int, column: int, kind: str, raises: type[ImgconvError]
    ) -> None:
        self.file, self.line, self.column, self.kind, self.raises = file, line, column, kind, raises
        self.text = ""
        self.quoted = False
        self.items: Sequence[YamlNode] = ()
        self.fields: Mapping[str, YamlNode] = _NOTHING
        self.keys: Mapping[str, YamlNode] = _NOTHING

    def error(self, message: str, hint: str | None = None) -> ImgconvError:
        """Make an error that says where."""
        return self.raises(f"{self.file}:{self.line}:{self.column}: {message}", hint)

    def as_mapping(self, known: tuple[str, ...] | None = None) -> Mapping[str, YamlNode]:
        """Return the fields of a mapping whose keys must all be known."""
        if self.kind != "mapping":
            raise self.error(f"a mapping (key: value) is expected here, not a {self.kind}")
        for key, place in self.keys.items():
            if known is not None and key not in known:
                raise place.error(f"unknown key {key!r}", hint="known here: " + ", ".join(known))
        return self.fields

    def as_list(self) -> Sequence[YamlNode]:
        """Return the items of a list."""
        if self.kind != "list":
            raise self.error(f"a list is expected here, not a {self.kind}")
        return self.items

    def as_text(self) -> str:
        """Return the text of a scalar."""
        if self.kind != "text":
            raise self.error(f"a text or a number is expected here, not a {self.kind}")
        return self.text

    def as_flag(self) -> bool:
        """Return the truth of ``true`` or ``false``."""
        if self.kind != "text" or self.quoted or self.text not in ("true", "false"):
            raise self.error("true or false is expected here")
        return self.text == "true"


def read_text(path: Path, raises: type[ImgconvError] = KernelError) -> str:
    """Read a small UTF-8 file.

    Raises
    ------
    ImgconvError
        Of the class `raises`, when it is too large, not UTF-8 or cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise raises(f"{path}: {error.strerror or error}") from None
    if len(data) > LARGEST_FILE:
        raise raises(f"{path}: larger than {LARGEST_FILE >> 20} MiB, the most that is read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise raises(f"{path}:{line}:{column}: not UTF-8 text") from None


def parse(text: str, file: str, raises: type[ImgconvError] = KernelError) -> YamlNode:
    """Parse one YAML document.

    Raises
    ------
    ImgconvError
        Of the class `raises`, with file, line and column.
    """
    import yaml

    loader = getattr(yaml, "CLoader", yaml.Loader)  # parses events only; constructs nothing
    reader = _Reader(file, raises, iter(yaml.parse(text, Loader=loader)))
    try:
        return reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise raises(f"{at}: {error.problem or 'not YAML'}") from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise raises(f"{file}:{line}:{column}: a character that YAML does not allow") from None
    except yaml.YAMLError as error:
        raise raises(f"{file}: not YAML: {str(error).splitlines()[0]}") from None


class _Reader:
    def __init__(self, file: str, raises: type[ImgconvError], events: Iterator[Any]) -> None:
        self.file = file
        self.raises = raises
        self.events = events
        self.nodes = 0

    def document(self) -> YamlNode:
        event = self._next()
        while type(event).__name__ in ("StreamStartEvent", "DocumentStartEvent"):
            event = self._next()
        if type(event).__name__ == "StreamEndEvent":
            raise self.raises(f"{self.file}:1:1: the file is empty")
        node = self._node(event, 0)
        self._next()  # the end of the document
        after = self._next()
        if type(after).__name__ != "StreamEndEvent":
            raise self._place(after).error("a second document (---) is not allowed")
        return node

    def _next(self) -> Any:
        return next(self.events)

    def _place(self, event: Any, kind: str = "text") -> YamlNode:
        mark = event.start_mark
        return YamlNode(self.file, mark.line + 1, mark.column + 1, kind, self.raises)

    def _node(self, event: Any, depth: int) -> YamlNode:
        kind = type(event).__name__
        if kind == "AliasEvent" or getattr(event, "anchor", None) is not None:
            raise self._place(event).error("anchors (&) and aliases (*) are not allowed")
        if getattr(event, "tag", None) is not None:
            raise self._place(event).error(f"tags ({event.tag[:40]}) are not allowed")
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self._place(event).error(f"more than {MOST_NODES} values, the most that are read")
        if depth > DEEPEST:
            raise self._place(event).error(f"nested deeper than {DEEPEST} levels")
        if kind == "ScalarEvent":
            node = self._place(event)
            node.text, node.quoted = event.value, bool(event.style)
            return node
        if kind == "SequenceStartEvent":
            return self._list(event, depth)
        return self._mapping(event, depth)

    def _list(self, start: Any, depth: int) -> YamlNode:
        node, items = self._place(start, "list"), []
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            items.append(self._node(event, depth + 1))
        node.items = items
        return node

    def _mapping(self, start: Any, depth: int) -> YamlNode:
        node = self._place(start, "mapping")
        keys: dict[str, YamlNode] = {}
        fields: dict[str, YamlNode] = {}
        node.keys, node.fields = keys, fields
        while type(event := self._next()).__name__ != "MappingEndEvent":
            key = self._node(event, depth + 1)
            name = key.as_text()
            if name in fields:
                raise key.error(f"key {name!r} appears twice")
            keys[name] = key
            fields[name] = self._node(self._next(), depth + 1)
        return node
