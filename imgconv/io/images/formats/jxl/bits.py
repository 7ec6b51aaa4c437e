"""Fields of a JPEG XL header, which begin at any bit (ISO/IEC 18181-1, section 9)."""

from __future__ import annotations

from imgconv.io.images.header import DamagedError

_ENUM = ((0, 0), (0, 1), (4, 2), (6, 18))


class Bits:
    """Bits of a codestream, the lowest of each byte first.

    Parameters
    ----------
    data : bytes

    Attributes
    ----------
    taken : int
        How many bits were read.
    """

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "little"), 8 * len(data)
        self.taken = 0

    def take(self, count: int) -> int:
        """Return so many bits as a whole number.

        Raises
        ------
        DamagedError
            When the bytes end before.
        """
        if count > self._left:
            raise DamagedError("it ends within its header")
        found = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        self.taken += count
        return found

    def flag(self) -> bool:
        """Return one bit."""
        return self.take(1) == 1

    def one_of(self, *choices: tuple[int, int]) -> int:
        """Return a number whose first two bits choose how many more it has, and what is added."""
        count, base = choices[self.take(2)]
        return base + self.take(count)

    def enum(self) -> int:
        """Return a number of a list of names."""
        return self.one_of(*_ENUM)
