"""Manual pages for man(1), made of the commands and their options.

Run it as ``python -m imgconv.cli.man DIR``. The pages in ``imgconv/man/`` are installed with the
package.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from imgconv import __version__
from imgconv.cli.brief import topic_of
from imgconv.cli.main import group

_GLYPHS = {"\\": "\\e", "-": "\\-", "~": "\\(ti", "^": "\\(ha", "`": "\\(ga", "'": "\\(aq"}


def man_pages() -> dict[str, str]:
    """Return the pages of the program and of each command, by their file names.

    Examples
    --------
    >>> pages = man_pages()
    >>> "imgconv-apply.1" in pages, "imgconv-golden-check.1" in pages
    (True, True)
    """
    context = click.Context(group, info_name="imgconv", **group.context_settings)
    return dict(_pages(group, context))


def _pages(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield f"{_dashed(context)}.1", "\n".join(_lines(command, context)) + "\n"
    for name, inner in _commands(command, context):
        yield from _pages(inner, click.Context(inner, info_name=name, parent=context))


def _commands(
    command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield name, inner


def _lines(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the lines of a page, in the macros of man(7)."""
    name = _dashed(context)
    yield '.\\" Made by python -m imgconv.cli.man'
    yield f'.TH "{name.upper()}" 1 "" "imgconv {__version__}" "imgconv"'
    yield from (".nh", ".ad l")  # no hyphens that are not in a command
    yield from (".SH NAME", f"{_escaped(name)} \\- {_escaped(_summary(command))}")
    pieces = " ".join(command.collect_usage_pieces(context))
    yield from (".SH SYNOPSIS", f".B {_escaped(context.command_path)}", _escaped(pieces))
    yield ".SH DESCRIPTION"
    yield from _paragraphs(command.help or "")
    yield from _options(command, context)
    inner = list(_commands(command, context))
    if inner:
        yield ".SH COMMANDS"
    for word, one in inner:
        yield from (".TP", f"\\fB{_escaped(name)}\\-{_escaped(word)}\\fR(1)")
        yield _escaped(_summary(one))
    if command.epilog:
        yield from _examples(command.epilog)
    yield from _see_also(context)


def _summary(command: click.Command) -> str:
    return (command.short_help or command.get_short_help_str(200)).rstrip(".")


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the options under their headings."""
    headings: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(context):
        record = None if isinstance(param, click.Argument) else param.get_help_record(context)
        if record is not None:
            headings.setdefault(getattr(param, "heading", "Other"), []).append(record)
    if headings:
        yield ".SH OPTIONS"
    for heading, records in headings.items():
        yield f".SS {_escaped(heading)}"
        for names, text in records:
            yield from (".TP", f"\\fB{_escaped(names)}\\fR", _line(text))


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        yield _line(" ".join(paragraph.split()))


def _examples(epilog: str) -> Iterator[str]:
    lines = epilog.split("\n\n")
    first = lines[0].partition(":")[2].strip()
    yield ".SH EXAMPLES"
    for line in filter(None, (first, *lines[1:])):
        yield from (".PP", ".nf", _line(line.strip()), ".fi")


def _see_also(context: click.Context) -> Iterator[str]:
    others = ["imgconv"] if context.parent is not None else []
    if context.parent is not None and context.parent.parent is not None:
        others.append(_dashed(context.parent))
    topic = topic_of(context.command_path)
    said = [f"\\fB{_escaped(other)}\\fR(1)" for other in others]
    said.append(f"\\fBimgconv help{f' {_escaped(topic)}' if topic else ''}\\fR")
    yield from (".SH SEE ALSO", ", ".join(said))


def _dashed(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


def _line(text: str) -> str:
    """Return text that is no request, whatever it begins with."""
    escaped = _escaped(text)
    return f"\\&{escaped}" if escaped.startswith((".", "\\(aq")) else escaped


def _escaped(text: str) -> str:
    return "".join(_GLYPHS.get(char, char) for char in text)


def write_man_pages(folder: Path) -> None:
    """Write all pages into a folder, and remove pages of commands that are gone."""
    pages = man_pages()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("imgconv*.1"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_man_pages(Path(sys.argv[1]))
