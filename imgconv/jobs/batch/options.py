"""Options of a run of a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass

from imgconv.io.config.recipe_hash import recipe_hash
from imgconv.io.images.formats import format_for
from imgconv.io.images.picture import Encoding, Reading
from imgconv.io.storage.base import InPlaceRules, Storage, is_picture
from imgconv.io.storage.locations import is_url
from imgconv.jobs.batch.executors.base import Executor
from imgconv.jobs.batch.inputs import Sources
from imgconv.jobs.batch.naming import DEFAULT, NameTemplate, kernel_word
from imgconv.jobs.batch.pairing import Pairing
from imgconv.jobs.batch.shard import Shard
from imgconv.jobs.memory import default_limit, parse_bytes
from imgconv.model.errors import ArgumentError
from imgconv.model.recipe import Recipe

_READING, _ENCODING = Reading(), Encoding()
HARD_LINKS = ("refuse", "split", "keep")


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """How a batch is run, read and written.

    Attributes
    ----------
    recursive : bool, default True
        Whether folders may stand among the sources.
    listed : tuple of str
        More files, by paths that are mirrored as they stand.
    exclude : tuple of str
        Patterns of names or relative paths that are left out.
    name : str
        Template of the outputs' names.
    format : str, optional
        Of every output; default what its name says.
    jobs : int, optional
        How many files at a time; default the CPUs of this process.
    max_memory : str or int, optional
        Bytes, or text such as ``4G``; default half of what is free. On a cluster, for a picture.
    shard : str, optional
        ``i/N``: do only this part.
    overwrite, in_place : bool
        Whether other people's files, and the inputs, may be replaced.
    assume_new : bool
        Whether in place what has neither a row nor a mark is filtered though rows were lost.
    backup : str
        Suffix of the name that a file replaced in place keeps.
    hard_links : str
        ``refuse`` a file with hard links in place, ``split`` it from the others, or ``keep`` them.
    max_failures : int, optional
        Stop when so many files failed.
    timeout : float, optional
        Seconds that a file may take; one that takes longer has failed.
    run_timeout : float, optional
        Seconds after which the run stops; the next one does the rest.
    cluster : str, optional
        Address of a Dask scheduler, or ``local:N`` for N processes here.
    reading : Reading
        Bounds, page and salvaging.
    encoding : Encoding
        Quality, compression and the like.
    """

    recursive: bool = True
    listed: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    name: str = DEFAULT
    format: str | None = None
    jobs: int | None = None
    max_memory: str | int | None = None
    shard: str | None = None
    overwrite: bool = False
    in_place: bool = False
    assume_new: bool = False
    backup: str = ""
    hard_links: str = "refuse"
    max_failures: int | None = None
    timeout: float | None = None
    run_timeout: float | None = None
    cluster: str | None = None
    reading: Reading = _READING
    encoding: Encoding = _ENCODING

    @property
    def shard_suffix(self) -> str:
        """Ending of the names of this shard's manifest and lock."""
        return Shard.parse(self.shard).suffix

    def in_place_rules(self) -> InPlaceRules:
        """Return how inputs are replaced.

        Raises
        ------
        ArgumentError
            For a suffix that is none, or with which the next run would take backups for pictures.
        """
        suffix = self.backup
        if suffix and (
            is_picture(f"a{suffix}") or {"/", os.sep} & set(suffix) or not suffix.isprintable()
        ):
            raise ArgumentError(f"--backup {suffix!r} is not a suffix", hint="write --backup .orig")
        if self.hard_links not in HARD_LINKS:
            raise ArgumentError(f"--hard-links {self.hard_links!r} is not refuse, split or keep")
        return InPlaceRules(suffix, self.hard_links)

    @property
    def memory(self) -> int:
        """Bytes that the run may take."""
        if self.max_memory is None:
            return default_limit()
        return parse_bytes(str(self.max_memory))

    def hash_of(self, recipe: Recipe) -> str:
        """Return the hash of everything that decides what an output is."""
        return recipe_hash(recipe, self.format, self.reading, self.encoding)

    def pairing(self, sources: tuple[str, ...], target: Storage, recipe: Recipe) -> Pairing:
        """Return how inputs are paired with outputs."""
        suffix = format_for(self.format, None).suffixes[0] if self.format else None
        return Pairing(
            sources=Sources(
                names=sources,
                listed=tuple(self.listed),
                recursive=self.recursive or self.cluster is not None,
                exclude=tuple(self.exclude),
            ),
            target=target,
            template=NameTemplate(self.name, kernel_word(recipe), suffix),
            format=self.format,
            in_place=self.in_place,
        )

    def executor(self, sources: tuple[str, ...], target: Storage) -> Executor:
        """Return the executor for these places; one on a cluster is connected then.

        Raises
        ------
        ImgconvError
            When the cluster does not answer or has other versions.
        """
        if self.cluster is not None:
            from imgconv.jobs.batch.executors.dask import DaskExecutor

            return DaskExecutor(
                self.cluster, 0 if self.max_memory is None else self.memory, self.timeout
            )
        if target.is_local and not any(map(is_url, (*sources, *self.listed))):
            from imgconv.jobs.batch.executors.processes import ProcessExecutor

            return ProcessExecutor(self.jobs, self.memory, self.timeout)
        from imgconv.jobs.batch.executors.threads import ThreadExecutor

        return ThreadExecutor(self.jobs, self.memory, self.timeout)
