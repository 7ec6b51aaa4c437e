"""Help: every command has it, with an example that works and a word on every option."""

from __future__ import annotations

import shlex
import subprocess
import sys

import click
import numpy as np
import pytest
from cli.program import assert_fails

import imgconv as package
from imgconv.cli.main import group


def tree(command, path):
    """Give a command and all under it, with the words that call it."""
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found += tree(command.get_command(context, name), [*path, name])
    return found


COMMANDS = {" ".join(["imgconv", *path]): command for path, command in tree(group, [])}
LEAVES = {name: c for name, c in COMMANDS.items() if not isinstance(c, click.Group)}


def examples(text):
    """Give the example command lines of a help text, however they are set."""
    for line in (text or "").splitlines():
        for part in line.removeprefix("Examples:").removeprefix("Example:").split("; imgconv "):
            words = part.strip().removeprefix("imgconv ")
            piped = words.partition("| imgconv ")[2] or words
            if (words and words != part.strip()) or "; imgconv " in line:
                yield piped.partition(" > ")[0]


def test_the_commands_of_the_design_are_there():
    wanted = {"apply", "gray", "binarize", "compare", "samples", "doctor"}
    wanted |= {"kernels list", "kernels show", "kernels check"}
    assert {f"imgconv {name}" for name in wanted} <= set(LEAVES)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(run, name):
    done = run(*name.split()[1:], "--help")
    text = done.out.decode()
    assert (done.code, done.err) == (0, "")
    assert text.startswith(f"Usage: {name} ")
    assert "Example" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_is_one_screen_with_an_example(run, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    done = run(*name.split()[1:], "-h")
    assert (done.code, done.err) == (0, "")
    text = done.out.decode()
    assert text.startswith(f"Usage: {name} ")
    assert "Example" in text
    if "Options used most" in text:
        assert len(text.splitlines()) <= 24
        assert f"All options: {name} --help" in text


@pytest.mark.parametrize("name", ["apply", "batch", "compare", "explain", "layer"])
def test_commands_with_many_options_have_a_short_help(run, name):
    brief, full = (run(name, option).out.decode() for option in ("-h", "--help"))
    assert "Options used most" in brief
    assert len(brief.splitlines()) * 2 < len(full.splitlines())


@pytest.mark.parametrize("name", LEAVES)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_choice_and_no_example_is_broken(run, monkeypatch, name, columns):
    """Whatever the width, a word stands on one line, and an example can be copied."""
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run(*name.split()[1:], "--help").out.decode()
    words = set(text.split())
    for param in LEAVES[name].params:
        for word in (getattr(param, "help", "") or "").split():
            assert word in words, word
    for line in (LEAVES[name].epilog or "").split("\n\n"):
        assert line in text
    examples_of = (LEAVES[name].epilog or "").split("\n\n")
    for line in text.splitlines():
        assert len(line) <= min(columns, 100) or line.strip() in examples_of, line


@pytest.mark.parametrize("name", LEAVES)
def test_the_help_names_a_topic_of_the_manual(run, name):
    from imgconv.cli.brief import topic_of

    text = run(*name.split()[1:], "--help").out.decode()
    topic = topic_of(name)
    assert topic or name.split()[1] in ("help", "diff", "recover")
    assert not topic or f"Manual: imgconv help {topic}" in text


def test_errors_are_in_colour_on_a_terminal_only(run):
    assert "\x1b" not in run("aply").err


@pytest.mark.parametrize("name", LEAVES)
def test_every_example_is_a_command_line_that_the_program_takes(name):
    """Nothing is run: the words are parsed by the very command whose help has them."""
    lines = list(examples(LEAVES[name].epilog))
    assert lines
    for line in lines:
        words = shlex.split(line)
        own = name.split()[1:]
        assert words[: len(own)] == own, line
        LEAVES[name].make_context(name, words[len(own) :])


@pytest.mark.parametrize("name", LEAVES)
def test_every_option_says_what_it_is_for(run, name):
    text = " ".join(run(*name.split()[1:], "--help").out.decode().split())
    options = [p for p in LEAVES[name].params if isinstance(p, click.Option)]
    for option in options:
        assert option.help, option.name
        assert not option.hidden
        assert all(opt in text for opt in option.opts)


def test_the_top_help_lists_commands_and_exit_codes(run):
    text = run("--help").out.decode()
    for name in LEAVES:
        assert f"  {name.split()[1]} " in text
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 70, 130):
        assert f"{code} " in text


def test_version(run):
    for option in ("--version", "-V"):
        done = run(option)
        assert (done.code, done.err) == (0, "")
        assert done.out.decode().split()[-1] == package.__version__


@pytest.mark.parametrize("arguments", [[], ["kernels"]])
def test_a_group_alone_shows_its_help_and_is_wrong_usage(run, arguments):
    done = run(*arguments)
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("Usage: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["aply"], ["'aply'", "apply"]),
        (["kernels", "shw"], ["'shw'", "show"]),
        (["qqq"], ["'qqq'", "--help"]),
        (["apply", "--paddin", "wrap"], ["--paddin", "--padding"]),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(run, arguments, words):
    assert_fails(run(*arguments), 2, *words)


HEAVY = """
import os, runpy, sys

def leave(code=0):
    print(code, sorted({"numpy", "cv2", "skimage", "yaml"} & set(sys.modules)), file=sys.stderr)
    sys.stderr.flush()
    end(0)

end, os._exit, sys.exit = os._exit, leave, leave
sys.argv = ["imgconv", *sys.argv[1:]]
runpy.run_module("imgconv", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["apply", "--help"]])
def test_help_and_version_import_neither_numpy_nor_opencv(arguments, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HEAVY, *arguments], capture_output=True, check=False, cwd=tmp_path
    )
    assert done.stdout
    assert done.stderr == b"0 []\n"


MODULES = HEAVY.replace(
    '{"numpy", "cv2", "skimage", "yaml"} & set(sys.modules)',
    '{"cv2", "skimage", "yaml", "PIL", "numpy.ma", "imgconv.ops.rank.holes",'
    ' "imgconv.ops.linear.alpha", "imgconv.ops.regions.selected", "imgconv.engines.sets",'
    ' "imgconv.model.layer", "imgconv.model.steps.color"} & set(sys.modules)',
)


def test_one_kernel_on_a_png_imports_little(tmp_path):
    from imgconv.io.images.image_files import write_image

    write_image(tmp_path / "in.png", np.arange(256, dtype=np.uint8).reshape(16, 16))
    done = subprocess.run(
        [sys.executable, "-c", MODULES.replace("sys.stderr)", "open('said', 'w'))"),
         "apply", "in.png", "out.png", "-k", "sharpen"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert (tmp_path / "said").read_text() == "0 []\n", done.stderr
