"""What the tests of README and manual share: the texts, their blocks, and a reader's folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from imgconv.jobs.samples import write_samples

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TOPICS = sorted((ROOT / "imgconv" / "manual").glob("*.md"))
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "ARCHITECTURE.md", *TOPICS]


def topic(name: str) -> str:
    """Give the text of a topic."""
    return (ROOT / "imgconv" / "manual" / f"{name}.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    """Give the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def make_folder(place: Path) -> Path:
    """Make a folder as a reader has it: photographs, samples, and `imgconv` on the path."""
    write_samples(place / "photos")
    (place / "sample_images").symlink_to(ROOT / "sample_images")
    return add_program(place)


def add_program(place: Path) -> Path:
    """Put `imgconv` into the virtual environment of a folder."""
    program = place / ".venv" / "bin" / "imgconv"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m imgconv "$@"\n')
    program.chmod(0o755)
    return place


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run commands in a folder, stopping at the first that fails."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": f"{folder}/.venv/bin:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
