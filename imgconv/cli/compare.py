"""`imgconv compare`: our result against cv2.filter2D's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from imgconv.cli import output
from imgconv.cli.limits import HEADING, metric_options
from imgconv.cli.options import (
    Command,
    json_option,
    open_bank,
    option,
    path_argument,
    quiet_option,
    read_source,
    reading_of,
    reading_options,
    recipe_of,
    recipe_options,
    show_option,
    threads_option,
)
from imgconv.cli.options_region import masks_of, selection_options
from imgconv.cli.preview import preview_option, show_pictures
from imgconv.model.errors import ArgumentError, ImgconvError
from imgconv.model.tolerance import METRICS, parse_tolerance

if TYPE_CHECKING:
    from imgconv.io.images.picture import Reading
    from imgconv.model.recipe import Recipe
    from imgconv.model.tolerance import ToleranceSpec
    from imgconv.ops.compare.compare import Comparison
    from imgconv.ops.regions.masks import Masks


class _Tolerance(click.FloatRange):
    """A finite number."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Refuse NaN and infinity, which no difference can be held against."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class _Options(NamedTuple):
    """What is compared beside the recipe, and where it is shown."""

    reading: Reading
    against: str
    tolerance: float | ToleranceSpec | None
    threads: int | None
    banks: tuple[Path, ...]
    diff: Path | None
    report: Path | None
    overwrite: bool
    preview: bool
    show: bool
    as_json: bool
    quiet: bool

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> _Options:
        """Return the options that the parameters of the command say."""
        same = {name: given[name] for name in cls._fields if name in given}
        return cls(**{**same, "reading": reading_of(given), "tolerance": _limits(given)})

    def compare(self, image: Any, recipe: Recipe, masks: Masks) -> Comparison:
        """Compare, loading what that needs only now."""
        from imgconv.ops.compare.compare import compare

        return compare(
            image,
            recipe,
            masks=masks,
            against=self.against,
            tolerance=self.tolerance,
            threads=self.threads,
        )


def _limits(given: Mapping[str, Any]) -> float | ToleranceSpec | None:
    """Return the greatest difference that passes, or limits of several metrics."""
    metrics = {name: given[name] for name in (*METRICS, "antialias") if given[name] is not None}
    if not metrics:
        limit: float | None = given["tolerance"]
        return limit
    if given["tolerance"] is not None:
        metrics["limit"] = given["tolerance"]
    return parse_tolerance({"preset": "any", **metrics})


@click.command(
    "compare",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv compare photo.jpg --gray -k small_blur --padding replicate\n\n"
    "imgconv compare photo.jpg --gray -k small_blur --against naive --diff diff.png\n\n"
    "imgconv compare photo.jpg --gray -k laplacian_9 --report compare.html\n\n"
    "imgconv compare photo.jpg --gray --all",
)
@click.argument("source", metavar="IN", type=path_argument)
@recipe_options
@selection_options
@reading_options
@option(
    "--against",
    type=click.Choice(["opencv", "naive"], case_sensitive=False),
    default="opencv",
    show_default=True,
    heading="Comparing",
    help="cv2.filter2D, or the loop of many tutorials, which truncates.",
)
@option(
    "--tolerance",
    type=_Tolerance(min=0),
    metavar="LEVELS",
    heading=HEADING,
    help="Greatest difference that passes.  [default: 1; float images: 1e-5 of full scale; any "
    "with limits of other metrics]",
)
@metric_options
@option(
    "--all",
    "whole_bank",
    is_flag=True,
    heading="Comparing",
    help="Compare every kernel of the bank, as a table.",
)
@option(
    "--diff",
    type=click.Path(path_type=Path),
    metavar="FILE",
    heading="Comparing",
    help="Write the absolute difference as a picture, the greatest one white.",
)
@option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    heading="Comparing",
    help="Write a page with the original, both results and their difference, in one file.",
)
@option("--overwrite", is_flag=True, heading="Comparing", help="Replace FILE if it exists.")
@show_option
@preview_option
@threads_option
@json_option
@quiet_option
def command(source: Path, whole_bank: bool, print_recipe: bool, **given: Any) -> int:
    """Run a recipe on IN here and through cv2.filter2D, and say how and why they differ.

    Exit code 0 when the results are within the tolerance, 1 when not.
    """
    from imgconv.io.config.recipes import format_recipe

    recipe = recipe_of(given)
    if print_recipe:
        output.show_as_it_is(format_recipe(recipe).rstrip())
        return 0
    options = _Options.of(given)
    if whole_bank:
        return _compare_bank(source, recipe, options)
    _check_targets(source, options)
    image = read_source(source, recipe, options.reading)
    comparison = options.compare(image, recipe, masks_of(source, recipe))
    if options.as_json:
        output.write_json({**comparison.as_dict(), "recipe": format_recipe(recipe)})
    elif not options.quiet:
        output.show(describe(comparison))
    if options.diff:
        _write_difference(
            comparison, options.diff, overwrite=options.overwrite, quiet=options.quiet
        )
    if options.report:
        from imgconv.jobs.reports.compare_page import write_page

        words = describe(comparison).splitlines()
        write_page(options.report, image, comparison, words, overwrite=options.overwrite)
    if options.preview:
        _preview(image, comparison)
    if options.show:
        show(image, comparison)
    return 0 if comparison.within_tolerance else 1


