"""A group of commands whose modules are imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from imgconv.cli.command import Context


class LazyGroup(click.Group):
    """A group that knows its commands by name and a line of help.

    Parameters
    ----------
    package : str
        Where the modules of the commands are; each has a ``command``.
    commands : dict
        Names and their short help.
    """

    context_class = Context

    def __init__(
        self, *args: Any, package: str = "", commands: dict[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.package = package
        self.short_helps = commands or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their order."""
        return list(self.short_helps)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.short_helps:
            return None
        command: click.Command = import_module(f"{self.package}.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words; options before the command are answered with the right order."""
        if len(args) > 1 and args[0] in ("-h", "--help") and args[1] in self.short_helps:
            args = [*args[1:], args[0]]
        if args and args[0].startswith("-") and not ctx.resilient_parsing:
            from imgconv.cli.guesses import options_first

            try:
                return super().parse_args(ctx, list(args))
            except click.NoSuchOption:
                raise options_first(args, list(self.short_helps), ctx) from None
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say what may be meant."""
        if args and args[0] not in self.short_helps:
            from imgconv.cli.guesses import unknown_command

            raise unknown_command(args, list(self.short_helps), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names with their short help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.short_helps.items()))
