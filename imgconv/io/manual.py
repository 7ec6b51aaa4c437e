"""The manual: one topic a file in ``imgconv/manual``, in Markdown."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import NamedTuple

from imgconv.model.errors import NothingMatchedError

_ORDER = (
    *("start", "files", "tone", "borders", "ranges", "kernels", "steps", "filters", "regions"),
    *("explain", "compare", "diff", "recover", "recipes", "folders", "goldens", "ci", "layers"),
    *("large", "clusters", "python", "exactness", "errors", "other-tools"),
)
"""The order of the topics; a file that is not named here comes last."""


class Topic(NamedTuple):
    """A topic of the manual: its name, title, one-line summary and Markdown text."""

    name: str
    title: str
    summary: str
    text: str


class Found(NamedTuple):
    """A line of the manual with a searched word, and the heading that it is under."""

    topic: str
    heading: str
    line: str


@cache
def topics() -> dict[str, Topic]:
    """Return the topics by name, in the order of the manual."""
    files = resources.files("imgconv").joinpath("manual").iterdir()
    names = [file.name.removesuffix(".md") for file in files if file.name.endswith(".md")]
    order = {name: place for place, name in enumerate(_ORDER)}
    names.sort(key=lambda name: (order.get(name, len(order)), name))
    return {name: _read(name) for name in names}


def _read(name: str) -> Topic:
    text = resources.files("imgconv").joinpath("manual", f"{name}.md").read_text("utf-8")
    title, _, rest = text.partition("\n\n")
    summary = rest.partition("\n\n")[0].replace("\n", " ")
    return Topic(name, title.removeprefix("# ").strip(), summary, text)


def topic(name: str) -> Topic:
    """Return a topic by its name or title; case, spaces and a plural do not matter.

    Raises
    ------
    NothingMatchedError
        When there is none.
    """
    from difflib import get_close_matches

    known = topics()
    wanted = re.sub(r"[\s_]+", "-", name.strip().lower()).removesuffix(".md")
    by_form = {one.title.lower().replace(" ", "-"): one for one in known.values()} | known
    for form in (wanted, f"{wanted}s", wanted.removesuffix("s")):
        if form in by_form:
            return by_form[form]
    close = get_close_matches(wanted, by_form, n=1)
    raise NothingMatchedError(
        f"the manual has no topic {name!r}",
        hint=f"did you mean: imgconv help {by_form[close[0]].name}"
        if close
        else "imgconv help lists the topics; imgconv help --search WORD searches their text",
    )


def search(word: str) -> list[Found]:
    """Return every line of the manual that has a word, or several; case does not matter."""
    wanted = word.lower().split()
    found = []
    for one in topics().values():
        heading = one.title
        for line in one.text.splitlines():
            if line.startswith("#"):
                heading = line.lstrip("# ")
            if wanted and all(part in line.lower() for part in wanted):
                found.append(Found(one.name, heading, line.strip()))
    return found
