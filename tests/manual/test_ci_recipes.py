"""The recipes of the manual for CI services, run step by step as each service does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import xmlschema
import yaml
from actionlint import lint
from cli.program import save
from manual.reader import ROOT, add_program, blocks, shell, topic

CASE = "cases: [{name: a, input: camera.png, recipe: {kernels: [blur]}}]"


@pytest.fixture
def repository(tmp_path, gray):
    """Give a folder with a recorded golden, and the programs that a recipe installs with."""
    add_program(tmp_path)
    save(tmp_path / "camera.png", gray)
    (tmp_path / "golden.yaml").write_text(f"version: 1\ngoldens: goldens\n{CASE}\n")
    assert shell("imgconv golden record", tmp_path).returncode == 0
    for name in ("pip", "apt-get", "python3"):
        program = tmp_path / ".venv" / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{tmp_path}/installed"\n')
        program.chmod(0o755)
    return tmp_path


def spoil(repository, gray):
    save(repository / "camera.png", gray[::-1].copy())


def run_steps(repository: Path, commands: list[str], **environment: str):
    """Run commands until one fails, as services do; give the last one's result."""
    settings = "".join(f"export {k}={shlex.quote(v)}; " for k, v in environment.items())
    for command in commands:
        done = shell(settings + command, repository)
        if done.returncode:
            break
    return done


def check_reports(repository: Path, *, failed: bool):
    assert (repository / "report" / "index.html").exists()
    assert (repository / "failures").exists() is failed
    schema = xmlschema.XMLSchema(ROOT / "tests" / "golden" / "junit.xsd")
    schema.validate(repository / "junit.xml")


def documents():
    return [yaml.safe_load(block) for block in blocks(topic("ci"), "yaml")]


def test_github(repository, gray):
    (workflow,) = (d for d in documents() if "jobs" in d)
    steps = workflow["jobs"]["goldens"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    github = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(repository)}
    github["GITHUB_STEP_SUMMARY"] = str(repository / "summary.md")
    assert run_steps(repository, commands, **github).returncode == 0
    assert (repository / "installed").read_text() == "pip install imgconv\n"
    spoil(repository, gray)
    done = run_steps(repository, commands, **github)
    assert done.returncode == 1
    assert done.stderr.startswith("::error file=golden.yaml,line=3,")
    assert "\U0001f7e5" in (repository / "summary.md").read_text()
    (upload,) = (step for step in steps if "upload-artifact" in step.get("uses", ""))
    assert upload["if"] == "failure()"
    for path in upload["with"]["path"].split():
        assert (repository / path).exists(), path
    check_reports(repository, failed=True)


@pytest.mark.thorough
def test_gitlab(repository, gray):
    (job,) = (d["goldens"] for d in documents() if "goldens" in d)
    assert run_steps(repository, job["script"], GITLAB_CI="true").returncode == 0
    check_reports(repository, failed=False)
    spoil(repository, gray)
    assert run_steps(repository, job["script"], GITLAB_CI="true").returncode == 1
    check_reports(repository, failed=True)
    kept = job["artifacts"]
    assert (kept["when"], kept["reports"]) == ("always", {"junit": "junit.xml"})
    for path in kept["paths"]:
        assert (repository / path).exists(), path
    assert set(job) == {"image", "script", "artifacts"}
    assert set(kept) == {"when", "expose_as", "paths", "reports"}


@pytest.mark.thorough
def test_jenkins(repository, gray):
    (text,) = blocks(topic("ci"), "groovy")
    assert text.count("{") == text.count("}")
    commands = re.findall(r"\bsh '([^']*)'", text)
    assert len(commands) == 2
    assert run_steps(repository, commands, JENKINS_URL="http://ci").returncode == 0
    spoil(repository, gray)
    assert run_steps(repository, commands, JENKINS_URL="http://ci").returncode == 1
    check_reports(repository, failed=True)
    (junit,) = re.findall(r"junit '([^']*)'", text)
    assert (repository / junit).exists()
    (artifacts,) = re.findall(r"artifacts: '([^']*)'", text)
    for pattern in artifacts.split(", "):
        assert list(repository.glob(f"{pattern}/*")), pattern


def test_the_hook(repository, gray):
    (hooks,) = (d["repos"][0]["hooks"] for d in documents() if "repos" in d)
    (hook,) = hooks
    assert shell(hook["entry"], repository).returncode == 0
    spoil(repository, gray)
    assert shell(hook["entry"], repository).returncode == 1


def test_actionlint_finds_nothing_in_the_workflow():
    (text,) = (block for block in blocks(topic("ci"), "yaml") if "\njobs:" in block)
    assert lint(text) == []
    assert lint(text.replace("runs-on", "run-on")), "it finds a wrong key"
