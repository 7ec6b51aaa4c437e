"""Text from files, file names and pictures, made safe to print."""

from __future__ import annotations

import re

_LONGEST_WORD, _LONGEST_TEXT, _GAP = 200, 2000, "[...]"


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


def shortened(text: str) -> str:
    """Return text of which no word has more than 200 characters, and all of it no more than 2000.

    Of a longer word, which somebody gave, the beginning and the end are left.

    Examples
    --------
    >>> shortened("no file is called " + "x" * 1000 + ".png")[-40:]
    'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.png'
    >>> len(shortened("x" * 1000)), len(shortened("a word " * 1000))
    (200, 2000)
    """
    if len(text) <= _LONGEST_WORD:
        return text
    text = re.sub(rf"\S{{{_LONGEST_WORD + 1},}}", lambda found: _cut(found[0], _LONGEST_WORD), text)
    return text if len(text) <= _LONGEST_TEXT else _cut(text, _LONGEST_TEXT)


def _cut(text: str, most: int) -> str:
    half = (most - len(_GAP)) // 2
    return f"{text[: most - len(_GAP) - half]}{_GAP}{text[len(text) - half :]}"
