"""The first golden.yaml of a repository, written from pictures and a recipe."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from imgconv.io.config.recipes import format_recipe
from imgconv.io.storage import files
from imgconv.model.errors import ArgumentError, ImageReadError
from imgconv.model.recipe import Recipe

_BARE = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./ -]*")


def write_first_set(config: Path, pictures: Sequence[Path], recipe: Recipe) -> list[str]:
    """Write a golden set with a case for each picture.

    Parameters
    ----------
    config : Path
        The file; it must not be there.
    pictures : sequence of Path
    recipe : Recipe
        Done to each of them.

    Returns
    -------
    list of str
        The names of the cases.

    Raises
    ------
    OutputExistsError
        When the file is there.
    ImageReadError
        When a picture is not there.
    ArgumentError
        When two pictures would give one name, or there is none.
    """
    files.check_target(config)
    names: dict[str, Path] = {}
    for picture in pictures:
        if not picture.is_file():
            raise ImageReadError(f"{picture}: no such file")
        name = re.sub(r"[^A-Za-z0-9._+-]", "_", picture.stem).lstrip(".+-") or "_"
        if (other := names.get(name.casefold())) is not None:
            raise ArgumentError(f"{other} and {picture} would both be the case {name}")
        names[name.casefold()] = picture
    if not names:
        raise ArgumentError("name the pictures of the set")
    lines = ["version: 1", "goldens: goldens", "cases:"]
    found = []
    for picture in names.values():
        name = re.sub(r"[^A-Za-z0-9._+-]", "_", picture.stem).lstrip(".+-") or "_"
        found.append(name)
        path = Path(os.path.relpath(picture, config.parent)).as_posix()
        lines += [f"  - name: {_quoted(name)}", f"    input: {_quoted(path)}", "    recipe:"]
        lines += [f"      {line}" for line in format_recipe(recipe).splitlines()]
    files.write_whole(config, ("\n".join(lines) + "\n").encode())
    return found


def _quoted(text: str) -> str:
    """Write text as YAML; what may mean something else is put in quotes."""
    if _BARE.fullmatch(text) and not text[0].isdigit() and text == text.strip():
        return text
    import json

    return json.dumps(text)
