"""The texts of the short help, ``-h``, and the topic of the manual that a help names."""

from __future__ import annotations

import click

_TEXTS = {
    "--kernel STEP": "A kernel or another step: sharpen, gaussian:sigma=1.4, median:5, "
    "'0 -1 0; -1 5 -1; 0 -1 0', ./k.txt. May be repeated.",
    "--gray [METHOD]": "Convert to gray first.",
    "--padding MODE": "Pixels outside: constant, replicate, reflect, reflect101 (default) or wrap.",
    "--range RANGE": "Values below 0 and above white: saturate (default), abs, offset, rescale "
    "or full.",
    "--depth DEPTH": "Type of the output: u8, u16, i16 or f32.",
    "--overwrite": "Replace files that exist.",
    "--recursive": "Include the subfolders.",
    "--jobs N": "How many at a time.",
    "--tolerance": "Preset of the limits: exact (default), loose or any.",
    "--ignore ROW,COL,ROWS,COLS": "A rectangle that does not count.",
    "--out FILE": "Write what differs as a picture.",
    "--html FILE|DIR": "Write a page with the pictures.",
    "--dry-run": "Show what would be done.",
    "--tolerance LEVELS": "Greatest difference that passes; 1 by default.",
    "--diff FILE": "Write the difference as a picture.",
    "--report FILE": "Write a page with both results.",
    "--at ROW,COL": "The output pixel to explain.",
    "--gif FILE": "Write an animation of the moving window.",
    "--html FILE": "Write a page to explore.",
    "--weights FILE[#NAME]": "Weights of the layer.",
    "--kernel KERNEL": "A kernel for every channel. May be repeated.",
    "--padding P": "valid, same or an amount.",
}
"""Texts by the long name of an option and what its help calls the value."""


def brief_of(option: click.Parameter) -> str | None:
    """Return the text of an option in the short help, or None where it is not there."""
    keys = (f"{name} {option.metavar}" if option.metavar else name for name in option.opts)
    return next((_TEXTS[key] for key in keys if key in _TEXTS), None)


_TOPICS = {
    "apply": "start",
    "samples": "start",
    "gray": "tone",
    "binarize": "tone",
    "batch": "folders",
    "manifest": "folders",
    "compare": "compare",
    "diff": "diff",
    "recover": "recover",
    "explain": "explain",
    "sheet": "explain",
    "layer": "layers",
    "kernels": "kernels",
    "golden": "goldens",
    "doctor": "exactness",
}


def topic_of(command_path: str) -> str | None:
    """Return the topic for a command (``imgconv kernels show``), or None where there is none."""
    from imgconv.io.manual import topics

    words = command_path.split()
    topic = _TOPICS.get(words[1]) if len(words) > 1 else None
    return topic if topic in topics() else None
