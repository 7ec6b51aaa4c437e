"""Words on stderr, data on stdout, and pictures on either a file or stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from imgconv.model.errors import ArgumentError, ImageReadError, ImageWriteError
from imgconv.model.text import visible

if TYPE_CHECKING:
    from imgconv.io.images.picture import Reading
    from imgconv.io.storage.locations import Place
    from imgconv.jobs.apply.row import Row
    from imgconv.model.recipe import Recipe

STREAM = Path("-")
"""What ``-`` is; known by identity, since `Path` makes the same of ``./-``."""


def say(message: str, *, as_it_is: bool = False) -> None:
    """Write lines on stderr; where that is full or closed, there is nobody to tell.

    Control characters become visible, but of lines that are painted or commands, which whoever made
    them has seen to.
    """
    with suppress(OSError):
        click.echo(message if as_it_is else _harmless(message), err=True)


def _harmless(text: str) -> str:
    """Return lines in which nothing acts on a terminal, nor on whoever reads a log."""
    return "\n".join(map(visible, text.split("\n")))


def one_line(text: str) -> str:
    """Keep a file name from breaking the line or the terminal."""
    return visible(text)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 row``, ``2 rows``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def show(text: str) -> None:
    """Write text and a line end on stdout; control characters become visible.

    Raises
    ------
    ImageWriteError
        When stdout is closed or full.
    """
    show_as_it_is(_harmless(text))


def show_as_it_is(text: str) -> None:
    """Write data, or what is painted, and a line end on stdout (see `show`)."""
    write_stdout(text.encode("utf-8", "surrogateescape") + b"\n")


def write_json(data: Any) -> None:
    """Write one JSON object on stdout."""
    import json

    show_as_it_is(json.dumps(data, indent=2, allow_nan=False, default=str))


def colour_on_stdout() -> bool:
    """Return whether stdout is a terminal that may be painted (NO_COLOR is honoured)."""
    return sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def is_stream(path: Place) -> bool:
    """Return whether a path means stdin or stdout: ``-`` does, a file called ``./-`` does not."""
    return path is STREAM


def read_stdin(reading: Reading | None = None) -> bytes:
    """Read the picture on stdin, within the bounds of a picture.

    Raises
    ------
    ImageReadError
        When stdin is a terminal.
    """
    from imgconv.io.images.decode import read_stream
    from imgconv.io.images.picture import Reading

    return read_stream(stdin(), "stdin", reading or Reading())


def stdin() -> BinaryIO:
    """Return stdin as a stream of bytes.

    Raises
    ------
    ImageReadError
        When it is a terminal.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise ImageReadError("stdin is a terminal, not an image", hint="pipe an image into -")
    return sys.stdin.buffer


def check_stdout(as_json: bool) -> None:
    """Check that a picture may go to stdout.

    Raises
    ------
    ArgumentError
        When JSON goes there too.
    ImageWriteError
        When it is a terminal.
    """
    if as_json:
        raise ArgumentError("--json and an image cannot both go to stdout", "write to a file")
    if sys.stdout is not None and sys.stdout.isatty():
        raise ImageWriteError(
            "stdout is a terminal; an image would garble it", hint="redirect it: > out.png"
        )


def write_stdout(data: bytes) -> None:
    """Write bytes on stdout.

    Raises
    ------
    ImageWriteError
        When it is closed or full.
    """
    with _stdout() as stream:
        stream.write(data)


def flush() -> None:
    """Write out what stdout still holds."""
    if sys.stdout is not None:
        with _stdout() as stream:
            stream.flush()


@contextmanager
def _stdout() -> Iterator[BinaryIO]:
    if sys.stdout is None or sys.stdout.closed:
        raise ImageWriteError("stdout is closed")
    try:
        sys.stdout.flush()
        yield sys.stdout.buffer
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ImageWriteError(f"stdout: {(error.strerror or str(error)).lower()}") from None


def note_slow_engine() -> None:
    """Write on stderr that NumPy did the sums since the native core was not built."""
    from imgconv.engines.select import HOW_TO_BUILD, native_is_missing

    if native_is_missing():
        say(f"Note: the native core was not built, so NumPy does the sums, slowly; {HOW_TO_BUILD}")


def report(row: Row, recipe: Recipe, *, as_json: bool, verbose: bool, quiet: bool) -> None:
    """Describe what was done to a file."""
    from imgconv.cli.notes import about_clipping, about_index

    if as_json:
        from imgconv.io.config.recipes import format_recipe

        write_json({**row.as_dict(), "recipe": format_recipe(recipe)})
    if quiet:
        return
    note_slow_engine()
    size = " x ".join(str(side) for side in row.shape)
    if verbose:
        pages = f"{row.pages} pages of " if row.pages > 1 else ""
        say(
            f"{row.target}: {pages}{size} {row.depth}, engine {row.engine}, "
            f"{row.seconds * 1000:.0f} ms"
        )
        for path in row.plan:
            say(f"  {path}")
    for note in row.notes:
        say(note)
    if row.threshold is not None and not as_json:
        say(f"threshold {row.threshold:g}")
    for note in filter(None, (about_clipping(row, recipe), about_index(row, recipe))):
        say(one_line(note))
