"""The built-in bank as Python says what its YAML says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from imgconv.io.kernels.bank import KernelBank, built_in_directory
from imgconv.io.kernels.compile_bank import MODULE, compiled
from imgconv.io.kernels.compiled_bank import ALIASES, ENTRIES
from imgconv.model.errors import UnknownKernelError


def test_the_module_is_that_of_the_files():
    refresh = "python -m imgconv.io.kernels.compile_bank"
    assert MODULE.read_text("utf-8") == compiled(), f"the bank was changed; run: {refresh}"


def test_every_name_and_alias_means_what_the_files_say():
    quick, read = KernelBank.standard(), KernelBank([built_in_directory()])
    assert list(ENTRIES) == list(read)
    assert {alias for entry in read.entries() for alias in entry.aliases} == set(ALIASES)
    for name in (*ENTRIES, *ALIASES):
        found, expected = quick.entry(name), read.entry(name)
        assert found.node.file == f"{expected.family}.yaml"
        assert found.node.fields.keys() == expected.node.fields.keys()
        assert found._replace(node=expected.node) == expected, name
        assert quick[name] == read[name]
    with pytest.raises(UnknownKernelError, match="sharpenn") as unknown:
        quick.entry("sharpenn")
    assert "sharpen" in (unknown.value.hint or "")


def test_a_name_is_found_without_a_parser_of_yaml():
    program = (
        "import sys; from imgconv.io.kernels.spec import load_step; load_step('Sharpen');"
        "load_step('sobel'); sys.exit('yaml' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_bank_over_it_is_read(tmp_path):
    over = tmp_path / "mine.yaml"
    over.write_text("kernels:\n  sharpen: {weights: [[0, 0, 1]]}\n")
    bank = KernelBank.standard([over])
    assert bank.entry("sharpen").family == "mine"
    assert (
        bank.entry("blur").node.line == KernelBank([built_in_directory()]).entry("blur").node.line
    )
