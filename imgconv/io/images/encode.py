"""A picture to bytes, refused where the format cannot hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from imgconv.io.images.blocks import BlockEncoder, encoded_whole
from imgconv.io.images.formats import FORMATS, Format, codec_of
from imgconv.io.images.header import EncodingError
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture, check_encoding
from imgconv.io.images.shared import exif
from imgconv.model.errors import ImageWriteError
from imgconv.model.output import Depth

if TYPE_CHECKING:
    import numpy as np

    from imgconv.io.images.formats import BlockCodec

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
    threads: int = 1,
) -> tuple[bytes, tuple[str, ...]]:
    """Encode a picture in memory; `name` is for messages (see `images.write_picture`).

    Returns
    -------
    (bytes, tuple of str)
        And what the format could not keep, in words.
    """
    pages = tuple(_plain(page) for page in picture.pages)
    if len(pages) == 1 and kind.blocks:
        begun = begin_encoding(pages[0].shape, pages[0].dtype, picture, kind, name, encoding)
        if begun is not None:
            return encoded_whole(begun[0], pages[0], threads), begun[1]
    for page in pages:
        _check_page(page.shape, page.dtype, picture, kind, name, encoding)
    _check_pages(kind, picture, name)
    codec = codec_of(kind)
    kept, left_out = _kept(pages[0].shape, picture.metadata, kind, encoding)
    try:
        data, notes = codec.encode(picture._replace(pages=pages, metadata=kept), kind, encoding)
    except EncodingError as error:
        raise ImageWriteError(f"{name}: it cannot be encoded as {kind.name}: {error}") from None
    lost: list[str] = []
    if any(kept):
        data, lost = codec.embed(data, kept)
    return data, (*notes, *lost, *left_out)


def begin_encoding(
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    about: Picture,
    kind: Format,
    name: str,
    encoding: Encoding = _PLAIN,
) -> tuple[BlockEncoder, tuple[str, ...]] | None:
    """Return what encodes one picture in blocks of rows (see `blocks.encoded_blocks`).

    Parameters
    ----------
    shape, dtype
        Of the picture.
    about : Picture
        Its metadata, and how it was encoded; its pages are not looked at.
    kind : Format
    name : str
        For messages.
    encoding : Encoding, optional

    Returns
    -------
    (BlockEncoder, tuple of str) or None
        And what the format cannot keep, in words. None where it is encoded as a whole only.

    Raises
    ------
    ImageWriteError
        When the format cannot hold the picture.
    """
    _check_page(shape, dtype, about, kind, name, encoding)
    if not kind.blocks:
        return None
    codec = cast("BlockCodec", codec_of(kind))
    try:
        encoder, notes = codec.block_encoder(shape, dtype, about.encoded, encoding)
    except EncodingError as error:
        raise ImageWriteError(f"{name}: it cannot be encoded as {kind.name}: {error}") from None
    if encoder is None:
        return None
    kept, left_out = _kept(shape, about.metadata, kind, encoding)
    lost: list[str] = []
    if any(kept):
        encoder.head, lost = codec.embed(encoder.head, kept)
    return encoder, (*notes, *lost, *left_out)


def _check_page(
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    about: Picture,
    kind: Format,
    name: str,
    encoding: Encoding,
) -> None:
    """Check that a format can hold a page as it is asked to."""
    check_encoding(encoding)
    channels = shape[2] if len(shape) == 3 else 1
    check_holds(kind, Depth.of(dtype), channels, name, bands=about.bands)
    if encoding.lossless and kind.name == "jpeg":
        raise ImageWriteError(f"{name}: jpeg always loses something", hint="use .png or .webp")


def _kept(
    shape: tuple[int, ...], metadata: Metadata, kind: Format, encoding: Encoding
) -> tuple[Metadata, tuple[str, ...]]:
    """Return the metadata that goes into the file, and in words what does not."""
    rows, columns = shape[:2]
    kept = metadata.fitting(shape[2] if len(shape) == 3 else 1)
    if encoding.strip:
        kept = Metadata(nodata=kept.nodata)
    kept = kept._replace(exif=exif.of_upright(kept.exif, columns, rows))
    left_out = _left_out(kept, kind)
    lost = {field: None for field in kept._fields if field not in kind.keeps}
    return kept._replace(**lost), left_out


def _left_out(metadata: Metadata, kind: Format) -> tuple[str, ...]:
    """Return in words what a format does not keep, but for a resolution."""
    lost = [
        words
        for field, words in _WORDS.items()
        if getattr(metadata, field) and field not in kind.keeps
    ]
    return (f"{kind.name} does not keep {' and '.join(lost)}",) if lost else ()


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
