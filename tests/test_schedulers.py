"""The examples for schedulers in the manual, each run or checked as far as it can be here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cli.batches import make_tree, rows, tree
from manual.reader import topic

from imgconv import filter_folder

SECTION = topic("clusters")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a folder with pictures, what a plain run makes of them, and `imgconv` on the path."""
    make_tree(tmp_path / "raw", [f"{i % 3}/{i}.png" for i in range(7)])
    filter_folder(tmp_path / "raw", tmp_path / "calm", kernels=["sharpen"])
    program = tmp_path / "bin" / "imgconv"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m imgconv "$@"\n')
    program.chmod(0o755)
    return tmp_path


def run(place: Path, *words: str, **variables: str) -> None:
    path = f"{place / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        words,
        cwd=place,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_slurm_array(place):
    (place / "sharpen.sh").write_text(block("bash"))
    for index in ("1", "2", "3"):
        array = {"SLURM_ARRAY_TASK_ID": index, "SLURM_ARRAY_TASK_MAX": "3"}
        run(place, "bash", "sharpen.sh", RAW="raw", DONE="done", **array)
    assert tree(place / "done") == tree(place / "calm")


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.thorough
def test_the_makefile(place):
    (place / "Makefile").write_text(block("make"))
    run(place, "make", "-j", "2", "RAW=raw", "DONE=done")
    assert tree(place / "done") == tree(place / "calm")
    assert len(rows(place / "done")) == 7


@pytest.mark.thorough
def test_the_kubernetes_job(place):
    job = yaml.safe_load(block("yaml"))
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    (script,) = container["args"]
    assert script.endswith(f"/{spec['completions']}")
    assert spec["completionMode"] == "Indexed"
    # The same script, with folders for the buckets.
    script = script.replace("s3://raw", "-r raw").replace("s3://done", "done").replace("/32", "/2")
    for index in ("0", "1"):
        run(place, *container["command"], script, JOB_COMPLETION_INDEX=index)
    assert tree(place / "done") == tree(place / "calm")


def test_the_kubernetes_job_fits_the_schema():
    validate = pytest.importorskip(
        "kubernetes_validate", reason="needs: pip install 'imgconv[test-services]'"
    )
    validate.validate(yaml.safe_load(block("yaml")), "1.31", strict=True)
