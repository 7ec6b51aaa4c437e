"""Shards: parts of the work that runs on different machines may do side by side."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from imgconv.model.errors import ArgumentError


class Shard(NamedTuple):
    """One of `of` parts of the work, from 1; the key of a file alone decides its shard.

    Examples
    --------
    >>> Shard.parse("2/4")
    Shard(number=2, of=4)
    """

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str | None) -> Shard:
        """Parse ``i/N``; None is the whole.

        Raises
        ------
        ArgumentError
            For any other text.
        """
        if text is None:
            return cls()
        try:
            number, count = (int(part) for part in text.split("/"))
        except ValueError:
            number, count = 0, 0
        if not 1 <= number <= count:
            raise ArgumentError(f"shard {text!r} is not one of N", hint="write 1/4, 2/4, 3/4, 4/4")
        return cls(number, count)

    @property
    def suffix(self) -> str:
        """Ending of the names of the manifest and the lock of this shard."""
        return "" if self.of == 1 else f"-{self.number}-of-{self.of}"

    def has(self, key: str) -> bool:
        """Return whether a key belongs to this shard."""
        if self.of == 1:
            return True
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1
