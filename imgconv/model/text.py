"""Text from files, file names and pictures, made safe to print."""

from __future__ import annotations


def visible(text: str) -> str:
    r"""Return text in one line in which nothing acts on whoever prints or reads it.

    Control characters, line ends, marks that turn the writing direction and bytes that are no text
    become escapes. Two colons at the start of a line, and ``##[`` anywhere, are commands to a
    runner of GitHub; one of their characters is escaped.

    Examples
    --------
    >>> print(visible("x\n::error ::y"))
    x\n::error ::y
    >>> print(visible("::error ::y"), visible("##[error]y"))
    \x3a:error ::y #\x23[error]y
    >>> print(visible("\x1b[31mred \u202e"))
    \x1b[31mred \u202e
    """
    if not text.isprintable():
        text = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
        )
    if text.lstrip().startswith("::"):
        text = text.replace(":", "\\x3a", 1)
    return text.replace("##[", "#\\x23[")
