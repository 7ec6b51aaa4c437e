"""Recover a recipe from two pictures: names from the bank, files in and out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from imgconv.io.config.recipes import format_recipe
from imgconv.io.images.image_files import read_picture
from imgconv.io.images.picture import Reading
from imgconv.io.kernels.bank import KernelBank
from imgconv.io.kernels.spec import load_step
from imgconv.io.storage.files import check_target, write_whole
from imgconv.ops.image import Image
from imgconv.ops.recover.result import Compressed, Known, Recovery
from imgconv.ops.recover.search import search

BUDGET = 10.0
"""Seconds of a search, unless another number is given."""
_POPULAR = (
    *(f"box:size={size}" for size in (5, 7, 9)),
    *(f"gaussian:sigma={sigma}" for sigma in ("0.5", "0.8", "1.4", "1.5", "2", "3")),
    *(f"median:size={size}" for size in (5, 7, 9)),
    *(f"unsharp:sigma={sigma},amount=1" for sigma in ("2", "3")),
)
_PLAIN = Reading()
_LEAST_SHOWN, _MOST_SHOWN = 3, 7
_Row = Sequence[tuple[float, float]]


def known_steps(bank: KernelBank | None = None) -> list[Known]:
    """Return every entry of a bank, and parameters of its generators that are often used."""
    return list(_known(bank or KernelBank.standard()))


def _known(bank: KernelBank) -> Iterator[Known]:
    for name in bank:
        yield Known(name, bank[name])
    for spec in _POPULAR:
        yield Known(spec, load_step(spec, bank))


def recover_files(
    before: str | os.PathLike[str],
    after: str | os.PathLike[str],
    *,
    budget: float = BUDGET,
    reading: Reading = _PLAIN,
    bank: KernelBank | None = None,
) -> Recovery:
    """Find the recipe that made one file from another, of the first page of each.

    Raises
    ------
    ImgconvError
        When a file cannot be read, or nothing plausible was found.
    """
    pages = [read_picture(path, reading=reading).pages[0] for path in (before, after)]
    return recover_images(pages[0], pages[1], budget=budget, bank=bank)


def recover_images(
    before: Image, after: Image, *, budget: float = BUDGET, bank: KernelBank | None = None
) -> Recovery:
    """Find the recipe that made one image from another.

    Raises
    ------
    ArgumentError
        For a budget that is not positive, or an array that is no image.
    NothingMatchedError
        When nothing plausible was found; the message says why.
    """
    bank = bank or KernelBank.standard()
    return search(before, after, known_steps(bank), lambda spec: load_step(spec, bank), budget)


def write_recipe(path: Path, recovery: Recovery, *, overwrite: bool = False) -> None:
    """Write the recipe as YAML that ``imgconv apply --recipe`` reads.

    Raises
    ------
    ImageWriteError
        When the file exists, unless it may be replaced, or cannot be written.
    """
    check_target(path, overwrite=overwrite)
    write_whole(path, format_recipe(recovery.recipe).encode(), overwrite=overwrite)


def as_dict(recovery: Recovery) -> dict[str, object]:
    """Return the report as JSON has it."""
    return {"recipe": format_recipe(recovery.recipe), **recovery.as_dict()}


def describe(recovery: Recovery) -> list[str]:
    """Return the report in lines: the recipe, and how well it reproduces the picture.

    Numbers are measured by running the recipe on the whole picture.
    """
    lines = format_recipe(recovery.recipe).splitlines()
    equality = recovery.equality
    if recovery.exact:
        lines.append("# every pixel is reproduced")
    else:
        said = f"# {_floored(equality.equal_share)} of the pixels are reproduced"
        if equality.where is not None:
            row, column = equality.where
            said += f"; the greatest difference is {equality.max_abs_diff:g}, at {row},{column}"
        lines.append(said)
    lines += _names(recovery)
    if recovery.compressed is not None:
        lines += _compressed(recovery.compressed, recovery.name)
    if recovery.tool is not None:
        lines.append(f"# {recovery.tool.call} reproduces every pixel: {recovery.tool.habit}")
    if recovery.rim is not None:
        lines.append(f"# {recovery.rim}")
    lines += [f"# {note}" for note in recovery.notes]
    return lines


def _names(recovery: Recovery) -> Iterator[str]:
    if recovery.name is not None:
        about = "" if recovery.exact else "about "
        yield f"# {about}{recovery.name}"
    same = [other.name for other in recovery.alternatives if other.equal_share == 1]
    if same and recovery.exact:
        yield f"# the same on the part that was tried: {', '.join(same)}"
    elif recovery.alternatives:
        yield "# next: " + ", ".join(_alternatives(recovery))


def _compressed(compressed: Compressed, name: str | None) -> Iterator[str]:
    yield "# the picture after was compressed with loss (JPEG), so this is about right"
    others = [(other, value) for other, value in compressed.nearest if other != name][:3]
    if others:
        told = ", ".join(f"{other} (log-likelihood {value:.1f})" for other, value in others)
        yield ("# next: " if name else "# not told apart: ") + told
    rows, (top, left) = _without_rim(compressed)
    if len(rows) <= _MOST_SHOWN:
        yield f"# weights from row {top}, column {left}, each +- at {compressed.confidence:.0%}:"
        for row in rows:
            yield "#  " + "  ".join(f"{(a + b) / 2:8.4f} +- {(b - a) / 2:.4f}" for a, b in row)


def _without_rim(compressed: Compressed) -> tuple[Sequence[_Row], tuple[int, int]]:
    """Return the intervals and their origin without outermost ones that all hold 0."""
    rows: Sequence[_Row] = compressed.intervals
    top, left = compressed.origin
    while len(rows) > _LEAST_SHOWN:
        rim = (*rows[0], *rows[-1], *(row[0] for row in rows), *(row[-1] for row in rows))
        if not all(low <= 0 <= high for low, high in rim):
            break
        rows = [row[1:-1] for row in rows[1:-1]]
        top, left = top + 1, left + 1
    return rows, (top, left)


def _alternatives(recovery: Recovery) -> Sequence[str]:
    return [f"{a.name} {_floored(a.equal_share)}" for a in recovery.alternatives]


def _floored(share: float) -> str:
    """Return a share in percent, rounded down: 100 % is said of all pixels only."""
    return f"{int(share * 10_000) / 100:g} %"
