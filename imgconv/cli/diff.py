"""`imgconv diff`: two pictures, or two folders of pictures."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.limits import HEADING, limit_option, metric_options
from imgconv.cli.options import (
    Command,
    PathOrStream,
    json_option,
    option,
    reading_of,
    reading_options,
    together,
)
from imgconv.cli.preview import is_shown, preview_option, show_pictures
from imgconv.model.errors import ArgumentError
from imgconv.model.tolerance import LIMITS, PRESETS

if TYPE_CHECKING:
    from imgconv.io.storage.locations import Place
    from imgconv.jobs.diff.compare import DiffOptions
    from imgconv.jobs.golden.report_files import ReportFiles
    from imgconv.jobs.golden.result import CaseFinding, CaseReport
    from imgconv.ops.compare.difference import Rectangle

_file = click.Path(path_type=Path)
_MOST_SHOWN = 3
"""Pairs of folders that --preview shows."""

_COMPARING, _REPORTS = "Comparing", "Reports"

tolerance_options = together(
    option("--tolerance", "preset", type=click.Choice(list(PRESETS), case_sensitive=False),
           heading=HEADING,
           help="Preset of the limits; other options change single ones.  [default: exact; any "
           "for other metrics alone]"),
    limit_option("level", "N", "A pixel differs when a channel changed by more than N levels."),
    limit_option("share", "S", "Of the pixels, the share that may differ, 0 to 1."),
    limit_option("limit", "N", "No pixel may differ by more than N levels."),
    limit_option("mean", "N", "The mean of a channel may drift by at most N levels."),
    limit_option("density", "N,W", "At most N pixels may differ in any window of W x W."),
    metric_options,
    option("--alpha", type=click.Choice(["look", "data"], case_sensitive=False), heading=HEADING,
           help="Compare as it looks over black and white, or alpha as a channel.  "
           "[default: look]"),
)  # fmt: skip

comparing_options = together(
    option("--ignore", metavar="ROW,COL,ROWS,COLS", multiple=True, heading=_COMPARING,
           help="A rectangle that does not count. May be repeated."),
    option("--mask", "masks", metavar="FILE", type=_file, multiple=True, heading=_COMPARING,
           help="A picture whose pixels above 0 do not count. May be repeated."),
    option("-j", "--jobs", metavar="N", type=click.IntRange(min=1), heading="Running",
           help="Pairs at a time.  [default: the CPUs of this process]"),
)  # fmt: skip

report_options = together(
    option("--out", metavar="FILE", type=_file, heading=_REPORTS,
           help="Write what differs as a picture: yellow to red, added parts green, removed blue."),
    option("--html", metavar="FILE|DIR", type=_file, heading=_REPORTS,
           help="A page with the pictures, in one file, or a folder where the name has no suffix."),
    option("--junit", metavar="FILE", type=_file, heading=_REPORTS, help="JUnit XML."),
    option("--failures", metavar="DIR", type=_file, heading=_REPORTS,
           help="A folder for expected, actual and difference of all that differ."),
    option("--annotate", type=click.Choice(["auto", "always", "never"]), default="auto",
           show_default=True, heading=_REPORTS,
           help="Annotations of GitHub Actions on stderr; auto: when running there."),
    option("--overwrite", is_flag=True, heading=_REPORTS, help="Replace files that exist."),
    option("-q", "--quiet", is_flag=True, heading="Running",
           help="Write nothing but the exit code."),
    preview_option,
)  # fmt: skip


@click.command(
    "diff",
    cls=Command,
    epilog="Examples:\n\nimgconv diff before.png after.png --out changed.png\n\n"
    "imgconv diff expected/ actual/ --tolerance loose --html report.html\n\n"
    "convert a.png -negate png:- | imgconv diff b.png - --ssim 0.98",
)
@click.argument("a", metavar="A", type=PathOrStream())
@click.argument("b", metavar="B", type=PathOrStream())
@tolerance_options
@comparing_options
@reading_options
@report_options
@json_option
def command(
    a: Place,
    b: Place,
    out: Path | None,
    jobs: int | None,
    annotate: str,
    preview: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> int:
    """Compare two pictures, or two folders by relative path: where they differ, how much, and why.

    A is what is expected. Both may be URLs, and one may be - for stdin. Exit code 0 when they are
    the same, 1 when they differ, 4 when a side cannot be read, 6 when a folder lacks a picture or
    neither has one.
    """
    options, reports = _chosen(given), _reports(given)
    overwrite: bool = given["overwrite"]
    _check(a, b, out, overwrite=overwrite)
    if reports is not None:
        reports.prepare()
    seen: list[CaseFinding] = []
    watchers: list[Callable[[CaseFinding], None]] = []
    if out is not None:
        watchers.append(lambda finding: _draw(finding, out, overwrite=overwrite))
    if preview:
        watchers.append(lambda finding: _keep_first(finding, seen))
    if reports is not None:
        watchers.append(reports.watch)
    report = _compare(a, b, options, jobs, watchers)
    if reports is not None:
        reports.write(report)
    if as_json:
        output.write_json({"a": str(a), "b": str(b), **report.as_dict()})
    elif not quiet:
        output.show(_words(report))
    for finding in seen:
        _preview(finding, alone=len(report.results) == 1)
    _annotate(report, annotate)
    return report.exit_code


def _annotate(report: CaseReport, when: str) -> None:
    """Write annotations for GitHub's workflow logs, where they are wanted."""
    from imgconv.jobs.golden import annotations

    if annotations.wanted(when):
        for line in annotations.annotate(report):
            output.say(line, as_it_is=True)


