"""What the terminal can show: the protocols of kitty and iTerm2, Sixel, or coloured half blocks."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from typing import TextIO

from imgconv.system import terminal

FORCED = "IMGCONV_PREVIEW"
"""Names a protocol where what is found out is wrong."""

PROTOCOLS = ("kitty", "iterm", "sixel", "blocks")
_ITERM = ("iTerm.app", "WezTerm", "mintty", "rio")
_KITTY = ("xterm-kitty", "xterm-ghostty")
_CHUNK = 4096


def find_protocol(
    stream: TextIO | None, environment: Mapping[str, str] = os.environ, *, ask: bool = True
) -> str | None:
    """Return the best protocol of the terminal that a stream writes to; None where it is none.

    Parameters
    ----------
    stream : file or None
    environment : mapping, optional
    ask : bool, default True
        Whether the terminal is asked for Sixel where the environment does not tell.
    """
    if stream is None or stream.closed or not stream.isatty():
        return None
    if (forced := environment.get(FORCED, "").lower()) in PROTOCOLS:
        return forced
    if environment.get("TERM", "") == "dumb":
        return None
    if "TMUX" in environment or environment.get("TERM", "").startswith("screen"):
        return "blocks"  # they pass no pictures through
    named = {environment.get("TERM_PROGRAM"), environment.get("LC_TERMINAL")}
    if "KITTY_WINDOW_ID" in environment or environment.get("TERM") in _KITTY or "ghostty" in named:
        return "kitty"
    if named & {*_ITERM, "iTerm2"}:
        return "iterm"
    return "sixel" if ask and _has_sixel() else "blocks"


def has_true_colour(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the terminal has 24-bit colours, by what it says of itself."""
    said = environment.get("COLORTERM", "") in ("truecolor", "24bit")
    return said or environment.get("TERM", "").endswith("-direct")


def _has_sixel() -> bool:
    """Return whether the terminal names Sixel (4) among its attributes, which all report."""
    found = re.search(rb"\x1b\[\?([0-9;]*)c", terminal.ask(b"\x1b[c", b"c"))
    return found is not None and b"4" in found[1].split(b";")


def escape_sequence(png: bytes, protocol: str) -> str:
    r"""Return what shows a PNG, by the protocol of iTerm2 or of kitty.

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
