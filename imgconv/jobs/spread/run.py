"""Run a recipe over a folder or a URL, spread over threads or a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from imgconv.engines.cpus import usable_cpus
from imgconv.io.config.recipe_hash import recipe_hash
from imgconv.io.images.formats import format_for
from imgconv.io.storage.output_tree import STATE, OutputTree
from imgconv.io.storage.store import FolderStore, Store, is_below, open_store
from imgconv.jobs.batch.audit import merge_manifests
from imgconv.jobs.batch.naming import NameTemplate
from imgconv.jobs.batch.pairing import Shard
from imgconv.jobs.batch.report import BatchReport, Event
from imgconv.jobs.batch.versions import versions
from imgconv.jobs.spread.crews import Crew, DaskCrew, Threads
from imgconv.jobs.spread.options import SpreadOptions
from imgconv.jobs.spread.planning import Planner, known_rows
from imgconv.jobs.spread.portion import Plan
from imgconv.model.errors import ArgumentError, NothingMatchedError
from imgconv.model.recipe import Recipe


def spread(
    source: str,
    target: str,
    recipe: Recipe,
    options: SpreadOptions,
    *,
    on_plan: Callable[[int], None] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> BatchReport:
    """Do to every picture below a folder or a URL what a recipe says.

    Each picture is done at least once, and its output can be seen once: it appears whole, and a
    second time it is the same. Rows are written a portion at a time, so a run that ends early has
    rows for all but the last portions; running again does what is left.

    Parameters
    ----------
    source, target : str
        A folder that all workers see, or a URL.
    recipe : Recipe
    options : SpreadOptions
    on_plan : callable, optional
        Called with the number of pictures so far, as the listing goes on.
    on_event : callable, optional
        Called with an `Event` for each picture.

    Returns
    -------
    BatchReport

    Raises
    ------
    ImgconvError
        When there is nothing to do, the cluster cannot work, or manifests cannot be written.
    """
    started = time.perf_counter()
    report = BatchReport(manifest=f"{target}/{STATE}")
    crew: Crew = DaskCrew(options.cluster) if options.cluster else Threads(_jobs(options))
    with closing(crew):
        planner = _planner(source, target, recipe, options)
        # Nobody works any more when what is left there is cleared away.
        with _kept_apart(planner.plan.target), closing(crew):
            _conduct(crew, planner, report, options.max_failures, on_plan, on_event)
    if not planner.total:
        raise NothingMatchedError(f"no pictures were found in {source}")
    if isinstance(planner.plan.target, FolderStore):
        merge_manifests(target)
    report.seconds = time.perf_counter() - started
    return report


@contextmanager
def _kept_apart(target: Store) -> Iterator[None]:
    """Keep other runs out of a folder, and clear away what killed workers leave there."""
    if not isinstance(target, FolderStore):
        yield
        return
    tree = OutputTree(target.root, target.share)
    with tree.open():
        try:
            yield
        finally:
            tree.close()


def _jobs(options: SpreadOptions) -> int:
    return options.jobs or usable_cpus()


def _planner(source: str, target: str, recipe: Recipe, options: SpreadOptions) -> Planner:
    suffix = format_for(options.format, None).suffixes[0] if options.format else None
    template = NameTemplate(options.name, recipe.kernels, suffix)
    shard = Shard.parse(options.shard) if options.shard else Shard()
    stores = open_store(source), open_store(target, str(shard))
    if is_below(stores[1], stores[0]):
        raise ArgumentError(
            f"{target} lies in {source}: the next run would take outputs for inputs",
            hint="choose a place outside of it",
        )
    plan = Plan(
        *stores,
        recipe,
        recipe_hash(recipe, options.format, options.reading, options.encoding),
        options.format,
        options.overwrite,
        versions(),
        threads=1,
        reading=options.reading,
        encoding=options.encoding,
    )
    return Planner(plan, template, shard, known_rows(stores[1]))


def _conduct(
    crew: Crew,
    planner: Planner,
    report: BatchReport,
    max_failures: int | None,
    on_plan: Callable[[int], None] | None,
    on_event: Callable[[Event], None] | None,
) -> None:
    for rows in crew.run(planner.portions()):
        for entry in rows:
            event = Event(entry.status, entry)
            report.count(event)
            if on_event:
                on_event(event)
        report.total, report.skipped = planner.total, planner.skipped
        if on_plan:
            on_plan(planner.total)
        if max_failures is not None and report.failed >= max_failures:
            break
    report.total, report.skipped = planner.total, planner.skipped
    report.stopped = report.done < report.total
