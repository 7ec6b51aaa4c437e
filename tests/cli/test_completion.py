"""Completion: typed in bash on a terminal, and by the protocol that zsh and fish use."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

WAIT = 60  # seconds until a terminal that says nothing is given up


class Bash:
    """A bash on a terminal of its own, with the README's line active."""

    def __init__(self, folder):
        program = folder / "bin" / "imgconv"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m imgconv "$@"\n')
        program.chmod(0o755)
        self.main, terminal = pty.openpty()
        variables = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PS1": "$ ",
                     "TERM": "dumb", "COLUMNS": "200", "HISTFILE": ""}  # fmt: skip
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            cwd=folder, env=variables, stdin=terminal, stdout=terminal, stderr=terminal,
            start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        self.type("bind 'set enable-bracketed-paste off'; bind 'set bell-style none'\n")
        self.type('eval "$(_IMGCONV_COMPLETE=bash_source imgconv)"; echo rea""dy\n')
        self.until("ready")

    def type(self, text):
        os.write(self.main, text.encode())

    def until(self, wanted):
        """Read until a pattern is there."""
        said, end = "", time.monotonic() + WAIT
        while not re.search(wanted, said):
            ready, _, _ = select.select([self.main], [], [], max(0, end - time.monotonic()))
            assert ready, said
            said += os.read(self.main, 65536).decode(errors="replace")
        return said

    def completes(self, typed, line):
        """Type a line and Tab, and check what stands there then."""
        self.type(f"{typed}\t")
        self.until(re.escape(line))
        self.type("\x15echo nex''t\n")  # take the line away
        self.until("next")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.main)


@pytest.fixture
def bash(tmp_path):
    found = Bash(tmp_path)
    yield found
    found.close()


def test_typed_in_bash(bash, tmp_path):
    (tmp_path / "photograph.png").touch()
    (tmp_path / "recipe.yaml").touch()
    bash.completes("imgconv app", "imgconv apply ")
    bash.completes("imgconv apply photog", "imgconv apply photograph.png")
    bash.completes("imgconv apply a.png photog", "imgconv apply a.png photograph.png")
    bash.completes("imgconv apply a.png -k sharpen_m", "-k sharpen_mild ")
    bash.completes("imgconv apply a.png -k gaussian:si", "-k gaussian:si")
    bash.completes("imgconv apply a.png --padding repl", "--padding replicate ")
    bash.completes("imgconv apply a.png --padding scipy:mir", "--padding scipy:mirror ")
    bash.completes("imgconv apply a.png --range res", "--range rescale ")
    bash.completes("imgconv apply a.png --recipe rec", "--recipe recipe.yaml")
    bash.completes("imgconv kernels show scharr_opt", "kernels show scharr_optimal")
    bash.completes("imgconv help bor", "imgconv help borders ")
    bash.completes("imgconv gray --method lig", "--method lightness ")


def complete(words, shell="zsh"):
    """Give what the program offers for the last word."""
    line = " ".join(["imgconv", *words])
    variables = {"_IMGCONV_COMPLETE": f"{shell}_complete", "COMP_WORDS": line,
                 "COMP_CWORD": str(len(words)) if shell == "zsh" else words[-1]}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "imgconv"],
        env={**os.environ, **variables}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    if shell == "zsh":
        lines = done.stdout.split("\n")
        return list(zip(lines[::3], lines[1::3], strict=False))
    kinds = [line.partition("\t")[0].partition(",") for line in done.stdout.splitlines()]
    return [(kind, value) for kind, _, value in kinds]


def test_the_script_for_fish_keeps_values_with_commas():
    done = subprocess.run(
        [sys.executable, "-m", "imgconv"],
        env={**os.environ, "_IMGCONV_COMPLETE": "fish_source"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert 'string split --max 1 ","' in done.stdout


@pytest.mark.parametrize("shell", ["zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["apply", "x"], ("x", "file")),
        (["apply", "x", "y"], ("y", "file")),
        (["apply", "-k", "sharpen_mi"], ("sharpen_mild", "plain")),
        (["apply", "-k", "gaussian:sig"], ("gaussian:sigma=", "plain")),
        (["apply", "-k", "gaussian:sigma=2,si"], ("gaussian:sigma=2,size=", "plain")),
        (["apply", "-k", "./mi"], ("./mi", "file")),
        (["apply", "--depth", "f"], ("f32", "plain")),
        (["batch", "x"], ("x", "file")),
        (["layer", "--weights", "n"], ("n", "file")),
        (["kernels", "plot", "log"], ("log", "plain")),
        (["diff", "x"], ("x", "file")),
        (["explain", "x"], ("x", "file")),
    ],
    ids=str,
)
@pytest.mark.sampled(3)
def test_what_other_shells_are_given(words, expected, shell):
    assert expected[::-1] in complete(words, shell)


@pytest.mark.thorough
def test_every_argument_and_every_value_is_completed_or_a_number():
    """A word that is neither a file, a step nor one of a list must be free text, by name."""
    import click
    from cli.test_help import LEAVES

    from imgconv.cli.completion import for_option

    free = {"N", "V", "K", "C", "T", "Q", "LEVELS", "SHARE", "ROW,COL", "N[,N]", "SIZE", "I/N",
            "TEMPLATE", "ADDRESS", "T,L,R,C", "FILTER,ROW,COL", "NUMBERS|FILE#NAME", "WORD", "TAG",
            "NAME", "NAME...", "SUFFIX", "SECONDS", "RECT", "PATTERN", "DB", "S", "E"}  # fmt: skip
    for name, command in LEAVES.items():
        if name.startswith(("imgconv golden", "imgconv diff", "imgconv recover")):
            continue
        for param in command.params:
            if not isinstance(param, click.Option) or param.is_flag:
                continue
            typed = isinstance(param.type, click.Choice | click.Path | click.types.IntParamType)
            assert typed or for_option(param) or param.metavar in free, (name, param.opts)
