"""The page that shows pictures beside each other: of failed goldens, and of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from imgconv.io.images import image_files
from imgconv.io.images.formats import format_for
from imgconv.jobs.reports import page
from imgconv.ops.compare.difference import Rectangle
from imgconv.ops.draw.view import eight_bits

Image = NDArray[Any]
LARGEST = 4_000_000
"""Pixels; of a larger picture the page holds the part around the worst window."""
_SIDE = 1600


@dataclass(frozen=True, slots=True)
class View:
    """A picture of an entry; the page swipes between the roles "expected" and "actual"."""

    role: str
    label: str
    image: Image


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One case on the page, its pictures encoded.

    Attributes
    ----------
    name, status : str
    words : tuple of str
    rows, columns : int
        Of the largest picture.
    worst : Rectangle or None
        The window that is boxed.
    views : tuple of dict
        Role, label and address of each picture.
    causes : tuple of str
        By which the page filters.
    accept : str
        The command that takes the new result; empty for none.
    resized : bool
        Whether the difference shows parts that only one picture has.
    """

    name: str
    status: str
    words: tuple[str, ...] = ()
    rows: int = 0
    columns: int = 0
    worst: Rectangle | None = None
    views: tuple[dict[str, str], ...] = ()
    causes: tuple[str, ...] = ()
    accept: str = ""
    resized: bool = False

    @property
    def size(self) -> int:
        """How many bytes the pictures take in the page."""
        return sum(len(view["uri"]) for view in self.views)

    def as_dict(self) -> dict[str, Any]:
        """Return what the page's script reads."""
        return {
            "name": self.name,
            "status": self.status,
            "words": list(self.words),
            "rows": self.rows,
            "columns": self.columns,
            "worst": self.worst._asdict() if self.worst else None,
            "views": list(self.views),
            "causes": list(self.causes),
            "accept": self.accept,
            "resized": self.resized,
        }


def make_entry(
    name: str,
    status: str,
    words: Sequence[str],
    views: Sequence[View],
    worst: Rectangle | None = None,
    place: Callable[[View, bytes], str] | None = None,
) -> PageEntry:
    """Encode the pictures of a case; large ones are cut to the part around the worst window.

    Parameters
    ----------
    name, status, words, views, worst
        See `PageEntry`.
    place : callable, optional
        Stores a PNG and returns its address on the page, where pictures are whole; default: the
        page holds the PNG itself.
    """
    said = list(words)
    rows = max((view.image.shape[0] for view in views), default=0)
    columns = max((view.image.shape[1] for view in views), default=0)
    if place is None and rows * columns > LARGEST:
        part = _part(rows, columns, worst)
        views = [View(view.role, view.label, _cut(view.image, part)) for view in views]
        worst = worst and worst._replace(
            row=worst.row - part.row, column=worst.column - part.column
        )
        said.append(
            f"shown here: rows {part.row} to {part.row + part.rows - 1}, "
            f"columns {part.column} to {part.column + part.columns - 1}"
        )
        rows, columns = part.rows, part.columns
    address = place or (lambda _, png: page.data_uri(png))
    encoded = tuple(
        {"role": view.role, "label": view.label, "uri": address(view, _png(view.image))}
        for view in views
        if view.image.size
    )
    return PageEntry(name, status, tuple(said), rows, columns, worst, encoded)


def _part(rows: int, columns: int, worst: Rectangle | None) -> Rectangle:
    height, width = min(rows, _SIDE), min(columns, _SIDE)
    middle = (worst.row + worst.rows // 2, worst.column + worst.columns // 2) if worst else (0, 0)
    row = min(max(0, middle[0] - height // 2), rows - height)
    column = min(max(0, middle[1] - width // 2), columns - width)
    return Rectangle(row, column, height, width)


def _cut(image: Image, part: Rectangle) -> Image:
    return image[part.row : part.row + part.rows, part.column : part.column + part.columns]


def _png(image: Image) -> bytes:
    return image_files.encode(eight_bits(image), format_for("png", None), "a picture of the report")


def render_report(
    title: str,
    entries: Sequence[PageEntry],
    counts: Mapping[str, int],
    note: str = "",
    generator: str = "imgconv",
    labels: Mapping[str, str] | None = None,
    *,
    beside: bool = False,
) -> bytes:
    """Make the page.

    Parameters
    ----------
    title : str
    entries : sequence of PageEntry
    counts : mapping
        For each state that can be filtered by ("all" too) how many there are; empty for none.
    note : str, optional
        A line beside the title.
    generator : str, optional
        Names the command that makes the page, in its head.
    labels : mapping, optional
        The words for states, where they are not their names.
    beside : bool, default False
        Whether the pictures are files beside the page.
    """
    shown = [entry.as_dict() for entry in entries]
    data = {"entries": shown, "counts": dict(counts), "note": note, "labels": dict(labels or {})}
    sources = page.FILES_BESIDE if beside else page.EMBEDDED
    return page.render_page("report.html", title, data, generator, sources).encode()
