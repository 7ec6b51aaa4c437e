"""`imgconv help`: topics, commands, search; plain in a pipe, rendered on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest
from cli.program import assert_fails

from imgconv.io.manual import topics


def test_alone_it_lists_every_topic_in_order(run):
    done = run("help")
    assert done.code == 0
    names = [line.split()[0] for line in done.out.decode().splitlines() if line[0] != " "]
    assert names == list(topics())
    assert "imgconv help TOPIC" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["borders"],
        ["border"],
        ["Borders"],
        ["other tools"],
        ["other", "tools"],
        ["large pictures"],
        ["ranges.md"],
    ],
)
def test_a_topic_by_its_name_title_or_singular(run, words):
    done = run("help", *words)
    assert (done.code, done.err) == (0, "")
    assert done.out.decode().startswith("# ")


def test_in_a_pipe_it_is_plain_without_images_or_file_names(run):
    text = run("help", "explain").out.decode()
    assert "\x1b" not in text
    assert "](" not in text
    assert (
        "imgconv help borders"
        in run("help", "kernels").out.decode() + run("help", "other-tools").out.decode()
    )


@pytest.mark.parametrize("words", [["apply"], ["kernels", "list"], ["doctor"]])
def test_the_name_of_a_command_shows_its_help(run, words):
    assert run("help", *words).out.decode().startswith(f"Usage: imgconv {' '.join(words)} ")


def test_search_names_topic_and_heading(run):
    done = run("help", "--search", "FRINGE")
    assert (done.code, done.err) == (0, "")
    headings = [line for line in done.out.decode().splitlines() if line[0] != " "]
    assert headings == ["files: Alpha", "regions: Channels"]
    assert all("fringe" in line for line in done.out.decode().splitlines() if line[0] == " ")
    one = run("help", "files", "--search", "fringe").out.decode()
    heading, line = one.splitlines()
    assert heading == "files: Alpha"
    assert "fringe" in line


def test_what_is_not_there(run):
    assert_fails(run("help", "--search", "qqq"), 6, "'qqq'")
    assert_fails(run("help", "boarders"), 6, "'boarders'", "imgconv help borders")
    assert_fails(run("help", "qqq"), 6, "'qqq'", "lists the topics")
    assert_fails(run("help", "large", "--search", "fringe"), 6, "'fringe'")


def test_on_a_terminal_it_is_rendered_and_paged(tmp_path):
    """The pager is a program that writes where it was given the text."""
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\necho "paged" > "$PAGED"\ncat\n')
    pager.chmod(0o755)
    variables = {**os.environ, "PAGER": str(pager), "PAGED": str(tmp_path / "paged"),
                 "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}  # fmt: skip
    variables.pop("NO_COLOR", None)
    main, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "imgconv", "help", "borders"],
        stdin=terminal, stdout=terminal, stderr=terminal, env=variables,
    ) as process:  # fmt: skip
        os.close(terminal)
        said = b""
        try:
            while part := os.read(main, 65536):
                said += part
        except OSError:
            pass  # the terminal was closed at the other end
        assert process.wait() == 0
    os.close(main)
    text = said.decode()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "\x1b[1m" in text
    assert "| --- |" not in plain
    assert "Where the values of pixels outside the picture come from" in plain
    assert max(map(len, plain.splitlines())) <= 80
    assert (tmp_path / "paged").read_text() == "paged\n"
