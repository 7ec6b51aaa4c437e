"""A picture to bytes, refused where the format cannot hold it."""

from __future__ import annotations

from imgconv.io.images.formats import FORMATS, Format, codec_of
from imgconv.io.images.header import EncodingError
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture, check_encoding
from imgconv.io.images.shared import exif
from imgconv.model.errors import ImageWriteError
from imgconv.model.output import Depth

_PLAIN = Encoding()
_WORDS = {
    "exif": "EXIF", "icc": "the ICC profile", "xmp": "XMP", "places": "the geographic tags",
}  # fmt: skip


def check_holds(
    kind: Format, depth: Depth, channels: int, name: str, *, bands: bool = False
) -> None:
    """Check that a format can hold an image; a last band would be alpha in most.

    Raises
    ------
    ImageWriteError
        With the ways out.
    """
    able = [k for k in FORMATS if k.writes]
    if depth not in kind.depths:
        fitting = ", ".join(k.suffixes[0] for k in able if depth in k.depths)
        scale = " (with --range full, white stays white)" if depth is not Depth.I16 else ""
        way = f"--depth {kind.depths[0].value}{scale}"
        raise ImageWriteError(
            f"{name}: {kind.name} cannot hold {depth.value} pixels",
            hint=f"{way}, or a format that can: {fitting}",
        )
    if channels not in kind.channels:
        fitting = ", ".join(
            k.suffixes[0] for k in able if channels in k.channels and depth in k.depths
        )
        what = {1: "gray", 2: "alpha", 3: "colour", 4: "alpha"}.get(
            channels, f"{channels} channels"
        )
        raise ImageWriteError(
            f"{name}: {kind.name} cannot hold {what}",
            hint=f"use a format that can: {fitting}" if fitting else None,
        )
    if bands and channels in (2, 4) and kind.name != "tiff":
        raise ImageWriteError(
            f"{name}: {kind.name} cannot hold {channels} bands: the last would be alpha",
            hint="use a format that can: .tiff",
        )


def encode_picture(
    picture: Picture,
    kind: Format,
    name: str,
    encoding: Encoding = _PLAIN,
) -> tuple[bytes, tuple[str, ...]]:
    """Encode a picture in memory; `name` is for messages (see `images.write_picture`).

    Returns
    -------
    (bytes, tuple of str)
        And what the format could not keep, in words.
    """
    check_encoding(encoding)
    for page in picture.pages:
        check_holds(kind, Depth.of(page.dtype), channels_of(page), name, bands=picture.bands)
    _check_pages(kind, picture, name)
    if encoding.lossless and kind.name == "jpeg":
        raise ImageWriteError(f"{name}: jpeg always loses something", hint="use .png or .webp")
    pages = tuple(_plain(page) for page in picture.pages)
    codec = codec_of(kind)
    rows, columns = pages[0].shape[:2]
    kept = picture.metadata.fitting(channels_of(pages[0]))
    if encoding.strip:
        kept = Metadata(nodata=kept.nodata)
    kept = kept._replace(exif=exif.of_upright(kept.exif, columns, rows))
    left_out = _left_out(kept, kind)
    kept = kept._replace(**{field: None for field in kept._fields if field not in kind.keeps})
    try:
        data, notes = codec.encode(picture._replace(pages=pages, metadata=kept), kind, encoding)
    except EncodingError as error:
        raise ImageWriteError(f"{name}: it cannot be encoded as {kind.name}: {error}") from None
    lost: list[str] = []
    if any(kept):
        data, lost = codec.embed(data, kept)
    return data, (*notes, *lost, *left_out)


def _left_out(metadata: Metadata, kind: Format) -> tuple[str, ...]:
    """Return in words what a format does not keep, but for a resolution."""
    lost = [
        words
        for field, words in _WORDS.items()
        if getattr(metadata, field) and field not in kind.keeps
    ]
    return (f"{kind.name} does not keep {' and '.join(lost)}",) if lost else ()


def channels_of(image: Image) -> int:
    """Return the number of channels of an image."""
    return 1 if image.ndim == 2 else image.shape[2]


def _check_pages(kind: Format, picture: Picture, name: str) -> None:
    count = len(picture.pages)
    if count == 1 or kind.pages == "pages" or (kind.pages == "frames" and picture.delays):
        return
    many = "frames" if picture.delays else "pages"
    holding = "an animation" if kind.pages == "frames" else "one picture"
    fitting = "--page 1 takes one of them, or write .tiff" + (
        ", .gif, .png or .webp" if picture.delays else ""
    )
    raise ImageWriteError(f"{name}: {count} {many}, and {kind.name} holds {holding}", hint=fitting)


def _plain(image: Image) -> Image:
    """Return an image of one channel without an axis for it."""
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
