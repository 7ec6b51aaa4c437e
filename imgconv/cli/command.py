"""What every command has: headings and two lengths of help, and answers to wrong command lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from imgconv.cli.brief import brief_of, topic_of
from imgconv.cli.choices import GRAYS, METHODS

_F = TypeVar("_F", bound=Callable[..., Any])
Decorator = Callable[[_F], _F]

_BARE = {"--gray": ("bt601", GRAYS), "--binarize": ("otsu", METHODS)}
"""Options that may stand without a value: what that means, and which next words are a value."""

_SCREEN = 23  # lines of a terminal, without the prompt
_HYPHEN = "\N{NON-BREAKING HYPHEN}"


class Formatter(click.HelpFormatter):
    """A formatter that breaks no word at its hyphens."""

    def write(self, string: str) -> None:
        """Write what was wrapped, with its hyphens."""
        super().write(string.replace(_HYPHEN, "-"))

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(text.replace("-", _HYPHEN))

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms and what they mean, in two columns."""
        kept = [(term, text.replace("-", _HYPHEN)) for term, text in rows]
        super().write_dl(kept, min(col_max, self.width // 3), col_spacing)


class Context(click.Context):
    """A context whose help is written by `Formatter`."""

    formatter_class = Formatter


class GroupedOption(click.Option):
    """An option with a heading in the help."""

    def __init__(self, *args: Any, heading: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heading = heading

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the value: by what the option takes, else by its type."""
        from imgconv.cli.completion import for_option

        complete = for_option(self)
        if complete is not None:
            return complete(ctx, self, incomplete)
        return super().shell_complete(ctx, incomplete)


class Command(click.Command):
    """A command whose help has headings, and whose ``--gray`` needs no value."""

    context_class = Context

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words; help that is asked for anywhere is shown, whatever else is wrong."""
        end = args.index("--") if "--" in args else len(args)
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        for word in args[:end]:
            if word in ("-h", "--help"):
                click.echo(self.get_help(ctx) if word == "--help" else self.short_help_of(ctx))
                ctx.exit()
        words = self.with_methods(args, end)
        ctx.meta["words"] = tuple(args)
        try:
            if ctx.ignore_unknown_options:
                self._check_names(args[:end], ctx)
            return super().parse_args(ctx, words)
        except click.UsageError as error:
            from imgconv.cli.guesses import explained

            error.ctx = error.ctx or ctx
            raise explained(error, ctx, self, args) from None

    def _check_names(self, words: list[str], ctx: click.Context) -> None:
        """Refuse unknown names where a word may begin with ``-``, as the numbers of a matrix do."""
        known = {name for param in self.params for name in param.opts}
        for word in words:
            name = word.partition("=")[0]
            if name[:2] == "--" and name[2:3].isalpha() and name not in known:
                raise click.NoSuchOption(name, ctx=ctx)

    def with_methods(self, args: list[str], end: int) -> list[str]:
        """Return the words with the default value of a bare ``--gray`` or ``--binarize``."""
        known = {name for param in self.params for name in param.opts}
        complete: list[str] = []
        for i, arg in enumerate(args):
            if i < end and arg in _BARE and arg in known:
                default, words = _BARE[arg]
                following = args[i + 1] if i + 1 < len(args) else ""
                takes = following.lower() in words or (
                    arg == "--binarize" and _is_value(following, words)
                )
                arg = arg if takes else f"{arg}={default}"  # noqa: PLW2901
            complete.append(arg)
        return complete

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option that the help lists; `parse_args` looks for it itself."""
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = "Show a summary (-h) or everything (--help) and exit."
        return found

    def short_help_of(self, ctx: click.Context) -> str:
        """Return the help of one screen: usage, the options most used, an example or two."""
        two = self._short_help(ctx, examples=2)
        return two if two.count("\n") < _SCREEN else self._short_help(ctx, examples=1)

    def _short_help(self, ctx: click.Context, examples: int) -> str:
        formatter = ctx.make_formatter()
        self.format_usage(ctx, formatter)
        with formatter.indentation():
            formatter.write_paragraph()
            formatter.write_text((self.help or "").partition("\n\n")[0].replace("\n", " "))
        records = [
            (record[0], brief)
            for param in self.get_params(ctx)
            if (brief := brief_of(param)) and (record := param.get_help_record(ctx))
        ]
        if not records:
            return self.get_help(ctx)
        with formatter.section("Options used most"):
            formatter.write_dl(records)
        _write_examples(formatter, self.epilog, most=examples)
        formatter.write_paragraph()
        topic = topic_of(ctx.command_path)
        manual = f". Manual: imgconv help {topic}" if topic else ""
        formatter.write_text(f"All options: {ctx.command_path} --help{manual}")
        return formatter.getvalue().rstrip("\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        headings: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Argument):
                continue
            record = param.get_help_record(ctx)
            if record is not None:
                headings.setdefault(getattr(param, "heading", "Other"), []).append(record)
        for heading, records in headings.items():
            with formatter.section(heading):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, each on a line of its own, and the topic of the manual."""
        _write_examples(formatter, self.epilog)
        if topic := topic_of(ctx.command_path):
            formatter.write_paragraph()
            formatter.write_text(f"Manual: imgconv help {topic}")


def _write_examples(formatter: click.HelpFormatter, epilog: str | None, most: int = 99) -> None:
    """Write command lines without breaking them, so that they can be copied."""
    parts = (epilog or "").split("\n\n")
    formatter.write_paragraph()
    for part in parts[: most + 1]:
        formatter.write(f"{'' if part.startswith('Example') else '  '}{part}\n")


def _is_value(word: str, words: list[str]) -> bool:
    """Return whether a word is a threshold method, with or without parameters, or a number."""
    name = word.partition(":")[0].lower()
    return name in words or name.replace(".", "", 1).replace("/", "", 1).isdigit()


def option(*names: str, heading: str, **settings: Any) -> Decorator[Any]:
    """Declare an option under a heading."""
    return click.option(*names, cls=GroupedOption, heading=heading, **settings)


def together(*decorators: Decorator[Any]) -> Decorator[Any]:
    """Make one decorator of several, applied so that the help keeps their order."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
