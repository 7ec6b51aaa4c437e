"""The compiled bank says what its YAML says."""

from __future__ import annotations

import pytest

from imgconv.io.config import strict_yaml
from imgconv.io.kernels import bank as bank_module
from imgconv.io.kernels import compiled
from imgconv.io.kernels.bank import KernelBank, bank_files, built_in_directory

FILES = bank_files(built_in_directory())


def tree(node):
    return (
        (node.kind, node.line, node.column, node.file, node.text, node.quoted, node.raises),
        [tree(item) for item in node.items],
        [(name, tree(node.keys[name]), tree(value)) for name, value in node.fields.items()],
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_compiled_files_are_up_to_date(path):
    text = strict_yaml.read_text(path)
    written = compiled.compiled_path(path).read_text(encoding="utf-8").rstrip("\n")
    assert written == compiled.compiled_form(text), "python -m imgconv.io.kernels.compiled kernels"
    read = compiled.read_compiled(path, text)
    assert tree(read) == tree(strict_yaml.parse(text, str(path)))


def test_no_file_is_compiled_that_is_not_in_the_bank():
    names = {path.stem for path in (built_in_directory() / "compiled").iterdir()}
    assert names == {path.stem for path in FILES}


def test_built_in_kernels_need_no_yaml(monkeypatch):
    def parse(*_):
        raise AssertionError("YAML is parsed")

    monkeypatch.setattr(bank_module.strict_yaml, "parse", parse)
    assert KernelBank.standard()["sharpen"].sum == 1


@pytest.mark.parametrize(
    "damage", [b"", b"[1]", b"[1, [0, 1, 1]]", b"{", b"[null, null]", None],
    ids=["empty", "short", "other", "cut", "null", "stale"],
)  # fmt: skip
def test_a_changed_file_is_read_from_its_yaml(tmp_path, damage):
    path = tmp_path / "own.yaml"
    path.write_text("kernels:\n  own:\n    weights: [[1, 2, 1]]\n")
    compiled.compile_bank(tmp_path)
    assert compiled.read_compiled(path, path.read_text()) is not None
    if damage is None:
        path.write_text("kernels:\n  own:\n    weights: [[3, 2, 1]]\n")
    else:
        compiled.compiled_path(path).write_bytes(damage)
    assert compiled.read_compiled(path, path.read_text()) is None
    assert KernelBank([tmp_path])["own"].sum == (4 if damage is not None else 6)
