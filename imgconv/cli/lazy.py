"""A group of commands whose modules are imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group that knows its commands by name and a line of help.

    Parameters
    ----------
    package : str
        Where the modules of the commands are; each has a ``command``.
    commands : dict
        Names and their short help.
    """

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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may be meant."""
        if args and args[0] not in self.short_helps and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], self.short_helps, n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            ctx.fail(f"no command is called {args[0]!r}{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names with their short help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.short_helps.items()))
