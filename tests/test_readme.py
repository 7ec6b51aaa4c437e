"""The README is true: its commands run, its Python prints what it says."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from imgconv.jobs.samples import write_samples

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
QUICK_START = README.split("## Quick start")[1].split("\n## ")[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder as the README's reader has it, with `imgconv` on the path."""
    place = tmp_path_factory.mktemp("reader")
    write_samples(place / "photos")
    (place / "sample_images").symlink_to(ROOT / "sample_images")
    program = place / ".venv" / "bin" / "imgconv"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m imgconv "$@"\n')
    program.chmod(0o755)
    return place


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{folder}/.venv/bin:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_quick_start_has_two_commands():
    setup, tests = blocks(QUICK_START, "sh")
    assert len(blocks(QUICK_START, "[a-z]*")) == 2
    assert setup.startswith("python3 -m venv .venv && .venv/bin/pip install --quiet . &&")
    assert tests.strip().endswith("bin/pytest")


def test_quick_start_runs(folder):
    """Everything after the installation, which CI does for real."""
    command = blocks(QUICK_START, "sh")[0].partition("&&\n")[2]
    done = shell(command, folder)
    assert done.returncode == 0, done.stderr
    assert "equal to cv2.filter2D at all 262144 pixels" in done.stderr
    assert {"sharp.png", "smooth.png"} <= {path.name for path in (folder / "photos").iterdir()}


@pytest.mark.parametrize(
    "block", blocks(README.replace(QUICK_START, ""), "sh"), ids=lambda b: b[:40]
)
def test_commands_run(folder, block):
    for path in folder.iterdir():
        if path.is_file() and path.name != "edges.yaml":
            path.unlink()
    done = shell(block, folder)
    accepted = (0, 1) if "--against naive" in block else (0,)
    assert done.returncode in accepted, done.stderr


def test_the_bank_file_of_the_readme_is_sound(tmp_path):
    from imgconv.io.kernels.bank_lint import lint

    path = tmp_path / "mine.yaml"
    path.write_text(blocks(README, "yaml")[0])
    findings, count = lint(path)
    assert count == 1
    assert [f.level for f in findings if f.level != "note"] == []


def test_the_least_golden_set_and_the_failure_it_quotes(folder, tmp_path):
    block = next(b for b in blocks(README, "sh") if "golden record" in b)
    (tmp_path / "photos").symlink_to(folder / "photos")
    (tmp_path / ".venv").symlink_to(folder / ".venv")
    assert shell(block, tmp_path).returncode == 0
    spoil = "sed -i 's/replicate/wrap/' golden.yaml && imgconv golden check sharpen-camera"
    done = shell(spoil, tmp_path)
    assert done.returncode == 1
    quoted = next(b for b in blocks(README, "text") if b.startswith("failed: "))
    assert done.stdout.startswith(quoted)


def recipes():
    """Give the workflow and the hooks that the README has for other repositories."""
    import yaml

    documents = [yaml.safe_load(block) for block in blocks(README, "yaml")]
    (workflow,) = (d for d in documents if "jobs" in d)
    (hooks,) = (d for d in documents if "repos" in d)
    return workflow["jobs"]["goldens"]["steps"], hooks["repos"][0]["hooks"][0]


def test_the_workflow_and_the_hook_run_as_written(folder, tmp_path):
    steps, hook = recipes()
    install, check = (step["run"] for step in steps if "run" in step)
    assert install == "pip install imgconv"
    (tmp_path / ".venv").symlink_to(folder / ".venv")
    picture = folder / "photos" / "camera.png"
    (tmp_path / "camera.png").write_bytes(picture.read_bytes())
    case = "cases: [{name: a, input: camera.png, recipe: {kernels: [blur]}}]"
    (tmp_path / "golden.yaml").write_text(f"version: 1\ngoldens: goldens\n{case}\n")
    assert shell("imgconv golden record", tmp_path).returncode == 0
    assert shell(hook["entry"], tmp_path).returncode == 0
    (tmp_path / "camera.png").write_bytes(picture.with_name("moon.png").read_bytes())
    done = shell(f"export GITHUB_ACTIONS=true GITHUB_WORKSPACE=$PWD; {check}", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("::error file=golden.yaml,line=3,")
    assert shell(hook["entry"], tmp_path).returncode == 1
    (upload,) = (step for step in steps if "upload-artifact" in step.get("uses", ""))
    assert upload["if"] == "failure()"
    for path in upload["with"]["path"].split():
        assert (tmp_path / path).exists(), path


def test_python():
    failures, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert tried > 0
    assert failures == 0


def test_the_line_quoted_from_compare(camera):
    from imgconv.cli.compare import one_line
    from imgconv.io.config.recipes import recipe_from
    from imgconv.ops.compare.compare import compare

    said = one_line(compare(camera, recipe_from({"kernels": ["laplacian_9"]})))
    assert said.split("(")[1] in blocks(README, "text")[0]
