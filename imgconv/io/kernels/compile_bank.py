"""The built-in bank as Python, so that a kernel is found without a parser of YAML.

``python -m imgconv.io.kernels.compile_bank`` writes `compiled_bank` anew; a test holds it against
the files of the bank.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgconv.io.config import strict_yaml
from imgconv.io.config.strict_yaml import YamlNode
from imgconv.io.kernels.bank import bank_files, built_in_directory

MODULE = Path(__file__).with_name("compiled_bank.py")
_HEAD = '''"""The built-in bank: family, line and fields of each entry, and its aliases.

Written by `imgconv.io.kernels.compile_bank`; edit the files in kernels/ instead.
"""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

'''


def compiled() -> str:
    """Return the module for the bank as it is."""
    return "".join(_lines())


def plain(node: YamlNode) -> Any:
    """Return a piece of YAML as text, lists and dictionaries."""
    if node.kind == "text":
        return node.text
    if node.kind == "list":
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.fields.items()}


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "ENTRIES: dict[str, tuple[str, int, dict[str, Any]]] = {\n"
    aliases: dict[str, str] = {}
    for path in bank_files(built_in_directory()):
        top = strict_yaml.parse(strict_yaml.read_text(path), str(path))
        kernels = top.fields["kernels"]
        for name, node in kernels.fields.items():
            fields = plain(node)
            yield f"    {name!r}: ({path.stem!r}, {kernels.keys[name].line}, {fields!r}),\n"
            aliases |= dict.fromkeys(fields.get("aliases", ()), name)
    yield "}\n\nALIASES: dict[str, str] = {\n"
    for alias, name in aliases.items():
        yield f"    {alias!r}: {name!r},\n"
    yield "}\n"


if __name__ == "__main__":
    MODULE.write_text(compiled(), "utf-8")
