"""click's `ParamType` with the type of its values, which click takes from 8.4 on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

__all__ = ["ParamType"]

if TYPE_CHECKING:
    from click import ParamType
else:

    class ParamType(click.ParamType):
        """A type of values on the command line."""

        def __class_getitem__(cls, values: Any) -> type[click.ParamType]:
            return cls
