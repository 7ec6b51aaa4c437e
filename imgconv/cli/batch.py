"""`imgconv batch`: filter folders of images."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.notes import about_options
from imgconv.cli.options import (
    Command,
    encoding_of,
    encoding_options,
    native_option,
    option,
    reading_of,
    reading_options,
    recipe_of,
    recipe_options,
    together,
)
from imgconv.cli.options_region import selection_options
from imgconv.cli.progress import Progress, progress_for, summary, write_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgconv.jobs.batch.options import BatchOptions
    from imgconv.jobs.batch.report import BatchReport
    from imgconv.model.recipe import Recipe

_file_options = together(
    option("-r", "--recursive", is_flag=True, heading="Files",
           help="Include the subfolders of SRC."),
    option("--from0", is_flag=True, heading="Files",
           help="Read more files from stdin, each ended by a NUL byte (find -print0)."),
    option("--exclude", metavar="PATTERN", multiple=True, heading="Files",
           help="Leave out files and folders of this name ('*_old*', raw), or a path with / "
           "('raw/**/*.png'). May be repeated."),
    option("--name", metavar="TEMPLATE", default="{stem}{ext}", show_default=True, heading="Files",
           help="Names of the outputs; {stem}, {ext} and {kernel} are filled in."),
    option("--shard", metavar="I/N", heading="Files",
           help="Do only part I of N; the names of the files decide which part."),
)  # fmt: skip

_running_options = together(
    reading_options,
    option("--overwrite", is_flag=True, heading="Output",
           help="Replace files in DST that are not from an earlier run."),
    option("--in-place", is_flag=True, heading="Output", help="Allow DST to be SRC itself."),
    option("--assume-new", is_flag=True, heading="Output",
           help="In place, filter files without a record, as if they had never been filtered."),
    option("--backup", metavar="SUFFIX", heading="Output",
           help="In place, keep each old file under its name with this suffix."),
    option("--hard-links", type=click.Choice(["refuse", "split", "keep"]), default="refuse",
           show_default=True, heading="Output",
           help="In place, files with hard links: refuse them, split (replace this name alone) "
           "or keep (replace the content of all names)."),
    option("--format", metavar="NAME", heading="Output",
           help="Write png, jpeg, tiff, webp or another, and suffixes to match."),
    encoding_options,
    option("-j", "--jobs", metavar="N", type=click.IntRange(min=1), heading="Running",
           help="Number of worker processes.  [default: the CPUs of this process]"),
    option("--max-memory", metavar="SIZE", heading="Running",
           help="Limit of the memory of all processes: 800M, 4G.  [default: half of what is free]"),
    native_option,
    option("--cluster", metavar="ADDRESS", heading="Running",
           help="Run on a Dask cluster: the scheduler's address, or local:N for N processes here."),
    option("--fail-fast", is_flag=True, heading="Running", help="Stop at the first failure."),
    option("--max-failures", metavar="N", type=click.IntRange(min=1), heading="Running",
           help="Stop when N files failed."),
    option("--timeout", metavar="SECONDS", type=click.FloatRange(min=0, min_open=True),
           heading="Running", help="Fail a file that takes longer."),
    option("--run-timeout", metavar="SECONDS", type=click.FloatRange(min=0, min_open=True),
           heading="Running", help="Stop the run after this time; the next one does the rest."),
    option("--dry-run", is_flag=True, heading="Running", help="Show what would be done, and stop."),
    option("--json", "as_json", is_flag=True, heading="Running",
           help="Write one event a line as JSON on stdout."),
    option("-q", "--quiet", is_flag=True, heading="Running", help="Report failures only."),
    option("--log", metavar="FILE", type=click.Path(), heading="Running",
           help="Append events to FILE, a line of JSON each."),
)  # fmt: skip


@click.command(
    "batch",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv batch -r photos out -k sharpen\n\n"
    "imgconv batch 'photos/**/*.jpg' out -k blur --name '{stem}_{kernel}{ext}' -j 8\n\n"
    "find photos -newer mark -print0 | imgconv batch --from0 out -k sharpen --quiet\n\n"
    "imgconv batch -r photos out -k sharpen --shard 1/4 --json\n\n"
    "imgconv batch s3://raw s3://done -k sharpen --cluster tcp://scheduler:8786",
)
@click.argument("sources", metavar="SRC...", nargs=-1, type=click.Path())
@click.argument("target", metavar="DST", type=click.Path(), required=False)
@_file_options
@recipe_options
@selection_options
@_running_options
def command(sources: tuple[str, ...], target: str | None, **options: Any) -> int:
    """Filter the pictures SRC (files, folders, quoted patterns, a URL) into the folder DST.

    Folders are mirrored. Running again does only what is left or changed.
    """
    from imgconv.io.config.recipes import format_recipe

    recipe = recipe_of(options)
    if options["print_recipe"]:
        output.show_as_it_is(format_recipe(recipe).rstrip())
        return 0
    if target is not None and options["in_place"] and not (sources or options["from0"]):
        sources = (target,)
    if target is None or not (sources or options["from0"]):
        raise _missing(target)
    if not (options["recursive"] or options["quiet"] or options["as_json"]):
        _name_subfolders(sources)
    how = _batch_options_of(options)
    if options["dry_run"]:
        return _dry_run(sources, target, recipe, how, options["as_json"])
    progress = progress_for(as_json=options["as_json"], quiet=options["quiet"], log=options["log"])
    report = _run(sources, target, recipe, how, progress)
    _summarise(report, as_json=options["as_json"], quiet=options["quiet"])
    if not (options["quiet"] or options["as_json"]):
        output.note_slow_engine()
        for note in about_options(options, recipe, None):
            output.say(f"Note: {note}")
    return 1 if report.failed or report.timed_out else 0


def _missing(target: str | None) -> click.UsageError:
    from imgconv.cli.guesses import UsageSuggestion

    context = click.get_current_context()
    names = "SRC and DST are" if target is None else "DST is"
    return UsageSuggestion(
        f"{names} missing",
        "write: imgconv batch SRC... DST, or: imgconv batch --from0 DST",
        context,
    )


def _name_subfolders(sources: tuple[str, ...]) -> None:
    """Write which folders are not included without ``-r``."""
    for source in sources:
        if os.path.isdir(source):  # noqa: PTH112
            with os.scandir(source) as entries:
                names = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
            if names:
                folders = "subfolder is" if len(names) == 1 else "subfolders are"
                output.say(f"{source}: {len(names)} {folders} not included; -r includes them")


def _batch_options_of(parameters: Mapping[str, Any]) -> BatchOptions:
    """Return the options of a run that the parameters of the command say."""
    from imgconv.jobs.batch.options import BatchOptions

    return BatchOptions(
        recursive=parameters["recursive"],
        listed=tuple(_listed()) if parameters["from0"] else (),
        exclude=parameters["exclude"],
        name=parameters["name"],
        format=parameters["format"],
        jobs=parameters["jobs"],
        max_memory=parameters["max_memory"],
        shard=parameters["shard"],
        overwrite=parameters["overwrite"],
        in_place=parameters["in_place"],
        assume_new=parameters["assume_new"],
        backup=parameters["backup"] or "",
        hard_links=parameters["hard_links"],
        max_failures=1 if parameters["fail_fast"] else parameters["max_failures"],
        timeout=parameters["timeout"],
        run_timeout=parameters["run_timeout"],
        cluster=parameters["cluster"],
        reading=reading_of(parameters),
        encoding=encoding_of(parameters),
    )


def _listed() -> list[str]:
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("--from0 reads a list of files from stdin, which is a terminal")
    return [os.fsdecode(name) for name in sys.stdin.buffer.read().split(b"\0") if name]


def _run(
    sources: tuple[str, ...],
    target: str,
    recipe: Recipe,
    options: BatchOptions,
    progress: Progress,
) -> BatchReport:
    from imgconv.jobs.batch.run import run_batch

    gc.enable()  # a single image does without
    try:
        return run_batch(
            sources, target, recipe, options, on_plan=progress.plan, on_event=progress.event
        )
    finally:
        progress.close()


def _summarise(report: BatchReport, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        write_event("summary", report.as_dict())
    elif not quiet:
        output.say(f"{summary(report)}; {report.manifest}")


def _dry_run(
    sources: tuple[str, ...], target: str, recipe: Recipe, options: BatchOptions, as_json: bool
) -> int:
    from imgconv.jobs.batch.run import plan_batch

    for planned in plan_batch(sources, target, recipe, options):
        if as_json:
            write_event("plan", planned._asdict())
        else:
            reason = f"  ({planned.reason})" if planned.reason else ""
            names = f"{planned.source} -> {planned.target}"
            output.show(output.one_line(f"{planned.action:<9}  {names}{reason}"))
    return 0
