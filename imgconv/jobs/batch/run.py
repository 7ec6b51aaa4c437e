"""Plan, run, summarise: `filter_folder` and `plan_folder`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any, NamedTuple

from imgconv.io.config.recipes import recipe_from
from imgconv.io.images.picture import check_encoding
from imgconv.io.storage.base import STATE, Storage
from imgconv.io.storage.locations import is_url
from imgconv.io.storage.opening import open_storage
from imgconv.jobs.batch.change_detection import ChangeDetection
from imgconv.jobs.batch.executors.base import Executor
from imgconv.jobs.batch.items import Item, RunSettings
from imgconv.jobs.batch.manifest import Manifest, join_own, manifest_name, read_manifest
from imgconv.jobs.batch.masks import MaskStamps, with_absolute_masks
from imgconv.jobs.batch.options import BatchOptions
from imgconv.jobs.batch.pairing import Pair
from imgconv.jobs.batch.report import BatchReport, Event
from imgconv.jobs.batch.runner import Runner
from imgconv.jobs.batch.shard import Shard
from imgconv.model.errors import ArgumentError
from imgconv.model.recipe import Recipe

PathLike = str | os.PathLike[str]


class PlannedFile(NamedTuple):
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
    """Filter every picture in folders by a recipe, in worker processes or on a cluster.

    Running again does what is left: a file that an earlier run did, and of which neither the input
    nor the recipe nor the versions changed since, is not even read. The rows of the manifest,
    ``.imgconv/manifest.jsonl`` in `target`, say what was done.

    Parameters
    ----------
    sources : path or sequence of path
        Folders, files, patterns and URLs. What lies under a folder is mirrored under `target`.
    target : path
        A folder, which is made if need be, or a URL.
    recipe : Recipe, optional
    on_plan : callable, optional
        Called with the number of files: once before the first of them, or again and again where
        the listing of URLs, or for a cluster, goes on during the run.
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
        When there is nothing to do, or inputs cannot be listed, or outputs cannot be written.
    """
    chosen, how = _parted(recipe, options)
    return run_batch(
        _names(sources), os.fspath(target), chosen, how, on_plan=on_plan, on_event=on_event
    )


def run_batch(
    sources: tuple[str, ...],
    target: str,
    recipe: Recipe,
    options: BatchOptions,
    *,
    on_plan: Callable[[int], None] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> BatchReport:
    """Filter every picture in folders by a recipe (see `filter_folder`)."""
    started = time.perf_counter()
    check_encoding(options.encoding)
    if options.cluster is not None:
        sources, target = tuple(map(_everywhere, sources)), _everywhere(target)
    storage = open_storage(target, options.shard_suffix, options.in_place_rules())
    executor = options.executor(sources, storage)
    try:
        pairs = options.pairing(sources, storage, recipe).pairs(complete=not executor.streams)
        if not executor.streams:
            pairs = iter(list(pairs))
        first = next(pairs)
        report = BatchReport()
        run = _Run(options, recipe, storage, executor, report)
        run.do(chain([first], pairs), on_plan or (lambda _: None), on_event or (lambda _: None))
    finally:
        executor.close()
    report.seconds = time.perf_counter() - started
    return report


def plan_folder(
    sources: PathLike | Sequence[PathLike],
    target: PathLike,
    recipe: Recipe | None = None,
    **options: Any,
) -> list[PlannedFile]:
    """Describe what `filter_folder` would do, and write nothing.

    The versions of imgconv and OpenCV that wrote earlier outputs are taken for those of now.

    Parameters
    ----------
    sources, target, recipe, **options
        As for `filter_folder`.

    Returns
    -------
    list of PlannedFile

    Raises
    ------
    ImgconvError
        As for `filter_folder`.
    """
    chosen, how = _parted(recipe, options)
    return list(plan_batch(_names(sources), os.fspath(target), chosen, how))


def plan_batch(
    sources: tuple[str, ...], target: str, recipe: Recipe, options: BatchOptions
) -> Iterator[PlannedFile]:
    """Describe what `run_batch` would do, and write nothing (see `plan_folder`)."""
    storage = open_storage(target, options.shard_suffix)
    pairs = options.pairing(sources, storage, recipe).pairs(complete=True)
    detection = ChangeDetection(
        manifest=read_manifest(storage),
        target=storage,
        recipe_hash=options.hash_of(recipe),
        masks=MaskStamps(recipe),
        engine=None,
        overwrite=options.overwrite,
    )
    for number, pair in enumerate(_of_shard(list(pairs), options.shard)):
        yield _planned(detection, number, pair)


def _planned(detection: ChangeDetection, number: int, pair: Pair) -> PlannedFile:
    decided = detection.decide(number, pair)
    names = pair.source.path, detection.target.path(pair.target)
    if isinstance(decided, Item):
        return PlannedFile(*names, "filter")
    action = {"ok": "unchanged", "skipped": "skip", "failed": "fail"}[decided.status]
    return PlannedFile(*names, action, decided.message)


def _of_shard(pairs: Iterable[Pair], shard: str | None) -> Iterator[Pair]:
    chosen = Shard.parse(shard)
    return (pair for pair in pairs if chosen.has(pair.source.key))


def _parted(recipe: Recipe | None, options: dict[str, Any]) -> tuple[Recipe, BatchOptions]:
    """Part the options of a recipe from those of a run."""
    known = {field.name for field in fields(BatchOptions)}
    how = {key: value for key, value in options.items() if key in known}
    named = {key.replace("_", "-"): value for key, value in options.items() if key not in known}
    if recipe is not None and named:
        raise ArgumentError("give a recipe or options, not both")
    return recipe or recipe_from(named), BatchOptions(**how)


def _names(sources: PathLike | Sequence[PathLike]) -> tuple[str, ...]:
    listed = [sources] if isinstance(sources, str | os.PathLike) else sources
    return tuple(os.fspath(name) for name in listed)


def _everywhere(place: str) -> str:
    """Return a path that names the same place on every machine that sees it."""
    return place if is_url(place) else os.path.abspath(place)  # noqa: PTH100


class _Run(NamedTuple):
    """What one run is made of."""

    options: BatchOptions
    recipe: Recipe
    storage: Storage
    executor: Executor
    report: BatchReport

    def do(
        self,
        pairs: Iterable[Pair],
        on_plan: Callable[[int], None],
        on_event: Callable[[Event], None],
    ) -> None:
        """Do what is left of the pairs, while no other run may write there."""
        count = None
        wanted: Iterable[Pair] = _of_shard(pairs, self.options.shard)
        if not self.executor.streams:
            wanted = list(wanted)
            count = self.report.total = len(wanted)
            on_plan(count)
            if not count:
                return
        name = manifest_name(self.storage.shard_suffix)
        self.report.manifest = f"{self.storage.root}/{STATE}/{name}"
        with self.storage.exclusive():
            try:
                self.executor.start(count)
                superseded = self._process(wanted, on_plan, on_event)
            finally:
                self.executor.close()  # before what workers had staged is removed
                self.report.replaced_workers = self.executor.replaced
                self.report.excluded_workers = self.executor.excluded
            if superseded or self.executor.streams:
                join_own(self.storage, complete=self.options.assume_new and not self.report.stopped)

    def _process(
        self,
        pairs: Iterable[Pair],
        on_plan: Callable[[int], None],
        on_event: Callable[[Event], None],
    ) -> bool:
        """Process pairs; return whether the manifest has rows that newer ones replace."""
        manifest = read_manifest(self.storage)
        detection = ChangeDetection(
            manifest=manifest,
            target=self.storage,
            recipe_hash=self.options.hash_of(self.recipe),
            masks=MaskStamps(self.recipe),
            engine=self.executor.engine(),
            overwrite=self.options.overwrite,
            proven=self._is_proven(manifest),
        )
        if isinstance(pairs, list):
            for pair in pairs:
                detection.check_proof(pair)
        name = manifest_name(self.storage.shard_suffix)
        log = self.storage.open_log(name, manifest.number)
        try:
            limits = self.options.max_failures, self.options.run_timeout
            runner = Runner(self.executor, detection, log, self.report, on_event, *limits)
            settings = RunSettings(
                recipe=with_absolute_masks(self.recipe) if self.options.cluster else self.recipe,
                recipe_hash=detection.recipe_hash,
                format=self.options.format,
                reading=self.options.reading,
                encoding=self.options.encoding,
                target=self.storage,
                engine=detection.engine or "",
                threads=1,
                room=0,
                number=manifest.number,
            )
            runner.run(self.executor.settings(settings), pairs, on_plan)
            log.check()
        finally:
            log.close()
        return runner.superseded

    def _is_proven(self, manifest: Manifest) -> bool:
        """Return whether in place a file without a row is one that was not filtered before.

        It is where no row was lost. Without any manifest the marks of outputs must show it, so the
        storage has to keep marks.
        """
        if not self.options.in_place or self.options.assume_new:
            return True
        if manifest.lost:
            return False
        return bool(manifest.manifests) or self.storage.keeps_marks()
