"""What a picture on disk looks like to who reads or writes it by rows."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from imgconv.io.images.picture import Metadata
from imgconv.model.errors import MissingDependencyError

Image = NDArray[Any]


class TileLayout(NamedTuple):
    """How a picture lies in its file.

    Attributes
    ----------
    tile : (int, int), optional
        Rows and columns of a tile; None where it lies in strips of full rows.
    deflate : bool
        Whether its tiles are compressed.
    bands : bool
        Whether no channel is colour or alpha.
    """

    tile: tuple[int, int] | None = (256, 256)
    deflate: bool = True
    bands: bool = False


class HugeReader(Protocol):
    """A picture whose rows can be read, from any thread.

    Attributes
    ----------
    shape : tuple of int
        Rows, columns and, where there are several, channels.
    dtype : dtype
        uint8, uint16, int16, float32, or float64.
    together : int
        How many rows are decoded at once; reading by multiples of it costs least.
    layout : TileLayout
    metadata : Metadata
        What goes into the output.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dtype(self) -> np.dtype[Any]: ...  # noqa: D102
    @property
    def together(self) -> int: ...  # noqa: D102
    @property
    def layout(self) -> TileLayout: ...  # noqa: D102
    @property
    def metadata(self) -> Metadata: ...  # noqa: D102

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop`.

        Raises
        ------
        ImageReadError
            When they are damaged.
        """
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class HeldReader:
    """A picture that is in memory already (see `HugeReader`)."""

    together = 1
    layout = TileLayout()
    metadata = Metadata()

    def __init__(self, image: Image) -> None:
        self.shape: tuple[int, ...] = image.shape
        self.dtype: np.dtype[Any] = image.dtype
        self._image = image

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop`."""
        return self._image[start:stop]

    def close(self) -> None:
        """Do nothing."""


def load_extra(name: str, what: str) -> ModuleType:
    """Import a library of the extra ``huge``.

    Raises
    ------
    MissingDependencyError
        When it is not there, with the command that installs it.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except (ImportError, OSError):
        raise MissingDependencyError(
            f"{what} needs {name}, which is not installed", hint="pip install 'imgconv[huge]'"
        ) from None
