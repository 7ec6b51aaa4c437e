"""Pictures encoded in blocks of rows, several at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

import numpy as np

from imgconv.io.images.picture import Image
from imgconv.system.threads import in_threads


class BlockEncoder(Protocol):
    """A file that is made of blocks of rows, none of which needs another.

    Attributes
    ----------
    height : int
        Rows of a block; the last one may have fewer.
    head : bytes
        What is before the first block.
    """

    height: int
    head: bytes

    def block(self, rows: Image, number: int) -> tuple[bytes, int]:
        """Return the bytes of a block, counted from 0, and its checksum; from any thread."""
        ...

    def tail(self, sums: list[tuple[int, int]]) -> bytes:
        """Return what is behind the last block, from checksums and heights of all."""
        ...


def encoded_blocks(encoder: BlockEncoder, bands: Iterable[Image], threads: int) -> Iterator[bytes]:
    """Yield the pieces of a file from bands of rows of any height, blocks made side by side.

    The bytes depend neither on the bands nor on the number of threads.
    """
    yield encoder.head
    sums = []
    for data, checksum, rows in _made(encoder, bands, threads):
        yield data
        sums.append((checksum, rows))
    yield encoder.tail(sums)


def encoded_whole(encoder: BlockEncoder, image: Image, threads: int = 1) -> bytes:
    """Return a file from all of its rows."""
    if len(image) > encoder.height:
        return b"".join(encoded_blocks(encoder, [image], threads))
    data, checksum = encoder.block(image, 0)
    return b"".join((encoder.head, data, encoder.tail([(checksum, len(image))])))


def _made(
    encoder: BlockEncoder, bands: Iterable[Image], threads: int
) -> Iterator[tuple[bytes, int, int]]:
    numbered = enumerate(rechunked(bands, encoder.height))

    def one(block: tuple[int, Image]) -> tuple[bytes, int, int]:
        number, rows = block
        return *encoder.block(rows, number), len(rows)

    first = next(numbered)
    last = len(first[1]) < encoder.height
    yield from in_threads(one, chain([first], numbered), 1 if last else threads)


def rechunked(bands: Iterable[Image], rows: int) -> Iterator[Image]:
    """Cut bands anew, so that each but the last has this many rows.

    Examples
    --------
    >>> bands = [np.zeros((5, 1)), np.zeros((4, 1)), np.zeros((2, 1))]
    >>> [len(band) for band in rechunked(bands, 4)]
    [4, 4, 3]
    """
    held: list[Image] = []
    count = 0
    for band in bands:
        rest = band
        while count + len(rest) >= rows:
            head = rest[: rows - count]
            yield np.concatenate([*held, head]) if held else head
            held, rest, count = [], rest[rows - count :], 0
        if len(rest):
            held.append(rest)
            count += len(rest)
    if held:
        yield np.concatenate(held)
