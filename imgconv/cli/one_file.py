"""Filter one file or stream into another, as `apply`, `gray` and `binarize` do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imgconv.cli import output
from imgconv.cli.options import encoding_of, reading_of
from imgconv.model.errors import ArgumentError

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format
    from imgconv.io.images.picture import Encoding, Reading
    from imgconv.io.storage.locations import Place
    from imgconv.jobs.apply.row import Row
    from imgconv.model.recipe import Recipe


class FileOptions(NamedTuple):
    """Options of a command that filters one file, the recipe apart.

    Attributes
    ----------
    reading : Reading
    encoding : Encoding
    given : mapping
        Every parameter as it was given; notes name those without effect.
    format : str, optional
        Where the suffix of the output does not say it.
    overwrite, in_place : bool
    max_memory : int, optional
        In bytes.
    threads : int, optional
    cluster : str, optional
        Address of a Dask scheduler.
    as_json, verbose, quiet : bool
        How the run is reported.
    """

    reading: Reading
    encoding: Encoding
    given: Mapping[str, Any]
    format: str | None = None
    overwrite: bool = False
    in_place: bool = False
    max_memory: int | None = None
    threads: int | None = None
    cluster: str | None = None
    as_json: bool = False
    verbose: bool = False
    quiet: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> FileOptions:
        """Return the options that the parameters of a command say.

        Raises
        ------
        ArgumentError
            For a value that an option cannot have.
        """
        from imgconv.jobs.memory import parse_bytes

        most = parameters["max_memory"]
        plain = (
            *("format", "overwrite", "in_place", "threads"),
            *("cluster", "as_json", "verbose", "quiet"),
        )
        return cls(
            reading_of(parameters),
            encoding_of(parameters),
            parameters,
            max_memory=parse_bytes(most) if most else None,
            **{name: parameters[name] for name in plain if name in parameters},
        )


def filter_one(source: Place, target: Place, recipe: Recipe, options: FileOptions) -> None:
    """Filter one file or stream into another, and report.

    Parameters
    ----------
    source, target : Path or Url
        A target that is a folder gets a file with the source's name.
    recipe : Recipe
    options : FileOptions
    """
    target = in_folder(source, target, options.format)
    if output.is_stream(target):
        output.check_stdout(options.as_json)
    if options.cluster:
        row = _on_cluster(source, target, recipe, options.cluster, overwrite=options.overwrite)
    elif output.is_stream(source) or output.is_stream(target):
        row = _through_stream(source, target, recipe, options)
    else:
        from imgconv.jobs.apply.filter_path import filter_path

        row = filter_path(
            source,
            target,
            recipe,
            format=options.format,
            max_memory=options.max_memory,
            overwrite=options.overwrite,
            in_place=options.in_place,
            threads=options.threads,
            reading=options.reading,
            encoding=options.encoding,
        )
    if not options.quiet:
        _note_options(source, target, recipe, options)
    output.report(
        row, recipe, as_json=options.as_json, verbose=options.verbose, quiet=options.quiet
    )


def in_folder(source: Place, target: Place, format: str | None) -> Place:
    """Return the file that is written: in an existing folder, one with the name of the input."""
    if not isinstance(target, Path) or output.is_stream(target):
        return target
    if not os.path.isdir(target):  # noqa: PTH112 - a name that is too long is no folder
        return target
    if output.is_stream(source) or target.suffix.lower() == ".zarr":
        return target
    from imgconv.io.images.formats import format_for
    from imgconv.io.storage.locations import pure_path

    name = pure_path(source)
    suffix = format_for(format, None).suffixes[0] if format else name.suffix
    return target / f"{name.stem}{suffix}"


def _on_cluster(
    source: Place, target: Place, recipe: Recipe, cluster: str, *, overwrite: bool
) -> Row:
    from imgconv.jobs.apply.zarr_cluster import filter_zarr

    if not (isinstance(source, Path) and isinstance(target, Path)):
        raise ArgumentError(
            "--cluster filters one OME-Zarr folder into another, which all workers see"
        )
    return filter_zarr(source, target, recipe, cluster=cluster, overwrite=overwrite)


def _through_stream(source: Place, target: Place, recipe: Recipe, options: FileOptions) -> Row:
    """Filter where stdin or stdout takes part."""
    from imgconv.io.images.decode import read_file
    from imgconv.io.images.formats import format_for, is_pnm
    from imgconv.io.storage import files
    from imgconv.io.storage.locations import pure_path
    from imgconv.jobs.apply.filter_file import filter_bytes

    to_stdout, from_stdin = output.is_stream(target), output.is_stream(source)
    kind = format_for(options.format, None if to_stdout else pure_path(target))
    if not to_stdout:
        files.check_target(target, overwrite=options.overwrite)
    reading = options.reading
    if is_pnm(kind) and from_stdin and (to_stdout or isinstance(target, Path)):
        from imgconv.jobs.apply.frames import goes_by_frames

        if goes_by_frames(recipe, reading):
            return _frames_of_stdin(None if to_stdout else target, recipe, kind, options)
    encoded, row = filter_bytes(
        output.read_stdin(reading) if from_stdin else read_file(source, reading),
        recipe,
        kind,
        plan=True,
        threads=options.threads,
        reading=reading,
        encoding=options.encoding,
        source="stdin" if from_stdin else str(source),
        target=str(target),
    )
    if to_stdout:
        output.write_stdout(encoded)
    else:
        files.write_whole(target, encoded, overwrite=options.overwrite)
    return row


def _frames_of_stdin(
    target: Place | None, recipe: Recipe, kind: Format, options: FileOptions
) -> Row:
    """Filter pictures one by one as they arrive; without a target they go on to stdout."""
    from imgconv.io.storage import files
    from imgconv.jobs.apply.frames import filter_frames

    def passed_on(data: bytes) -> None:
        output.write_stdout(data)
        output.flush()

    stream = output.stdin()
    with contextlib.ExitStack() as stack:
        write: Callable[[bytes], object] = passed_on
        if isinstance(target, Path):
            whole = files.open_whole(target, overwrite=options.overwrite)
            write = stack.enter_context(whole).write
        return filter_frames(
            stream,
            recipe,
            kind,
            write,
            source="stdin",
            target=str(target or "-"),
            threads=options.threads,
            reading=options.reading,
            encoding=options.encoding,
        )


def _note_options(source: Place, target: Place, recipe: Recipe, options: FileOptions) -> None:
    """Write which options had no effect."""
    from imgconv.cli.notes import about_memory, about_options
    from imgconv.io.images.formats import format_for
    from imgconv.io.storage.locations import pure_path

    folder = not output.is_stream(target) and pure_path(target).suffix.lower() == ".zarr"
    name = None if output.is_stream(target) else pure_path(target)
    kind = None if folder else format_for(options.format, name).name
    converted = pure_path(source).suffix.lower() != pure_path(target).suffix.lower()
    for note in about_options(options.given, recipe, kind, converted=converted):
        output.say(f"Note: {note}")
    if options.max_memory is not None and (exceeded := about_memory(options.max_memory)):
        output.say(f"Note: {exceeded}")
