"""The command line type of whole numbers apart by commas."""

from __future__ import annotations

from typing import Any

import click

from imgconv.cli.param_type import ParamType


class Integers(ParamType[tuple[int, ...]]):
    """Whole numbers apart by commas."""

    name = "integers"

    def __init__(self, what: str, *, count: int | None = None) -> None:
        self._count, self._what = count, what

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read ``12,34``."""
        try:
            numbers = tuple(int(part) for part in str(value).split(","))
        except ValueError:
            numbers = ()
        if not numbers or self._count not in (None, len(numbers)):
            self.fail(f"{value!r} is not {self._what}", param, ctx)
        return numbers
