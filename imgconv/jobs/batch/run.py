"""Plan, run, summarise: `filter_folder` and what it is made of."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from imgconv.engines.cpus import usable_cpus
from imgconv.io.config.recipe_hash import recipe_hash
from imgconv.io.config.recipes import recipe_from
from imgconv.io.images.formats import format_for
from imgconv.io.images.picture import Encoding, Reading, check_encoding
from imgconv.io.storage.json_lines import JsonLines
from imgconv.io.storage.locations import is_url
from imgconv.io.storage.output_tree import OutputTree
from imgconv.jobs.batch import memory
from imgconv.jobs.batch.conduct import Conductor
from imgconv.jobs.batch.manifest import Manifest, compact, manifest_path, manifest_paths
from imgconv.jobs.batch.naming import DEFAULT, NameTemplate
from imgconv.jobs.batch.pairing import Pair, Shard, Sources, make_plan
from imgconv.jobs.batch.protocol import Task, Work
from imgconv.jobs.batch.report import BatchReport, Event
from imgconv.jobs.batch.resume import Resume
from imgconv.jobs.batch.supervisor import Pool
from imgconv.jobs.memory import default_limit, parse_bytes
from imgconv.jobs.spread.options import SpreadOptions
from imgconv.model.errors import ArgumentError
from imgconv.model.recipe import Recipe

PathLike = str | os.PathLike[str]


class BatchOptions(NamedTuple):
    """How a batch is run, read and written.

    Attributes
    ----------
    recursive : bool, default True
        Whether folders may stand among the sources.
    listed : iterable of str
        More files, by paths that are mirrored as they stand.
    name : str
        Template of the outputs' names.
    format : str, optional
        Of every output; default what its name says.
    jobs : int, optional
        How many files at a time; default the CPUs of this process.
    max_memory : str or int, optional
        Bytes, or text such as ``4G``; default half of what is free.
    shard : str, optional
        ``i/N``: do only this part.
    overwrite, in_place : bool
        Whether other people's files, and the inputs, may be replaced.
    max_failures : int, optional
        Stop when so many files failed.
    cluster : str, optional
        Address of a Dask scheduler, or ``local:N`` for N processes here.
    reading : Reading
        Bounds, page and salvaging.
    encoding : Encoding
        Quality, compression and the like.
    """

    recursive: bool = True
    listed: Iterable[str] = ()
    name: str = DEFAULT
    format: str | None = None
    jobs: int | None = None
    max_memory: str | int | None = None
    shard: str | None = None
    overwrite: bool = False
    in_place: bool = False
    max_failures: int | None = None
    cluster: str | None = None
    reading: Reading = Reading()
    encoding: Encoding = Encoding()

    def is_spread(self, sources: Sequence[str], target: str) -> bool:
        """Return whether the work is beyond this machine: on a cluster, or behind URLs."""
        return self.cluster is not None or any(is_url(name) for name in (*sources, target))

    def spread(self) -> SpreadOptions:
        """Return what a spread run takes of this.

        Raises
        ------
        ArgumentError
            For what only folders of this machine have.
        """
        for name, given in (
            ("from0", self.listed),
            ("in-place", self.in_place),
            ("max-memory", self.max_memory),
        ):
            if given:
                raise ArgumentError(
                    f"--{name} is for folders of this machine, not for URLs and clusters"
                )
        shared = SpreadOptions._fields
        return SpreadOptions(**{key: getattr(self, key) for key in shared})

    def plan(self, sources: Sequence[str], target: str, recipe: Recipe) -> list[Pair]:
        """Pair every input of this shard with its output (see `make_plan`)."""
        shard = Shard.parse(self.shard) if self.shard else Shard()
        suffix = format_for(self.format, None).suffixes[0] if self.format else None
        template = NameTemplate(self.name, recipe.kernels, suffix)
        found = Sources(sources, self.listed, self.recursive)
        pairs = make_plan(found, target, template, self.format, in_place=self.in_place)
        return [pair for pair in pairs if shard.has(pair.source.key)]

    @property
    def memory(self) -> int:
        """How many bytes the run may take."""
        if self.max_memory is None:
            return default_limit()
        return parse_bytes(str(self.max_memory))

    def hashed(self, recipe: Recipe) -> str:
        """Return the hash of all that decides what an output is."""
        return recipe_hash(recipe, self.format, self.reading, self.encoding)

    @property
    def share(self) -> str:
        """What the names of this shard's own files end with."""
        return str(Shard.parse(self.shard)) if self.shard else ""


class Planned(NamedTuple):
    """What a run would do with one file.

    Attributes
    ----------
    source, target : str
    action : str
        filter, unchanged, skip or fail.
    reason : str
        For skip and fail.
    """

    source: str
    target: str
    action: str
    reason: str = ""


