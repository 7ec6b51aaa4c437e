"""The built-in bank as JSON beside its YAML: what the strict parser found, read without PyYAML.

``python -m imgconv.io.kernels.compiled kernels`` writes the files anew. Where one does not go with
its YAML, the YAML is read.
"""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path
from typing import Any

from imgconv.io.config.strict_yaml import YamlNode, parse, read_text
from imgconv.model.errors import KernelError

_FOLDER = "compiled"
_TEXT, _LIST, _MAPPING = range(3)


def compiled_path(path: Path) -> Path:
    """Return where the compiled form of a bank file lies."""
    return path.parent / _FOLDER / f"{path.stem}.json"


def read_compiled(path: Path, text: str) -> YamlNode | None:
    """Return what `strict_yaml.parse` makes of a bank file; None where that is not compiled.

    Parameters
    ----------
    path : path
        Of the bank file.
    text : str
        What is in it.
    """
    try:
        checksum, tree = json.loads(compiled_path(path).read_bytes())
        if checksum != _checksum(text):
            return None
        return _node(tree, str(path))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def compiled_form(text: str) -> str:
    """Return the compiled form of a bank file."""
    node = parse(text, "")
    return json.dumps([_checksum(text), _tree(node)], ensure_ascii=False, separators=(",", ":"))


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode())


def _tree(node: YamlNode) -> list[Any]:
    if node.kind == "text":
        return [_TEXT, node.line, node.column, node.text, int(node.quoted)]
    if node.kind == "list":
        return [_LIST, node.line, node.column, [_tree(item) for item in node.items]]
    fields = [[_tree(node.keys[name]), _tree(value)] for name, value in node.fields.items()]
    return [_MAPPING, node.line, node.column, fields]


def _node(tree: list[Any], file: str) -> YamlNode:
    kind, line, column, content = tree[:4]
    node = YamlNode(file, line, column, ("text", "list", "mapping")[kind], KernelError)
    if kind == _TEXT:
        node.text, node.quoted = content, bool(tree[4])
    elif kind == _LIST:
        node.items = [_node(item, file) for item in content]
    else:
        keys = [_node(key, file) for key, _ in content]
        node.keys = {key.text: key for key in keys}
        node.fields = {
            key.text: _node(value, file) for key, (_, value) in zip(keys, content, strict=True)
        }
    return node


def compile_bank(folder: Path) -> None:
    """Write the compiled form of every bank file in a folder."""
    (folder / _FOLDER).mkdir(exist_ok=True)
    for path in sorted(folder.glob("*.yaml")):
        data = compiled_form(read_text(path)).encode() + b"\n"
        compiled_path(path).write_bytes(data)


if __name__ == "__main__":
    compile_bank(Path(sys.argv[1]))