def _check_targets(source: Path, options: _Options) -> None:
    from imgconv.io.storage import files

    for path in filter(None, (options.diff, options.report)):
        files.check_target(path, overwrite=options.overwrite, source=source)
    if options.show:
        from imgconv.io.images.window import check_display

        check_display()


def _name_of_peer(comparison: Comparison) -> str:
    return " and ".join(comparison.calls) if comparison.against == "opencv" else "the script"


def show(image: Any, comparison: Comparison) -> None:
    """Show the original and both results in windows."""
    from imgconv.io.images.window import show as show_windows

    theirs = _name_of_peer(comparison)
    show_windows({"original": image, "imgconv": comparison.ours, theirs: comparison.theirs})


def _preview(image: Any, comparison: Comparison) -> None:
    """Show the original, both results and their difference in the terminal."""
    from imgconv.ops.draw.view import highlight

    ours, theirs = comparison.ours, comparison.theirs
    show_pictures([image, theirs, ours, highlight(theirs, ours)])


def one_line(comparison: Comparison) -> str:
    """Describe in one line how the results stand."""
    d = comparison.difference
    name = _name_of_peer(comparison)
    if not name:
        return f"nothing to compare with ({'; '.join(comparison.notes)})"
    if d.equal == d.pixels:
        return f"equal to {name} at all {d.pixels} pixels"
    why = ", ".join(f"{cause.name} {cause.pixels}" for cause in comparison.causes)
    return (
        f"differs from {name} at {d.pixels - d.equal} of {d.pixels} pixels, "
        f"by at most {d.max_abs_diff:g} ({why})"
    )


def describe(comparison: Comparison) -> str:
    """Describe in full how the results stand."""
    d = comparison.difference
    psnr = "infinite" if d.psnr is None else f"{d.psnr:.2f} dB"
    ssim = "not defined below 7 x 7" if d.ssim is None else f"{d.ssim:.6f}"
    at = "" if d.max_at is None else f" at row {d.max_at[0]}, column {d.max_at[1]}"
    rows = [
        ("equal pixels", f"{d.equal} of {d.pixels} ({d.equal / d.pixels:.4%})"),
        ("greatest difference", f"{d.max_abs_diff:g}{at}"),
        ("mean difference", f"{d.mean_abs_diff:.6g}"),
        ("RMSE, PSNR, SSIM", f"{d.rmse:.6g}, {psnr}, {ssim}"),
        ("border", f"{d.border.equal} of {d.border.pixels} equal, max {d.border.max_abs_diff:g}"),
        ("inside", f"{d.interior.equal} of {d.interior.pixels} equal, "
                   f"max {d.interior.max_abs_diff:g}"),
        ("time", f"imgconv {comparison.seconds * 1000:.1f} ms, {_name_of_peer(comparison)} "
                 f"{comparison.seconds_theirs * 1000:.1f} ms"),
    ]  # fmt: skip
    lines = [f"OpenCV {comparison.opencv}: {one_line(comparison)}"]
    if not _name_of_peer(comparison):
        return lines[0]
    lines += [f"  {name:<20} {value}" for name, value in rows]
    lines += [f"  why: {c.name}, {c.pixels} pixels ({c.evidence})" for c in comparison.causes]
    lines += [f"  note: {note}" for note in comparison.notes]
    return "\n".join([*lines, f"  {_verdict(comparison)}"])


