"""What outputs are called: a template such as ``{stem}_{kernel}{ext}``."""

from __future__ import annotations

import string

from imgconv.model.errors import ArgumentError
from imgconv.model.recipe import Recipe

FIELDS = ("stem", "ext", "kernel")
DEFAULT = "{stem}{ext}"
_LONGEST_KERNEL = 100


class NameTemplate:
    """How the name of an output is made of that of its input.

    Parameters
    ----------
    text : str
        ``{stem}`` is the input's name without its suffix, ``{ext}`` the suffix with its point,
        ``{kernel}`` the kernels' names.
    kernel : str
        What ``{kernel}`` is (see `kernel_word`).
    suffix : str, optional
        What ``{ext}`` is instead, where the format is given.

    Raises
    ------
    ArgumentError
        For a template that is no file name, or has other fields.

    Examples
    --------
    >>> NameTemplate("{stem}_small{ext}").name("photo.jpg")
    'photo_small.jpg'
    """

    def __init__(
        self, text: str = DEFAULT, kernel: str = "same", suffix: str | None = None
    ) -> None:
        self.text = text
        self._plain = text == DEFAULT and suffix is None
        self._suffix = suffix
        self._kernel = kernel
        try:
            fields = [found[1:] for found in string.Formatter().parse(text) if found[1] is not None]
        except ValueError as error:
            raise ArgumentError(f"--name {text!r}: {error}", hint=_HINT) from None
        for name, spec, conversion in fields:
            if name not in FIELDS or spec or conversion:
                raise ArgumentError(f"--name {text!r}: no field is called {name!r}", hint=_HINT)
        if "stem" not in [field[0] for field in fields]:
            raise ArgumentError(
                f"--name {text!r} gives all files of a folder the same name", hint="it needs {stem}"
            )
        if any(c in "/\\\0" or not c.isprintable() for c in text) or text.startswith((" ", "-")):
            raise ArgumentError(
                f"--name {text!r} is not a file name",
                hint="folders are mirrored; the template makes the name in them alone",
            )

    @property
    def keeps_names(self) -> bool:
        """Whether every output is called as its input is."""
        return self._plain

    def name(self, source: str) -> str:
        """Return the name of the output of an input with this name.

        Raises
        ------
        ArgumentError
            When it would be no safe file name.
        """
        if self._plain:
            return source
        stem, ext = split_suffix(source)
        ext = ext if self._suffix is None else self._suffix
        name = self.text.format(stem=stem, ext=ext, kernel=self._kernel)
        if name.startswith(".") and not source.startswith("."):
            raise ArgumentError(f"--name {self.text!r} makes a hidden file, {name!r}")
        return name


_HINT = "the fields are {stem}, {ext} and {kernel}: --name '{stem}_{kernel}{ext}'"


def split_suffix(name: str) -> tuple[str, str]:
    """Part a name before its last point; a leading point is none."""
    at = name.rfind(".")
    return (name[:at], name[at:]) if at > 0 else (name, "")


def kernel_word(recipe: Recipe) -> str:
    """Return the names of a recipe's kernels as a part of a file name that every system takes."""
    words = "-".join(kernel.name or "kernel" for kernel in recipe.kernels) or "same"
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in words)
    return safe[:_LONGEST_KERNEL].strip(".")
