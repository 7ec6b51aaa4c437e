"""The README is true: its commands run, its Python prints what it says."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from manual.reader import README as PAGE
from manual.reader import blocks, make_folder, shell

README = PAGE.read_text()
QUICK_START = README.split("## Quick start")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder as the README's reader has it, with `imgconv` on the path."""
    return make_folder(tmp_path_factory.mktemp("reader"))


def test_quick_start_has_two_commands():
    setup, tests = blocks(QUICK_START, "sh")
    assert len(blocks(QUICK_START, "[a-z]*")) == 2
    assert setup.startswith("python3 -m venv .venv && .venv/bin/pip install --quiet . &&")
    assert tests.strip().endswith("bin/pytest")


def test_quick_start_runs(folder):
    """Everything after the installation, which CI does for real."""
    command = blocks(QUICK_START, "sh")[0].partition("&&\n")[2]
    done = shell(command, folder)
    assert done.returncode == 0, done.stderr
    assert "equal to cv2.filter2D at all 262144 pixels" in done.stderr
    assert {"sharp.png", "smooth.png"} <= {path.name for path in (folder / "photos").iterdir()}


def test_the_commands_after_it_run_one_after_the_other(tmp_path):
    """As a reader types them: nothing is removed in between."""
    commands = blocks(README.replace(QUICK_START, ""), "sh")
    assert commands
    done = shell("\n".join(commands), make_folder(tmp_path))
    assert done.returncode in (0, 1), done.stderr
    assert "Error" not in done.stderr


def test_python():
    failures, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert tried > 0
    assert failures == 0


def test_it_is_short():
    assert len(README.encode()) < 8_500


def test_the_figures_of_the_table(camera):
    import re

    from imgconv.io.config.recipes import recipe_from
    from imgconv.io.kernels.bank import KernelBank
    from imgconv.ops.compare.compare import compare

    (count,) = re.findall(r"\| Kernels \| (\d+) ", README)
    assert int(count) == len(KernelBank.standard())
    difference = compare(camera, recipe_from({"kernels": ["laplacian_9"]})).difference
    differing = difference.pixels - difference.equal
    assert f"{differing:,} of {difference.pixels:,}" in README
