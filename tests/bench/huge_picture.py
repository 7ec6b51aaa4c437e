"""Make a huge picture: a tiled BigTIFF that is sparse on disk, a photograph in every 16th tile.

python tests/bench/huge_picture.py big.tif 35000 30000
"""

from __future__ import annotations

import sys
from pathlib import Path

import tifffile

_TILE = 256
_EVERY = 16


def make(path: Path, rows: int, columns: int) -> None:
    """Write an uncompressed uint8 picture of so many rows and columns."""
    from skimage import data

    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        shape, tile = (rows, columns), (_TILE, _TILE)
        writer.write(None, shape=shape, dtype="uint8", tile=tile, metadata=None)
    with tifffile.TiffFile(path) as tiff:
        offsets = tiff.pages[0].dataoffsets
    photograph = data.camera()[:_TILE, :_TILE].tobytes()
    with path.open("r+b") as file:
        for offset in offsets[::_EVERY]:
            file.seek(offset)
            file.write(photograph)


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
