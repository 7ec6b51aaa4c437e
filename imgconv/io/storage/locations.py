"""Where files are: a path of this machine, or a URL that fsspec opens."""

from __future__ import annotations

import re
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

from imgconv.model.errors import ArgumentError

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]+)://(?P<host>[^/?#]*)(?P<path>[^?#]*)(?P<query>.*)", re.DOTALL
)


class Url(NamedTuple):
    """A file, or a folder of files, behind a URL.

    Attributes
    ----------
    scheme, host, path : str
        Of ``s3://bucket/a/b.png``: ``s3``, ``bucket`` and ``/a/b.png``.
    query : str
        What follows, ``?`` included. It may be a signature, so it is never shown.
    """

    scheme: str
    host: str
    path: str
    query: str = ""

    @property
    def text(self) -> str:
        """The whole URL, as a library wants it."""
        return f"{self.scheme}://{self.host}{self.path}{self.query}"

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name

    @property
    def parent(self) -> Url:
        """The folder of the file."""
        return self._replace(path=self.path.rpartition("/")[0], query="")

    @property
    def suffix(self) -> str:
        """The ending of the name."""
        return PurePosixPath(self.path).suffix

    def __truediv__(self, relative: str) -> Url:
        return self._replace(path=f"{self.path.rstrip('/')}/{relative}")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"


Place = Path | Url


def parse_place(text: str) -> Place:
    """Return a URL from a path.

    Raises
    ------
    ArgumentError
        For a URL with a password in it: it would stand in the history of the shell and in logs.

    Examples
    --------
    >>> parse_place("s3://pictures/raw/a.png").name
    'a.png'
    >>> str(parse_place("https://example.org/a.png?signature=secret"))
    'https://example.org/a.png'
    """
    match = _URL.fullmatch(text)
    if match is None:
        return Path(text)
    if ":" in match["host"].rpartition("@")[0]:
        raise ArgumentError(
            "a URL must not hold a password",
            hint="use the environment or the configuration files of the service",
        )
    return Url(**match.groupdict())


def pure_path(place: Place) -> PurePath:
    """Return the path of a place, for its name and suffix."""
    return place if isinstance(place, Path) else PurePosixPath(place.path)


def is_url(text: str) -> bool:
    """Return whether a text is a URL and no path."""
    return _URL.fullmatch(text) is not None
