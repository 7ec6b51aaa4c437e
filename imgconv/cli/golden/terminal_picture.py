"""A picture on a terminal that can show one (the protocols of iTerm2 and of kitty)."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Mapping

_CHUNK = 4096


def can_show(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the protocol of the terminal on stderr, "iterm" or "kitty", or None."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    if environment.get("TERM_PROGRAM") in ("iTerm.app", "WezTerm"):
        return "iterm"
    kitty = "KITTY_WINDOW_ID" in environment or environment.get("TERM") == "xterm-kitty"
    return "kitty" if kitty else None


def escape_sequence(png: bytes, protocol: str) -> str:
    r"""Return what shows a PNG.

    Examples
    --------
    >>> escape_sequence(b"png", "iterm")
    '\x1b]1337;File=inline=1;size=3:cG5n\x07'
    >>> escape_sequence(b"png", "kitty")
    '\x1b_Gf=100,a=T,m=0;cG5n\x1b\\'
    """
    text = base64.b64encode(png).decode("ascii")
    if protocol == "iterm":
        return f"\x1b]1337;File=inline=1;size={len(png)}:{text}\x07"
    sent = []
    for at in range(0, len(text), _CHUNK):
        head = "" if at else "f=100,a=T,"
        more = int(at + _CHUNK < len(text))
        sent.append(f"\x1b_G{head}m={more};{text[at : at + _CHUNK]}\x1b\\")
    return "".join(sent)
