"""Filter one file: the unit of work of every command that writes pictures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

from imgconv.engines.select import select_engine
from imgconv.io import files, images
from imgconv.io.formats import Format
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.ops.run import Outcome, run_recipe


class Row(NamedTuple):
    """What happened to one file.

    Attributes
    ----------
    source, target : str
    shape : tuple of int
        Of the output: rows, columns and, for colour, channels.
    depth : str
    clipped_share : float
        Share of the output's values that were clamped to the range of their type.
    threshold : float, optional
    engine : str
    seconds : float
        For reading, filtering and writing.
    notes : tuple of str
        What fusing did.
    """

    source: str
    target: str
    shape: tuple[int, ...]
    depth: str
    clipped_share: float
    threshold: float | None
    engine: str
    seconds: float
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give the row as plain data."""
        return self._asdict()


def filter_bytes(
    data: bytes,
    recipe: Recipe,
    kind: Format,
    *,
    source: str,
    target: str,
    threads: int | None = None,
) -> tuple[bytes, Row, Outcome]:
    """Decode an image, run a recipe on it and encode the result.

    Returns
    -------
    (bytes, Row, Outcome)
    """
    started = time.perf_counter()
    image = images.decode(data, source, recipe.settings.depth)
    outcome = run_recipe(image, recipe, threads=threads)
    encoded = images.encode(outcome.image, kind, target)
    row = Row(
        source=source,
        target=target,
        shape=outcome.image.shape,
        depth=Depth.of(outcome.image.dtype).value,
        clipped_share=outcome.clipped_share,
        threshold=outcome.threshold,
        engine=select_engine().name,
        seconds=time.perf_counter() - started,
        notes=outcome.notes,
    )
    return encoded, row, outcome


def filter_file(
    source: Path,
    target: Path,
    recipe: Recipe,
    kind: Format,
    *,
    overwrite: bool = False,
    in_place: bool = False,
    threads: int | None = None,
) -> Row:
    """Filter one file into another, which appears whole or not at all.

    Raises
    ------
    ImageReadError, ImageWriteError, ArgumentError
        When it cannot be read, written or filtered.
    """
    files.check_target(target, overwrite=overwrite, source=source, in_place=in_place)
    data = files.read_bytes(source)
    encoded, row, _ = filter_bytes(
        data, recipe, kind, source=str(source), target=str(target), threads=threads
    )
    files.write_whole(target, encoded, overwrite=overwrite or in_place)
    return row
