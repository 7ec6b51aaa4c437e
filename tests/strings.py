"""List every text of the package that a user can see, to be read aloud.

Run it as ``python tests/strings.py [WORD]``; with a word, only the texts that have it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
_SPOKEN = ("say", "show", "option", "fail", "echo", "error", "Guess", "_failed", "warn", "Choice")
_KEYWORDS = {"help", "hint", "epilog", "short_help", "why_not", "why", "metavar"}


class Text(NamedTuple):
    """A text with its place; what is filled in stands as ``{}``."""

    path: Path
    line: int
    text: str


@cache
def texts() -> tuple[Text, ...]:
    """Give the texts of all modules, in the order of the files."""
    found = []
    for path in sorted((ROOT / "imgconv").rglob("*.py")):
        tree = ast.parse(path.read_text())
        found += sorted({Text(path, line, text) for line, text in _of(tree, path)})
    return tuple(found)


def _of(tree: ast.Module, path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _speaks(node.func):
            for value in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from _strings(value)
        elif isinstance(node, ast.keyword) and node.arg in _KEYWORDS:
            yield from _strings(node.value)
        elif isinstance(node, ast.FunctionDef) and _is_command(node):
            yield node.lineno, ast.get_docstring(node) or ""
        elif isinstance(node, ast.Assign) and path.parts[-2] == "cli":
            yield from _strings(node.value)


def _speaks(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name.endswith("Error") or name in _SPOKEN


def _is_command(node: ast.FunctionDef) -> bool:
    return any("command" in ast.dump(decorator) for decorator in node.decorator_list)


def _strings(value: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the texts of an expression that are sentences or parts of them."""
    if isinstance(value, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in value.values]
        yield value.lineno, "".join(map(str, parts))
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        if " " in value.value:
            yield value.lineno, value.value
    elif isinstance(value, ast.BinOp | ast.IfExp | ast.BoolOp | ast.Dict | ast.Tuple | ast.List):
        for child in ast.iter_child_nodes(value):
            yield from _strings(child)


if __name__ == "__main__":
    wanted = " ".join(sys.argv[1:])
    for one in texts():
        if wanted in one.text:
            print(f"{one.path.relative_to(ROOT)}:{one.line}: {one.text!r}")
