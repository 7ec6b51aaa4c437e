"""Notes on stderr: what a run did not do, and which option would help this recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from imgconv.model.border import Border
from imgconv.model.output import OutputRange
from imgconv.model.settings import Settings

if TYPE_CHECKING:
    from imgconv.jobs.apply.row import Row
    from imgconv.model.recipe import Recipe

_CLIPPED_BY_A_DERIVATIVE = 0.01
_CLIPPED_BY_OTHERS = 0.1
"""Shares of limited values that are mentioned: sharpening always limits a few."""

_SLACK, _PROGRAM_ITSELF = 1.1, 96 << 20
"""By how much a run in bands may exceed --max-memory, and what the program takes without pixels."""

_OF_WINDOWS = ("padding", "dilation", "convolve", "fuse", "anchor")
_OF_CONVERSION = ("format", "page", "salvage", "strip", "quality", "compression", "subsampling")
_OF_FORMATS = {
    "quality": ("jpeg", "webp", "avif", "heic", "jxl"),
    "subsampling": ("jpeg",),
    "compression": ("png", "tiff"),
}


def about_options(
    options: Mapping[str, Any], recipe: Recipe, format: str | None, *, converted: bool = False
) -> Iterator[str]:
    """Yield a note for each option that has no effect, and for a recipe that does nothing.

    Parameters
    ----------
    options : mapping
        The parameters of a command; None where an option was not given.
    recipe : Recipe
    format : str, optional
        The name of the format that is written, where it is known.
    converted : bool
        Whether the output has another format than the input.
    """
    converts = any(options.get(name) for name in _OF_CONVERSION) or converted
    if not (recipe.steps or converts) and _changes_nothing(recipe.settings):
        yield "no step is given, so the pixels are written unchanged; -k sharpen would sharpen them"
    if options.get("border_value") is not None and recipe.settings.border is not Border.CONSTANT:
        yield "--border-value has no effect without --padding constant"
    if not any(step.extents for step in recipe.steps):
        for name in _OF_WINDOWS:
            if options.get(name):
                yield f"--{name} has no effect without a kernel (-k)"
    for name, formats in _OF_FORMATS.items():
        if options.get(name) is not None and format is not None and format not in formats:
            yield f"--{name} has no effect on {format.upper()}"


def about_memory(limit: int) -> str | None:
    """Return a note where a run took clearly more memory than ``--max-memory`` allows.

    Parameters
    ----------
    limit : int
        In bytes.
    """
    from imgconv.system import memory

    used = memory.peak()
    if used <= limit * _SLACK + _PROGRAM_ITSELF:
        return None
    return (
        f"--max-memory had no effect: {used >> 20} MiB were used, since this picture was filtered "
        "as a whole; TIFF, OME-Zarr and, with pip install 'imgconv[huge]', PNG and JPEG files are "
        "filtered in bands"
    )


def _changes_nothing(settings: Settings) -> bool:
    shared = ("border", "border_value", "dilation", "rounding")
    plain = Settings()
    return settings._replace(**{name: getattr(plain, name) for name in shared}) == plain


def about_index(row: Row, recipe: Recipe) -> str | None:
    """Return a note on a picture of small numbers, with what shows them; None for others."""
    last = recipe.steps[-1] if recipe.steps else None
    if last is None or last.choices is None:
        return None
    import shlex

    seen = f"imgconv apply {shlex.quote(row.target)} seen.png --range rescale"
    if row.target == "-" or row.depth == "f32":
        seen = "--range rescale in a second run"
    return f"Note: the values are 0 to {last.choices - 1}, which look black; {seen} shows them"


def about_clipping(row: Row, recipe: Recipe) -> str | None:
    """Return a note on values that were limited, with what keeps them; None where few were."""
    share = row.clipped_share
    sums = [step for step in recipe.steps if step.makes_sums]
    if not sums or recipe.settings.output_range is not OutputRange.SATURATE:
        return None
    members = sums[-1].members
    single = len(members) == 1
    derivative = single and members[0].sum == 0 and members[0].offset == 0
    if share <= (_CLIPPED_BY_A_DERIVATIVE if derivative else _CLIPPED_BY_OTHERS):
        return None
    said = f"Note: {share:.1%} of the values were clipped to the range of {row.depth}"
    if derivative:
        return f"{said}; --range abs, offset or rescale, or --depth i16 or f32 keeps them"
    if single:
        return f"{said}; --depth i16 or f32 keeps them, in a TIFF"
    return f"{said}; --range rescale or a greater --depth keeps them"
