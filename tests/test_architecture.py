"""The layers import downward only, and the versions agree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_import_contracts():
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_versions_agree():
    from importlib import metadata

    import imgconv

    assert metadata.version("imgconv") == imgconv.__version__
    assert f"## {imgconv.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_public_names_exist_and_are_documented():
    import imgconv

    for name in imgconv.__all__:
        value = getattr(imgconv, name)
        assert name in dir(imgconv)
        assert name == "__version__" or value.__doc__, name