def _chosen(options: Mapping[str, Any]) -> DiffOptions:
    """Return what is compared, and by which limits."""
    from imgconv.jobs.diff.compare import DiffOptions
    from imgconv.model.tolerance import parse_tolerance

    given = {name: options[name] for name in ("preset", *LIMITS) if options[name] is not None}
    if "density" in given:
        given["density"] = given["density"].split(",")
    if options["salvage"]:
        raise ArgumentError("a damaged picture is not compared", hint="leave out --salvage")
    return DiffOptions(
        parse_tolerance({"alpha": "look", **given}),
        (*map(_rectangle, options["ignore"]), *options["masks"]),
        reading_of(options),
    )


def _rectangle(text: str) -> Rectangle:
    from imgconv.ops.compare.difference import Rectangle

    numbers = text.split(",")
    if len(numbers) != 4 or not all(n.strip().isdecimal() and len(n) < 12 for n in numbers):
        raise ArgumentError(
            f"--ignore {text!r} is not a rectangle", hint="write row,column,rows,columns"
        )
    return Rectangle(*map(int, numbers))


def _reports(options: Mapping[str, Any]) -> ReportFiles | None:
    """Return the reports that are asked for; without them their modules need not be loaded."""
    asked = any(options[name] for name in ("html", "junit", "failures"))
    if not asked and not os.environ.get("GITHUB_STEP_SUMMARY"):
        return None
    from imgconv.jobs.golden.report_files import ReportFiles
    from imgconv.jobs.golden.result import DIFF

    files = {name: options[name] for name in ("html", "junit", "failures", "overwrite")}
    return ReportFiles(**files, wording=DIFF)


def _check(a: Place, b: Place, out: Path | None, *, overwrite: bool) -> None:
    """Check what would only come out after the comparison."""
    from imgconv.io.images.formats import format_for
    from imgconv.io.storage import files

    if output.is_stream(a) and output.is_stream(b):
        raise ArgumentError("only one of A and B can be stdin")
    if out is not None:
        from imgconv.jobs.diff.pairs import is_folder

        if is_folder(a):
            raise ArgumentError(
                "--out is one picture, and these are folders",
                hint="--failures DIR writes the pictures of each pair",
            )
        format_for(None, out)
        files.check_target(out, overwrite=overwrite)


def _compare(
    a: Place,
    b: Place,
    options: DiffOptions,
    jobs: int | None,
    watchers: Sequence[Callable[[CaseFinding], None]],
) -> CaseReport:
    """Compare files, folders or a stream, and hand each finding to all `watchers`."""
    from imgconv.jobs.diff.compare import compare_paths, compare_stream

    def watch(finding: CaseFinding) -> None:
        for watcher in watchers:
            watcher(finding)

    if output.is_stream(a) or output.is_stream(b):
        data = output.read_stdin(options.reading)
        file = b if output.is_stream(a) else a
        return compare_stream(data, file, options, first=output.is_stream(a), watch=watch)
    return compare_paths(a, b, options, jobs=jobs, watch=watch)


def _keep_first(finding: CaseFinding, seen: list[CaseFinding]) -> None:
    """Keep the first findings that differ."""
    if finding.result.exit_code and len(seen) < _MOST_SHOWN:
        seen.append(finding)


def _draw(finding: CaseFinding, path: Path, *, overwrite: bool) -> None:
    from imgconv.io.images.image_files import write_image
    from imgconv.jobs.golden.report_html import views_of

    drawn = [view.image for view in views_of(finding) if view.role == "difference"]
    if not drawn:
        output.say(f"Note: {output.one_line(str(path))} is not written: no difference can be drawn")
        return
    write_image(path, drawn[0], overwrite=overwrite)


def _preview(finding: CaseFinding, *, alone: bool) -> None:
    """Show what was expected, what is there and the difference in the terminal."""
    from imgconv.jobs.golden.report_html import views_of

    if not alone and is_shown():
        output.show(output.one_line(f"{finding.result.name}:"))
    show_pictures([view.image for view in views_of(finding)])


def _words(report: CaseReport) -> str:
    from imgconv.jobs.golden.text_report import describe, describe_result

    if len(report.results) == 1:
        return "\n".join(describe_result(report.results[0], report.wording))
    return describe(report)
