"""`imgconv help`: the manual."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from imgconv.cli import output
from imgconv.cli.options import Command, option
from imgconv.model.errors import NothingMatchedError

if TYPE_CHECKING:
    from imgconv.io.manual import Topic

_IMAGE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n", re.MULTILINE)
_TOPIC_LINK = re.compile(r"\[([^\]]+)\]\(([a-z-]+)\.md(?:#[\w-]*)?\)")


def _complete(ctx: click.Context, param: click.Parameter, text: str) -> list[CompletionItem]:
    from imgconv.io.manual import topics

    del ctx, param
    return [
        CompletionItem(one.name, help=one.summary)
        for one in topics().values()
        if one.name.startswith(text.lower())
    ]


@click.command(
    "help",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv help\n\n"
    "imgconv help borders\n\n"
    "imgconv help apply\n\n"
    "imgconv help --search gamma",
)
@click.argument("words", metavar="[TOPIC]", nargs=-1, shell_complete=_complete)
@option("--search", metavar="WORD", heading="Which", help="List the lines that have this word.")
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...], search: str | None) -> None:
    """Show a TOPIC of the manual, or list the topics; the name of a command shows its help."""
    from imgconv.io import manual

    if search is not None:
        _search(search, topic=words[0] if words else None)
    elif not words:
        _list()
    else:
        try:
            found = manual.topic("-".join(words))
        except NothingMatchedError:
            told = _help_of(ctx, words)
            if told is None:
                raise
            _show(told)
        else:
            _show_topic(found)


def _list() -> None:
    from imgconv.io.manual import topics

    formatter = click.HelpFormatter(width=_width())
    formatter.write_dl([(one.name, one.summary) for one in topics().values()])
    output.show_as_it_is(formatter.getvalue().rstrip())
    output.say("imgconv help TOPIC shows one; imgconv help COMMAND shows the options of a command")


def _search(word: str, topic: str | None) -> None:
    from imgconv.io import manual

    only = None if topic is None else manual.topic(topic).name
    found = [one for one in manual.search(word) if only in (None, one.topic)]
    if not found:
        raise NothingMatchedError(
            f"the manual does not have {word!r}", hint="imgconv help lists the topics"
        )
    shown = None
    for one in found:
        if (one.topic, one.heading) != shown:
            shown = (one.topic, one.heading)
            heading = f"{one.topic}: {one.heading}"
            output.show_as_it_is(
                click.style(heading, bold=True) if output.colour_on_stdout() else heading
            )
        output.show_as_it_is(f"  {one.line}")


def _help_of(ctx: click.Context, words: tuple[str, ...]) -> str | None:
    """Return the help of a command, or None when there is none of this name."""
    parent = ctx.find_root()
    found: click.Command = parent.command
    for word in words:
        inner = found.get_command(parent, word) if isinstance(found, click.Group) else None
        if inner is None:
            return None
        found = inner
        parent = click.Context(found, parent=parent, info_name=word)
    return found.get_help(parent)


def _show_topic(topic: Topic) -> None:
    text = _IMAGE.sub("", topic.text)
    text = _TOPIC_LINK.sub(_named, text)
    if not output.colour_on_stdout():
        _show(text.rstrip())
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=_width(), force_terminal=True)
    with console.capture() as rendered:
        console.print(Markdown(text))
    _show(rendered.get().rstrip())


def _named(link: re.Match[str]) -> str:
    """Return what a link to a topic is without links: its text and the command."""
    return f"{link[1]} (`imgconv help {link[2]}`)"


def _show(text: str) -> None:
    """Write a text on stdout, through the pager where it is longer than the terminal."""
    import sys

    lines = shutil.get_terminal_size().lines
    if sys.stdout is not None and sys.stdout.isatty() and text.count("\n") + 1 >= lines:
        click.echo_via_pager(f"{text}\n", color=True)
    else:
        output.show_as_it_is(text)


def _width() -> int:
    return max(40, min(shutil.get_terminal_size().columns, 100))
