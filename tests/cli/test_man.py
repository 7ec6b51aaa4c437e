"""The pages for man(1): fresh, complete, and read by groff without a complaint."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from cli.program import commands

from imgconv.cli.man import man_pages, write_man_pages

FOLDER = Path(__file__).parents[2] / "imgconv" / "man"
PAGES = man_pages()


def test_they_are_those_of_the_repository():
    stale = "after a change of the options: python -m imgconv.cli.man imgconv/man"
    assert {p.name: p.read_text() for p in FOLDER.iterdir()} == PAGES, stale


def test_every_command_and_option_has_its_place():
    found = dict(commands())
    assert {f"{'-'.join(path)}.1" for path in found} == PAGES.keys()
    for path, command in found.items():
        page = PAGES[f"{'-'.join(path)}.1"].replace("\\-", "-")
        for param in command.params:
            for name in param.opts if isinstance(param, click.Option) else ():
                assert name in page, (path, name)


def test_the_default_does_not_depend_on_the_machine(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert man_pages() == PAGES


@pytest.mark.parametrize("name", ["imgconv.1", "imgconv-apply.1", "imgconv-kernels-export.1"])
def test_groff_reads_them(name):
    if shutil.which("groff") is None:
        pytest.skip("needs groff: apt-get install groff")
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-P-cbou"],
        input=PAGES[name],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    shown = " ".join(done.stdout.split())
    if name == "imgconv-apply.1":
        assert "-k, --kernel STEP A kernel: a name (sharpen)" in shown
        assert "'0 -1 0; -1 5 -1; 0 -1 0'" in shown
        assert "imgconv apply photo.jpg sharp.png -k sharpen" in done.stdout
    assert "SEE ALSO" in shown


def test_pages_of_commands_that_are_gone_are_removed(tmp_path):
    (tmp_path / "imgconv-old.1").write_text("old")
    (tmp_path / "mine.1").write_text("mine")
    write_man_pages(tmp_path)
    assert not (tmp_path / "imgconv-old.1").exists()
    assert (tmp_path / "mine.1").exists()
    first = (tmp_path / "imgconv-apply.1").read_text().splitlines()
    assert re.match(r'\.TH "IMGCONV-APPLY" 1 "" "imgconv [0-9.]+', first[1])
