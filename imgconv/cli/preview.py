"""A picture shown in the terminal itself, as people want it who work over SSH."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from imgconv.cli import output
from imgconv.cli.options import option

if TYPE_CHECKING:
    from imgconv.io.storage.locations import Place

preview_option = option(
    "--preview",
    is_flag=True,
    heading="Running",
    help="Show the result in the terminal itself (Kitty, iTerm2, Sixel, else coloured blocks); "
    "nothing in a pipe.",
)

_BELOW = 2  # rows that are left for the prompt
_GAP = 8


def show_pictures(images: Sequence[Any], stream: TextIO | None = None) -> None:
    """Show pictures beside each other, as large as the terminal; nothing where it is none.

    Parameters
    ----------
    images : sequence of ndarray
        Of any type, gray or colour.
    stream : file, optional
        Default stdout.
    """
    from imgconv.cli.terminal import find_protocol

    place = sys.stdout if stream is None else stream
    protocol = find_protocol(place) if images else None
    if protocol is not None:
        place.flush()
        text = _drawn(images, protocol, place) + "\n"
        place.buffer.write(text.encode())
        place.flush()


def is_shown() -> bool:
    """Return whether stdout is a terminal that shows pictures."""
    from imgconv.cli.terminal import find_protocol

    return find_protocol(sys.stdout, ask=False) is not None


def show_file(path: Place) -> None:
    """Show a picture that was written; a note says why one is not shown."""
    if output.is_stream(path) or not is_shown():
        return
    from imgconv.io.images.decode import decode_picture, read_file
    from imgconv.model.errors import ImgconvError

    try:
        image = decode_picture(read_file(path), str(path)).pages[0]
    except ImgconvError as error:
        output.say(output.one_line(f"Note: no preview: {error}"))
        return
    show_pictures([image])


def _drawn(images: Sequence[Any], protocol: str, stream: TextIO) -> str:
    """Return the text that draws pictures on a terminal."""
    from imgconv.cli.terminal import escape_sequence, has_true_colour
    from imgconv.ops.draw.terminal import as_rgb, fitted, half_blocks, sixel
    from imgconv.ops.draw.view import eight_bits
    from imgconv.system.terminal import cells

    rows, columns, height, width = cells(stream)
    rows = max(1, rows - _BELOW)
    picture = _beside([as_rgb(eight_bits(image)) for image in images])
    if protocol == "blocks":
        return half_blocks(fitted(picture, 2 * rows, columns), true_colour=has_true_colour())
    picture = fitted(picture, rows * height, columns * width)
    if protocol == "sixel":
        return sixel(picture)
    from imgconv.io.images import image_files
    from imgconv.io.images.formats import format_for

    png = image_files.encode(picture, format_for("png", None), "the preview")
    return escape_sequence(png, protocol)


def _beside(images: Sequence[Any]) -> Any:
    """Return one picture of several, with gaps."""
    import numpy as np

    if len(images) == 1:
        return images[0]
    rows = max(image.shape[0] for image in images)
    sides = [(0, _GAP)] * (len(images) - 1) + [(0, 0)]
    strips = [
        np.pad(image, ((0, rows - image.shape[0]), side, (0, 0)))
        for image, side in zip(images, sides, strict=True)
    ]
    return np.hstack(strips)
