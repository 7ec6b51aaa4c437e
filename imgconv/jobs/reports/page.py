"""Pages: templates of the package made into one file that needs nothing else.

A template in ``imgconv/pages`` has ``{{title}}``, ``{{data}}`` and the names of other files there
(``{{base.css}}``), which are put in its place.
"""

from __future__ import annotations

import base64
import html
import json
import re
from importlib import resources
from typing import Any

EMBEDDED = "data:"
FILES_BESIDE = "data: 'self' file:"
"""From where a page may load pictures, in terms of its Content-Security-Policy."""

_PLACE = re.compile(r"\{\{([a-z.]+)\}\}")


def render_page(
    template: str, title: str, data: Any, generator: str = "imgconv", images: str = EMBEDDED
) -> str:
    """Make a page of a template.

    Parameters
    ----------
    template : str
        The name of a file in ``imgconv/pages``.
    title : str
    data : dict or list
        What the page's script reads, as JSON; numbers must be finite.
    generator : str, optional
        What the page names as its maker, where the template does.
    images : str, optional
        From where it may load pictures.

    Examples
    --------
    >>> page = render_page("explorer.html", "A < B", {})
    >>> "<title>A &lt; B</title>" in page
    True
    """
    texts = {"title": title, "generator": generator, "images": images}

    def part(match: re.Match[str]) -> str:
        name = match[1]
        if name in texts:
            return html.escape(texts[name])
        return embedded_json(data) if name == "data" else _read(name)

    return _PLACE.sub(part, _read(template))


def embedded_json(data: Any) -> str:
    r"""Write JSON that may stand inside a script element: nothing in it can end that.

    Examples
    --------
    >>> print(embedded_json(["</script>"]))
    ["\u003c/script>"]
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def data_uri(png: bytes) -> str:
    """Return a PNG as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _read(name: str) -> str:
    return resources.files("imgconv").joinpath("pages", name).read_text("utf-8")