def _verdict(comparison: Comparison) -> str:
    """Return whether the limits are kept; of metrics their values, or what is broken."""
    verdict = "within" if comparison.within_tolerance else "NOT within"
    if not comparison.metrics:
        limit = comparison.tolerance
        named = f"the tolerance of {limit:g}" if math.isfinite(limit) else "the tolerance"
        return f"{verdict} {named}"
    values = [f"{METRICS[name]} is {value:.6g}" for name, value in comparison.metrics.items()]
    return f"{verdict} the limits: {'; '.join(comparison.broken or values)}"


def _compare_bank(source: Path, recipe: Recipe, options: _Options) -> int:
    if recipe.kernels or options.diff or options.report or options.show:
        raise ArgumentError(
            "--all compares every kernel; it goes without -k, --diff, --report and --show"
        )
    image = read_source(source, recipe, options.reading)
    masks = masks_of(source, recipe)
    bank = open_bank(options.banks)
    rows: list[dict[str, Any]] = []
    if not options.as_json:
        output.show(_TABLE_HEAD)
    for name, step in bank.items():
        if not step.makes_sums:
            continue
        row = _bank_row(image, recipe.with_kernels([step]), name, options, masks)
        rows.append(row)
        if not options.as_json:
            output.show(_table_line(row))
    passed = sum(bool(row.get("within_tolerance")) for row in rows)
    refused = sum("refused" in row for row in rows)
    summary = f"{passed} of {len(rows) - refused} kernels within the tolerance"
    if options.as_json:
        output.write_json({"source": str(source), "kernels": rows, "passed": passed})
    else:
        output.show(summary + (f", {refused} not possible there" if refused else ""))
    return 0 if passed + refused == len(rows) else 1


def _bank_row(
    image: Any, recipe: Recipe, name: str, options: _Options, masks: Masks
) -> dict[str, Any]:
    try:
        return {"name": name, **options.compare(image, recipe, masks).as_dict()}
    except ImgconvError as error:
        if options.against == "opencv":
            raise
        return {"name": name, "refused": str(error)}


_TABLE_HEAD = f"{'kernel':<24}{'differ':>10}{'max':>6}{'PSNR':>8}{'imgconv':>9}{'OpenCV':>8}  why"


def _table_line(row: dict[str, Any]) -> str:
    if "refused" in row:
        return f"{row['name']:<24}{row['refused']}"
    psnr = "inf" if row["psnr"] is None else f"{row['psnr']:.1f}"
    differ = row["pixels"] - row["equal"]
    why = ", ".join(f"{cause['name']} {cause['pixels']}" for cause in row["causes"])
    times = f"{row['seconds'] * 1000:>9.1f}{row['seconds_theirs'] * 1000:>8.1f}"
    line = f"{row['name']:<24}{differ:>10}{row['max_abs_diff']:>6.3g}{psnr:>8}{times}  {why}"
    return line.rstrip()


def _write_difference(comparison: Comparison, path: Path, *, overwrite: bool, quiet: bool) -> None:
    from imgconv.io.images.image_files import write_image
    from imgconv.ops.compare.compare import difference_picture

    picture, factor = difference_picture(comparison)
    write_image(path, picture, overwrite=overwrite)
    if not quiet:
        output.say(f"{path}: absolute difference times {factor:g}")
