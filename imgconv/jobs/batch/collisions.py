"""Find outputs that would have one name, while the inputs are still being listed."""

from __future__ import annotations

import unicodedata


class OutputNames:
    """Names of outputs so far: the input that is listed first has a name, later ones do not.

    Of each name a hash of 64 bits is kept, and, where the listing is complete before the run, the
    input that has it. Otherwise the inputs of the current folder alone are known: a listing gives
    files folder by folder, and most collisions lie in one folder.

    Parameters
    ----------
    folded : bool
        Whether names are taken for one that some file systems do not tell apart, by letter case or
        Unicode form, and a file cannot have the name of a folder.
    complete : bool
        Whether the listing is complete before the run.
    """

    def __init__(self, *, folded: bool, complete: bool) -> None:
        self._folded = folded
        self._complete = complete
        self._files: set[int] = set()
        self._owners: dict[int, str] = {}
        self._folders: set[int] = set()
        self._folder: str | None = None
        self._folder_problem = ""

    def problem(self, target: str, source: str) -> str:
        """Return why an input cannot have an output of this name; "" where it can."""
        folder = target.rpartition("/")[0]
        if folder != self._folder:
            self._enter(folder)
        if self._folder_problem:
            return self._folder_problem
        mark = hash(self._fold(target))
        if mark in self._files:
            owner = self._owners.get(mark, "another input")
            return f"its output, {target}, would be that of {owner} too{self._rule()}; {_REMEDY}"
        if mark in self._folders:
            return f"its output, {target}, has the name of a folder of outputs; {_REMEDY}"
        self._files.add(mark)
        self._owners[mark] = source
        return ""

    def _enter(self, folder: str) -> None:
        self._folder, self._folder_problem = folder, ""
        if not self._complete:
            self._owners = {}
        if not self._folded:
            return
        above = folder
        while above:
            mark = hash(self._fold(above))
            if mark in self._files:
                owner = self._owners.get(mark, "another input")
                self._folder_problem = (
                    f"its folder, {above}, has the name of the output of {owner}; {_REMEDY}"
                )
                return
            if mark in self._folders:
                return
            self._folders.add(mark)
            above = above.rpartition("/")[0]

    def _fold(self, key: str) -> str:
        """Return a key without what some file systems do not tell apart."""
        if not self._folded:
            return key
        if key.isascii():
            return key.lower()
        return unicodedata.normalize("NFC", unicodedata.normalize("NFD", key).casefold())

    def _rule(self) -> str:
        if not self._folded:
            return ""
        return " (letters that differ in case or Unicode form are one on some systems)"


_REMEDY = "run them into different folders, or tell them apart by --name '{stem}_{kernel}{ext}'"
