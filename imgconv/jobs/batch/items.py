"""Values of a run: what is the same for every file, one file to filter, and its result."""

from __future__ import annotations

from typing import NamedTuple

from imgconv.io.images.picture import Encoding, Reading
from imgconv.io.storage.base import StagedOutput, Storage
from imgconv.io.storage.files import Content, Identity, Stamp
from imgconv.jobs.batch.manifest import ManifestRow
from imgconv.model.errors import ImgconvError, LimitError
from imgconv.model.recipe import Recipe


class RunSettings(NamedTuple):
    """What is the same for every file of a run.

    Attributes
    ----------
    recipe : Recipe
    recipe_hash : str
    format : str, optional
        Of every output; default what its name says.
    reading : Reading
    encoding : Encoding
    target : Storage
    engine : str
        Versions of imgconv and the codecs, and the engine's name.
    threads : int
        Of the engine, for each picture.
    room : int
        Bytes that a picture may take without asking; 0 for a share of what is free.
    number : int
        Greatest number of a row of earlier runs.
    nonce : str
        Name and text of a note beside the manifests, by which a worker of a cluster proves that it
        sees the same outputs.
    timeout : float, optional
        Seconds that a file may take, where its worker watches that itself.
    """

    recipe: Recipe
    recipe_hash: str
    format: str | None
    reading: Reading
    encoding: Encoding
    target: Storage
    engine: str
    threads: int
    room: int
    number: int = 0
    nonce: str = ""
    timeout: float | None = None


class Check(NamedTuple):
    """What reading an input showed, before it is filtered.

    Attributes
    ----------
    row : ManifestRow
        With the stamp and the hash of the input.
    replace : bool
        Whether the output may replace what has its key.
    expected : Identity, optional
        Of what it replaces; another file is not replaced.
    done : bool
        Whether the output that is there still holds; the row says so.
    """

    row: ManifestRow
    replace: bool = False
    expected: Identity | None = None
    done: bool = False


class Item(NamedTuple):
    """One file to filter.

    Attributes
    ----------
    number : int
    source : str
        Path or URL of the input.
    key, target : str
        Keys of input and output.
    size, mtime_ns : int
    version : str
        Of the input, as it was listed.
    replace : bool
        Whether an output that is there may be replaced, whoever wrote it.
    in_place : bool
    known : ManifestRow, optional
        Of an earlier run.
    known_outputs : tuple of str
        Hashes of outputs of earlier runs, which may be replaced.
    room : int
        Bytes that it may take, where they are more than `RunSettings.room`.
    content : Content, optional
        Of the input, where it was read already.
    checked : Check, optional
        Where it was checked already.
    recipe_hash : str
        Of the recipe and of the mask of this file; default that of the run.
    """

    number: int
    source: str
    key: str
    target: str
    size: int = 0
    mtime_ns: int = 0
    version: str = ""
    replace: bool = False
    in_place: bool = False
    known: ManifestRow | None = None
    known_outputs: tuple[str, ...] = ()
    room: int = 0
    content: Content | None = None
    checked: Check | None = None
    recipe_hash: str = ""


class ItemResult(NamedTuple):
    """What became of an item.

    Attributes
    ----------
    number : int
    row : ManifestRow
    staged : StagedOutput, optional
        The output, which is to be committed.
    replace : bool
        Whether it may replace what has its key.
    expected : Identity, optional
        Of the file that it replaces.
    in_place : bool
    need : int
        Bytes without which the picture cannot be filtered, where they are more than its room;
        then nothing else was done.
    """

    number: int
    row: ManifestRow
    staged: StagedOutput | None = None
    replace: bool = False
    expected: Identity | None = None
    in_place: bool = False
    need: int = 0


def failed(row: ManifestRow, error: Exception, known: ManifestRow | None = None) -> ManifestRow:
    """Return a row with the error that it ended with, and the hint; an output stays known."""
    words = str(error) or type(error).__name__
    if isinstance(error, ImgconvError) and error.hint:
        words = f"{words} ({error.hint})"
    if isinstance(error, MemoryError) and not isinstance(error, ImgconvError):
        words = f"not enough memory: {words}"
    if known is not None:
        row = with_output(row, known.output, known.output_sha256)
    return row._replace(status="failed", error=type(error).__name__, message=words)


def with_output(row: ManifestRow, stamp: Stamp, digest: str) -> ManifestRow:
    """Return a row with its output."""
    return row._replace(
        output_size=stamp.size, output_mtime_ns=stamp.mtime_ns, output_sha256=digest
    )


def mark_of(row: ManifestRow) -> bytes:
    """Return the mark of an output written in place: what was done, and what came of it."""
    return bytes.fromhex(row.recipe + row.output_sha256[:32])


def too_large(item: Item, result: ItemResult, room: int) -> ItemResult:
    """Return the failure of a picture that needs more memory than there is."""
    error = LimitError(
        f"{result.row.source}: filtering it takes some {result.need >> 20} MB, and --max-memory "
        f"leaves {room >> 20} MB for pictures"
    )
    return ItemResult(result.number, failed(result.row, error, item.known))
