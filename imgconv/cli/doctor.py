"""`imgconv doctor`: what this installation has."""

from __future__ import annotations

from typing import Any

import click

from imgconv.cli import output
from imgconv.cli.options import Command, json_option


@click.command("doctor", cls=Command, epilog="Example: imgconv doctor --json")
@json_option
def command(as_json: bool) -> int:
    """Show versions, codecs and engine, and what is missing.

    Exit code 0 when everything is there, 1 when not.
    """
    from imgconv.jobs.doctor import examine

    facts = examine()
    if as_json:
        output.write_json(facts)
    else:
        for name, value in facts.items():
            output.show(f"{name:<12} {_text(value)}")
    return 1 if facts["missing"] else 0


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "; ".join(map(str, value)) if value else "nothing"
    return str(value)
