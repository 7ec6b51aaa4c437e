"""What other repositories use of this one: the GitHub Action and the pre-commit hook."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import yaml
from actionlint import lint
from cli.golden_sets import SET
from cli.program import save

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
WORKFLOW = """name: pictures
on: [push]
jobs:
  goldens:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: goldens
        uses: ./
        with: {arguments: "--config golden.yaml"}
      - if: failure()
        env: {CODE: "${{ steps.goldens.outputs.exit-code }}"}
        run: echo "$CODE"
"""


class Runner:
    """Runs the shell steps of the action one by one, as GitHub's runner does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.temp = folder, folder / "temp"
        self.temp.mkdir()
        programs = folder / "bin"
        programs.mkdir()
        python = shlex.quote(sys.executable)
        for name, words in (("imgconv", f"{python} -m imgconv"), ("python", python)):
            (programs / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (programs / name).chmod(0o755)
        self.output, self.summary = self.temp / "output", self.temp / "summary"

    def value(self, text: str, inputs: dict[str, str]) -> str:
        def resolved(match: re.Match[str]) -> str:
            name = match[1]
            if name == "runner.temp":
                return str(self.temp)
            given = name.removeprefix("inputs.")
            return inputs.get(given, ACTION["inputs"][given]["default"])

        return re.sub(r"\$\{\{ ([a-z.-]+) \}\}", resolved, text)

    def run(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        inputs = {"package": "pip", **{key.replace("_", "-"): v for key, v in inputs.items()}}
        for step in (step for step in ACTION["runs"]["steps"] if "run" in step):
            assert "${{" not in step["run"], "an input in a script could be run"
            settings = {k: self.value(v, inputs) for k, v in step["env"].items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.folder / self.value(step.get("working-directory", "."), inputs),
                env={
                    **os.environ,
                    **settings,
                    "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_WORKSPACE": str(self.folder),
                    "GITHUB_OUTPUT": str(self.output),
                    "GITHUB_STEP_SUMMARY": str(self.summary),
                },
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            if done.returncode:
                break
        return done


@pytest.fixture
def runner(tmp_path, golden_set):
    """Give a runner in a repository with goldens that are recorded."""
    made = Runner(tmp_path)
    words = [sys.executable, "-m", "imgconv", "golden", "record"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    return made


def test_the_action_checks_goldens_and_keeps_a_report(runner, golden_set):
    done = runner.run()
    assert done.returncode == 0, done.stderr
    assert runner.output.read_text() == "exit-code=0\n"
    assert ":white_check_mark: imgconv golden: 2 cases: 2 passed" in runner.summary.read_text()
    golden_set.write_text(SET.replace("replicate", "wrap"))
    done = runner.run(arguments="'sharp' --config \"golden.yaml\"")
    assert done.returncode == 1
    assert done.stderr.startswith("::error file=golden.yaml,line=4,title=golden failed%3A sharp::")
    assert runner.output.read_text().endswith("exit-code=1\n")
    assert "the recipe changed (padding: replicate to wrap)" in runner.summary.read_text()
    (upload,) = (s for s in ACTION["runs"]["steps"] if "upload-artifact" in s.get("uses", ""))
    kept = Path(runner.value(upload["with"]["path"], {}))
    assert {path.name for path in kept.iterdir()} == {"report.html", "junit.xml", "failures"}


@pytest.mark.thorough
def test_the_action_compares_folders(runner, tmp_path, gray):
    for folder in ("before", "after it"):
        (tmp_path / folder).mkdir()
        save(tmp_path / folder / "a.png", gray)
    words = "before 'after it' --tolerance loose"
    assert runner.run(command="diff", arguments=words).returncode == 0
    cv2.imwrite(str(tmp_path / "after it" / "a.png"), gray[::-1])
    assert runner.run(command="diff", arguments=words).returncode == 1


@pytest.mark.thorough
def test_the_action_runs_nothing_else(runner, tmp_path):
    done = runner.run(command="golden check; touch bad")
    assert (done.returncode, done.stderr) == (2, "command is 'golden check' or 'diff'\n")
    runner.run(arguments="$(touch bad); touch bad `touch bad`")
    runner.run(package="pip; touch bad")
    assert not (tmp_path / "bad").exists()


def test_every_input_is_used_and_described():
    text = (ROOT / "action.yml").read_text()
    for name, fields in ACTION["inputs"].items():
        assert f"inputs.{name} " in text
        assert fields["description"]


def test_the_hook_runs_as_written(runner, tmp_path, golden_set):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["language"], hook["pass_filenames"]) == (
        "imgconv-golden", "python", False
    )  # fmt: skip
    words = [sys.executable, "-m", *hook["entry"].split()]
    assert subprocess.run(words, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    golden_set.write_text(SET.replace("replicate", "wrap"))
    assert subprocess.run(words, cwd=tmp_path, check=False, capture_output=True).returncode == 1


def as_workflow():
    """Write the action as a workflow with the same inputs and steps, which actionlint reads."""
    inputs = {
        name: {"description": fields["description"], "type": "string", "default": "x"}
        for name, fields in ACTION["inputs"].items()
    }
    steps = {"runs-on": "ubuntu-latest", "steps": ACTION["runs"]["steps"]}
    workflow = {"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"imgconv": steps}}
    return yaml.safe_dump(workflow, sort_keys=False)


def test_actionlint_finds_nothing():
    assert lint(WORKFLOW) == []
    assert "failur" in lint(WORKFLOW.replace("if: failure()", "if: failur()"))[0]
    assert lint(as_workflow()) == []
    assert "packag" in lint(as_workflow().replace("inputs.package ", "inputs.packag "))[0]


def test_the_workflow_gives_inputs_that_the_action_has():
    (step,) = (
        step
        for step in yaml.safe_load(WORKFLOW)["jobs"]["goldens"]["steps"]
        if step.get("uses") == "./"
    )
    assert step["with"].keys() <= ACTION["inputs"].keys()


def test_the_action_has_the_form_that_github_asks_for():
    """By the fields that docs.github.com lists for metadata of composite actions."""
    assert ACTION.keys() == {"name", "description", "branding", "inputs", "outputs", "runs"}
    assert ACTION["runs"].keys() == {"using", "steps"}
    assert ACTION["runs"]["using"] == "composite"
    for fields in ACTION["inputs"].values():
        assert fields.keys() <= {"description", "required", "default", "deprecationMessage"}
    for fields in ACTION["outputs"].values():
        assert fields.keys() == {"description", "value"}
    for step in ACTION["runs"]["steps"]:
        assert ("run" in step) != ("uses" in step)
        assert ("run" in step) <= ("shell" in step), "GitHub wants a shell for each"
        assert step.keys() <= {
            "run", "shell", "if", "name", "id", "env", "working-directory", "uses", "with",
            "continue-on-error",
        }  # fmt: skip
