"""The workflows and the container: what a linter and the rules of their makers ask for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from actionlint import lint

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
NEWER_LABELS = {"ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "macos-15-intel"}
"""Of runners that GitHub has, and the linter of 2022 does not know."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def jobs(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text())["jobs"])


def test_there_are_two():
    assert [path.stem for path in WORKFLOWS] == ["ci", "release"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actionlint_finds_nothing_but_labels_that_are_newer(path):
    unknown = re.compile(r'label "([^"]+)" is unknown')
    found = [(unknown.match(message), message) for message in lint(path.read_text())]
    assert [words for label, words in found if label is None or label[1] not in NEWER_LABELS] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_little_ends_in_time_and_runs_what_is_there(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 90, name
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            assert "${{" not in step.get("run", ""), "an expression in a script could be run"
            for script in re.findall(r"(?:tests|\.ci)/[\w./-]+", step.get("run", "")):
                assert (ROOT / script).exists(), script


def test_publishing_needs_no_password_and_everything_else():
    release = jobs(ROOT / ".github/workflows/release.yml")
    publish = release.pop("publish")
    assert publish["permissions"] == {"id-token": "write"}
    assert set(publish["needs"]) == set(release)
    assert publish["if"] == "github.event_name == 'release'"
    assert not any("permissions" in job for job in release.values())
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text()


def test_wheels_are_built_for_every_system_and_python():
    settings = PROJECT["tool"]["cibuildwheel"]
    assert settings["build"] == ["cp311-*", "cp312-*"]
    assert PROJECT["tool"]["scikit-build"]["wheel"]["py-api"] == "cp312"
    systems = jobs(ROOT / ".github/workflows/release.yml")["wheels"]["strategy"]["matrix"]["system"]
    kinds = {system.partition("-")[0] for system in systems}
    assert kinds == {"ubuntu", "macos", "windows"}
    assert settings["manylinux-x86_64-image"] == settings["manylinux-aarch64-image"]
    for part in (settings, settings["macos"], settings["windows"]):
        assert part["environment"]["IMGCONV_REQUIRE_NATIVE"] == "1"


def test_classifiers_name_what_ci_runs():
    named = {
        words.rpartition(" ")[2]
        for words in PROJECT["project"]["classifiers"]
        if words.startswith("Programming Language :: Python :: 3.")
    }
    run = jobs(ROOT / ".github/workflows/ci.yml")["systems"]["strategy"]["matrix"]["python"]
    assert set(run) <= named
    assert min(run) == PROJECT["project"]["requires-python"].removeprefix(">=")


def instructions() -> list[tuple[str, str]]:
    """Give the instructions of the Dockerfile with their arguments, each on one line."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    lines = [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip()]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def test_the_container_has_the_wheel_alone_and_no_root():
    found = instructions()
    last = found[len(found) - 1 - [word for word, _ in reversed(found)].index("FROM") :]
    copies = [rest for word, rest in last if word == "COPY"]
    assert copies == ["--from=build /opt/imgconv /opt/imgconv"]
    users = [rest for word, rest in last if word == "USER"]
    assert users
    assert users[-1].isdigit(), "Kubernetes' runAsNonRoot wants a number"
    assert int(users[-1]) >= 10_000
    assert ("ENTRYPOINT", '["imgconv"]') in last
    assert not any("apt-get" in rest for _, rest in last)
    for word, rest in found:
        if word == "COPY" and not rest.startswith("--from"):
            assert all((ROOT / name).exists() for name in rest.split()[:-1])


def test_the_form_of_a_report_names_commands_that_there_are(run):
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/bug.yml").read_text())
    assert form.keys() == {"name", "description", "labels", "body"}
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    assert run("doctor").code == 0
    assert "IMGCONV_DEBUG" in (ROOT / "imgconv/cli/main.py").read_text()
