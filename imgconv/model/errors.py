"""The error family: what went wrong, what to do about it, and the exit code that says so.

The library raises these and nothing else on bad input; it never prints and never exits. Each class
is also the builtin that a Python caller would expect to catch.
"""

from __future__ import annotations


class ImgconvError(Exception):
    """Something that the user can put right.

    Parameters
    ----------
    message : str
        The wrong value and the rule that it breaks, in one line.
    hint : str, optional
        What to do instead, in one line.
    """

    exit_code = 70

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class ArgumentError(ImgconvError, ValueError):
    """A parameter has a value that it cannot have (exit 2)."""

    exit_code = 2


class MissingDependencyError(ImgconvError, ImportError):
    """A library that this needs is not there or cannot be loaded (exit 2)."""

    exit_code = 2


class KernelError(ImgconvError, ValueError):
    """A kernel, or the file that it stands in, is wrong (exit 3)."""

    exit_code = 3


class UnknownKernelError(KernelError, LookupError):
    """No kernel has this name (exit 3)."""


class RecipeError(ImgconvError, ValueError):
    """A recipe file is wrong (exit 3)."""

    exit_code = 3


class ImageReadError(ImgconvError, OSError):
    """An input cannot be read, or is damaged (exit 4).

    Attributes
    ----------
    of_service : bool
        Whether the reason is not this file: the service that has it fails.
    """

    exit_code = 4
    of_service = False


class ImageWriteError(ImgconvError, OSError):
    """An output cannot be written (exit 5)."""

    exit_code = 5


class OutputExistsError(ImageWriteError, FileExistsError):
    """An output is already there and nobody asked to replace it (exit 5)."""


class NothingMatchedError(ImgconvError, LookupError):
    """There is nothing to work on (exit 6)."""

    exit_code = 6


class LimitError(ImgconvError, MemoryError):
    """A stated limit was hit (exit 7)."""

    exit_code = 7


class GoldenMissingError(ImgconvError, LookupError):
    """No golden, or no case, is there to be held against (exit 6)."""

    exit_code = 6


class GoldenDamagedError(ImgconvError, ValueError):
    """A golden is not what was recorded (exit 1)."""

    exit_code = 1
