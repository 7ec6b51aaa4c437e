"""Names and messages from YAML, files and folders act on nobody who prints or reads them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from cli.program import save

HOSTILE = [
    "a\n::error file=secret::PWNED.png",
    "::error file=secret::PWNED.png",
    "b\x1b[31mRED\x07.png",
    "c ##[error]PWNED.png",
    "d\u202egnp.png",
    "e<script><b>&amp;\"'.png",
    "f%0A::error::x.png",
    "g\r::stop-commands::x.png",
]
COMMAND = re.compile(r"\s*::|.*##\[")
"""How a runner of GitHub finds a command in a line: after blanks, or in the old form anywhere."""


def acts(text):
    """Return the lines that a runner would obey, and characters that a terminal would."""
    lines = [line for line in re.split(r"[\r\n]", text) if COMMAND.match(line)]
    return lines, [char for char in text if not (char.isprintable() or char == "\n")]


def workflow_commands(text):
    """Read workflow commands as a runner does: properties and message, unescaped."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
        assert match, line
        properties = dict(part.split("=", 1) for part in match[2].split(","))
        found.append((match[1], properties, match[3]))
    return found


@pytest.fixture
def folders(tmp_path, gray):
    """Give two folders in which all names are hostile, and every pair differs."""
    for folder, image in (("a", gray), ("b", gray[:, ::-1])):
        (tmp_path / folder).mkdir()
        for name in HOSTILE:
            save(tmp_path / "plain.png", image).rename(tmp_path / folder / name)
    return tmp_path


@pytest.fixture(autouse=True)
def _no_actions(monkeypatch):
    for name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


def test_a_terminal_and_a_log_show_them(run, folders):
    done = run("diff", "a", "b")
    assert done.code == 1
    assert acts(done.out.decode()) == ([], [])
    assert done.out.count(b"different: ") == len(HOSTILE)
    for name in HOSTILE[:3]:
        (folders / "a" / name).unlink()
    done = run("diff", "a", "b")
    assert acts(done.out.decode()) == ([], [])


def test_annotations_are_one_command_for_each(run, folders):
    done = run("diff", "a", "b", "--quiet", "--annotate", "always")
    commands = workflow_commands(done.err)
    assert len(commands) == len(HOSTILE)
    for kind, properties, message in commands:
        assert kind == "error"
        assert properties.keys() == {"file", "title"}
        assert acts(message.replace("%0A", "\n").replace("%25", "%")) == ([], [])


def test_junit_is_xml_and_has_them_visible(run, folders):
    run("diff", "a", "b", "--junit", "j.xml", "--quiet")
    cases = list(ET.parse(folders / "j.xml").getroot().iter("testcase"))
    assert len(cases) == len(HOSTILE)
    assert all(acts(case.get("name")) == ([], []) for case in cases)


def test_the_page_has_them_as_text(run, folders):
    run("diff", "a", "b", "--html", "r.html", "--quiet")
    page = (folders / "r.html").read_text()
    assert page.count("</script>") == 2
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    names = [entry["name"] for entry in json.loads(data[1])["entries"]]
    assert len(names) == len(HOSTILE)
    assert all(acts(name) == ([], []) for name in names)


def test_the_job_summary_has_no_markup_of_them(run, folders, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folders / "summary.md"))
    (folders / "summary.md").write_text("earlier step\n")
    run("diff", "a", "b", "--quiet")
    text = (folders / "summary.md").read_text()
    assert text.startswith("earlier step\n### :x: imgconv diff: 8 pairs: 0 same, 8 different")
    assert text.count("<details>") == len(HOSTILE)
    assert "<b>" not in text
    assert "<script>" not in text
    assert acts(text) == ([], [])
    assert "\U0001f7e5" in text  # the map of the change


CASE = """version: 1
goldens: goldens
cases:
  - name: inj
    actual: "no\\n::error file=secret::PWNED\\n::stop-commands::x\\n\\e[31mRED.png"
"""


