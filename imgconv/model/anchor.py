"""The anchor of a window: the element that lies on the output pixel."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence

from imgconv.model.errors import ImgconvError


def checked_anchor(
    anchor: Sequence[int] | None,
    shape: tuple[int, int],
    what: str,
    error: type[ImgconvError],
) -> tuple[int, int]:
    """Return an anchor that lies inside a window.

    Parameters
    ----------
    anchor : sequence of int, optional
        Row and column, from 0; default the centre, ``k // 2``.
    shape : tuple of int
        Rows and columns of the window.
    what : str
        Noun for the window, in messages.
    error : type of ImgconvError
        What is raised where it does not lie inside, or is not two whole numbers.
    """
    rows, columns = shape
    if anchor is None:
        return rows // 2, columns // 2
    wrong = error(
        f"anchor {_short(anchor)} is not a (row, column) inside a {what} of {rows} x {columns}",
        hint=f"rows count from 0 to {rows - 1}, columns from 0 to {columns - 1}",
    )
    try:
        row, column = (operator.index(value) for value in anchor)
    except (TypeError, ValueError):
        raise wrong from None
    if not (0 <= row < rows and 0 <= column < columns):
        raise wrong
    return row, column


def _short(anchor: object) -> str:
    if isinstance(anchor, str) or not isinstance(anchor, Iterable):
        return repr(anchor)[:40]
    return ",".join(str(value) for value in list(anchor)[:4])