def filter_folder(
    sources: PathLike | Sequence[PathLike],
    target: PathLike,
    recipe: Recipe | None = None,
    *,
    on_plan: Callable[[int], None] | None = None,
    on_event: Callable[[Event], None] | None = None,
    **options: Any,
) -> BatchReport:
    """Do to every picture in folders what a recipe says, in worker processes.

    Running again does what is left: a file that an earlier run did, and of which neither the input
    nor the recipe nor the versions changed since, is not even read. The rows of the manifest,
    ``.imgconv/manifest.jsonl`` in `target`, say what was done.

    Parameters
    ----------
    sources : path or sequence of path
        Folders, files and patterns. What lies under a folder is mirrored under `target`. For
        URLs, and on a cluster, one folder or URL.
    target : path
        A folder, which is made if need be, or a URL.
    recipe : Recipe, optional
    on_plan : callable, optional
        Called once with the number of files.
    on_event : callable, optional
        Called with an `Event` for each file.
    **options
        The fields of `BatchOptions` and, in place of `recipe`, its keys with ``_`` for ``-``.

    Returns
    -------
    BatchReport
        A file that fails is counted there, and nothing is raised.

    Raises
    ------
    ImgconvError
        When there is nothing to do, outputs would collide, or the folder cannot be written.
    """
    started = time.perf_counter()
    chosen, how = _parted(recipe, options)
    root = os.fspath(target)
    names = _names(sources)
    if how.is_spread(names, root):
        return _spread(names, root, chosen, how.spread(), on_plan, on_event)
    pairs = how.plan(names, root, chosen)
    report = BatchReport(total=len(pairs))
    if on_plan:
        on_plan(len(pairs))
    if pairs:
        _run(how, root, chosen, pairs, report, on_event or (lambda _: None))
    report.seconds = time.perf_counter() - started
    return report


def plan_folder(
    sources: PathLike | Sequence[PathLike],
    target: PathLike,
    recipe: Recipe | None = None,
    **options: Any,
) -> list[Planned]:
    """Describe what `filter_folder` would do, and write nothing.

    The versions of imgconv and OpenCV that wrote earlier outputs are taken for those of now.

    Parameters
    ----------
    sources, target, recipe, **options
        As for `filter_folder`.

    Returns
    -------
    list of Planned

    Raises
    ------
    ImgconvError
        As for `filter_folder`.
    """
    chosen, how = _parted(recipe, options)
    root = os.fspath(target)
    names = _names(sources)
    if how.is_spread(names, root):
        raise ArgumentError("a plan is made for folders of this machine, not for URLs and clusters")
    pairs = how.plan(names, root, chosen)
    tree = OutputTree(root, how.share)
    known = Manifest(manifest_paths(tree.state, how.share))
    resume = Resume(known, tree, how.hashed(chosen), None, how.overwrite)
    return [_planned(resume, number, pair) for number, pair in enumerate(pairs)]


def _spread(
    names: list[str],
    root: str,
    recipe: Recipe,
    options: SpreadOptions,
    on_plan: Callable[[int], None] | None,
    on_event: Callable[[Event], None] | None,
) -> BatchReport:
    from imgconv.jobs.spread.run import spread

    if len(names) != 1:
        raise ArgumentError(
            f"one SRC is taken for URLs and clusters, not {len(names)}",
            hint="give the folder, or run them one after the other",
        )
    return spread(names[0], root, recipe, options, on_plan=on_plan, on_event=on_event)


def _planned(resume: Resume, number: int, pair: Pair) -> Planned:
    decided = resume.decide(number, pair)
    names = pair.source.path, resume.tree.path(pair.target)
    if isinstance(decided, Task):
        return Planned(*names, "filter")
    action = {"ok": "unchanged", "skipped": "skip", "failed": "fail"}[decided.status]
    return Planned(*names, action, decided.message)


def _parted(recipe: Recipe | None, options: dict[str, Any]) -> tuple[Recipe, BatchOptions]:
    """Part the options of a recipe from those of a run."""
    how = {key: value for key, value in options.items() if key in BatchOptions._fields}
    named = {key.replace("_", "-"): value for key, value in options.items() if key not in how}
    if recipe is not None and named:
        raise ArgumentError("give a recipe or options, not both")
    chosen = BatchOptions(**how)
    check_encoding(chosen.encoding)
    return recipe or recipe_from(named), chosen


def _names(sources: PathLike | Sequence[PathLike]) -> list[str]:
    listed = [sources] if isinstance(sources, str | os.PathLike) else sources
    return [os.fspath(name) for name in listed]


def _run(
    options: BatchOptions,
    root: str,
    recipe: Recipe,
    pairs: list[Pair],
    report: BatchReport,
    on_event: Callable[[Event], None],
) -> None:
    jobs = options.jobs or usable_cpus()
    workers, bound = memory.budget(options.memory, min(jobs, len(pairs)))
    tree = OutputTree(root, options.share)
    path = manifest_path(tree.state, options.share)
    report.manifest = str(path)
    with tree.open():
        log = JsonLines(path)
        pool = Pool(workers, bound)
        try:
            known = Manifest(manifest_paths(tree.state, options.share))
            hashed = options.hashed(recipe)
            resume = Resume(known, tree, hashed, pool.engine(), options.overwrite)
            limit = options.max_failures
            conductor = Conductor(pool, resume, log, report, on_event, limit)
            threads = max(1, jobs // workers)
            place = root, options.share, threads, pool.usual
            files = options.reading, options.encoding
            work = Work(recipe, hashed, options.format, *place, *files)
            conductor.run(work, pairs)
        finally:
            pool.close()
            log.close()
            tree.close()
            report.replaced_workers = pool.deaths
        if conductor.superseded:
            compact(path)