@pytest.mark.parametrize(
    "words", [["record"], ["check"], ["check", "--annotate", "always"], ["list"], ["accept", "inj"]]
)
def test_what_stands_in_golden_yaml_is_shown(run, tmp_path, words):
    (tmp_path / "golden.yaml").write_text(CASE)
    done = run("golden", *words)
    said = done.out.decode() + done.err
    commands = [line for line in said.splitlines() if line.startswith("::")]
    assert len(commands) == ("always" in words)
    rest = "\n".join(line for line in said.splitlines() if line not in commands)
    assert acts(rest) == ([], [])
    assert "PWNED" in rest


def test_what_a_command_says_is_shown(run, tmp_path):
    import sys

    script = "import sys; sys.exit('\\x1b[31m::error::PWNED')"
    (tmp_path / "golden.yaml").write_text(
        "version: 1\ngoldens: goldens\ncases:\n"
        f"  - {{name: c, command: ['{sys.executable}', -c, \"{script}\", '{{output}}']}}\n"
    )
    done = run("golden", "check", "--allow-commands")
    assert done.code == 4
    assert acts(done.out.decode()) == ([], [])
    assert "PWNED" in done.out.decode()


def test_an_environment_that_was_recorded_is_shown(run, golden_set, tmp_path, gray, photo):
    run("golden", "record")
    path = tmp_path / "goldens" / "sharp.json"
    record = json.loads(path.read_text())
    record["environment"]["opencv"] = "4\n::error::PWNED\x1b[31m"
    record["recipe"] = {"hash": "0" * 32, "text": "kernels: [x]\n::error: PWNED\x1b[0m"}
    path.write_text(json.dumps(record))
    save(photo, np.ascontiguousarray(gray[::-1]))
    done = run("golden", "check")
    assert acts(done.out.decode()) == ([], [])
    assert done.out.decode().count("PWNED") == 2


HOSTILE_BANK = """
kernels:
  evil:
    description: "x\\e[31mRED\\a \\e]0;title\\a\\n::error ::PWNED"
    source: "\\e]52;c;AAAA\\a \\u202e"
    orientation: "\\e[2J"
    weights: [[1, 2, 1]]
    tags: ["\\e[7m"]
  evil_set:
    description: "\\e[5m\\r::error ::PWNED"
    source: "##[error]PWNED"
    combine: max
    set: [evil, evil]
"""
COMMANDS = [
    ("kernels", "show", "evil"), ("kernels", "show", "evil_set"), ("kernels", "list"),
    ("kernels", "check"), ("kernels", "identify", "1 2 1"),
    ("apply", "in.png", "out.png", "-k", "evil", "-v"),
    ("explain", "in.png", "-k", "evil", "--at", "2,3"), ("compare", "in.png", "-k", "evil"),
    ("sheet", "in.png", "sheet.png", "-k", "evil"), ("doctor",),
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_stands_in_a_bank_is_shown(run, tmp_path, monkeypatch, gray, words):
    save(tmp_path / "in.png", gray)
    (tmp_path / "bank.yaml").write_text(HOSTILE_BANK)
    monkeypatch.setenv("IMGCONV_KERNELS", "bank.yaml")
    done = run(*words)
    assert acts(done.out.decode()) == ([], [])
    assert acts(done.err) == ([], [])
    if words[1:2] == ("show",):
        assert done.code == 0
        assert "\\x1b[" in done.out.decode()


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.sampled(3)
def test_names_of_pictures_are_shown(run, tmp_path, gray, name):
    path = save(tmp_path / "plain.png", gray).rename(tmp_path / name)
    data = path.read_bytes()
    for words in (
        ("apply", name, "out.tif", "-v"), ("apply", name, f"out-{name}", "-v"),
        ("compare", name, "-k", "blur"), ("explain", name, "-k", "blur", "--at", "2,3"),
        ("batch", name, "-k", "blur", "out"), ("batch", name, "-k", "blur", "out", "--dry-run"),
    ):  # fmt: skip
        done = run(*words)
        assert acts(done.out.decode()) == ([], []), words
        assert acts(done.err) == ([], []), words
    path.write_bytes(data[: len(data) // 2])
    done = run("apply", name, "half.tif", "--salvage")
    assert done.code == 0
    assert acts("\n".join(line for line in done.err.splitlines() if "damaged" in line)) == ([], [])
