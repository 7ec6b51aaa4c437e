"""The manual is true: its commands run in order, its Python prints what it says, its links lead."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil

import pytest
from manual.reader import (
    PAGES,
    README,
    ROOT,
    TOPICS,
    add_program,
    blocks,
    make_folder,
    shell,
    topic,
)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def folder(samples, tmp_path):
    """Give a reader's folder of its own; the photographs are not written again."""
    shutil.copytree(samples / "photos", tmp_path / "photos", copy_function=os.link)
    (tmp_path / "sample_images").symlink_to(ROOT / "sample_images")
    return add_program(tmp_path)


WITH_COMMANDS = [path for path in TOPICS if blocks(path.read_text(), "sh")]


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: path.stem)
@pytest.mark.sampled(6)
def test_commands_run_one_after_the_other(folder, path):
    """As a reader types them: nothing is removed in between, so no name may be taken twice."""
    before = {p.name for p in (folder / "photos").iterdir()}
    done = shell("\n".join(blocks(path.read_text(), "sh")), folder)
    assert done.returncode == 0, done.stderr
    assert {p.name for p in (folder / "photos").iterdir()} == before


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: path.stem)
def test_python_prints_what_is_written(path):
    failures, _ = doctest.testfile(str(path), module_relative=False)
    assert failures == 0


def anchors(text: str) -> set[str]:
    """Give the anchors of headings, as GitHub makes them."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)]+)\)", prose):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: path.stem)
def test_a_topic_has_a_title_and_a_summary_of_one_sentence(path):
    title, summary, *_ = path.read_text().split("\n\n")
    assert title.startswith("# ")
    assert re.fullmatch(r"[^.]+\.", summary.replace("\n", " ").replace("G'MIC", "GMIC"))
    assert len(summary) <= 120


def test_the_readme_names_every_topic_in_the_order_of_the_manual():
    from imgconv.io.manual import topics

    linked = re.findall(r"\]\(imgconv/manual/([a-z-]+)\.md\)", README.read_text())
    assert linked == list(topics())
    assert len(topics()) == len(TOPICS)


def test_the_bank_file_of_the_manual_is_sound(tmp_path):
    from imgconv.io.kernels.bank_lint import lint

    path = tmp_path / "mine.yaml"
    path.write_text(blocks(topic("kernels"), "yaml")[0])
    findings, count = lint(path)
    assert count == 1
    assert [f.level for f in findings if f.level != "note"] == []


def test_the_failure_that_the_manual_quotes(folder):
    block = next(b for b in blocks(topic("goldens"), "sh") if "golden record" in b)
    assert shell(block, folder).returncode == 0
    spoil = "sed -i 's/replicate/wrap/' golden.yaml && imgconv golden check sharpen-camera"
    done = shell(spoil, folder)
    assert done.returncode == 1
    quoted = next(b for b in blocks(topic("goldens"), "text") if b.startswith("failed: "))
    assert done.stdout.startswith(quoted)


def test_the_line_quoted_from_compare(camera):
    from imgconv.cli.compare import one_line
    from imgconv.io.config.recipes import recipe_from
    from imgconv.ops.compare.compare import compare

    said = one_line(compare(camera, recipe_from({"kernels": ["laplacian_9"]})))
    assert said.split("(")[1] in blocks(topic("compare"), "text")[0]


def commands_of_tables():
    """Give the commands in the last column of the table of other tools."""
    rows = [row.split(" | ") for row in topic("other-tools").splitlines() if row.startswith("| `")]
    return [row[-1].strip(" |`") for row in rows]


def test_what_one_writes_here_instead_on_the_command_line(run, tmp_path, photo):
    (tmp_path / "k.mat").write_text("3 3 5 0\n0 1 0\n1 1 1\n0 1 0\n")
    (tmp_path / "photos").mkdir()
    for name in ("in.png", "photos/in.png"):
        (tmp_path / name).write_bytes(photo.read_bytes())
    commands = [c for c in commands_of_tables() if c.startswith("imgconv ")]
    assert len(commands) > 10
    for command in commands:
        done = run(*shlex.split(command)[1:])
        assert done.code == 0, (command, done.err)
        (tmp_path / "out.png").unlink(missing_ok=True)


def test_what_one_writes_here_instead_in_python():
    import numpy as np

    import imgconv

    color = np.arange(7 * 9 * 3, dtype=np.uint8).reshape(7, 9, 3)
    values = {"imgconv": imgconv, "image": color, "gray": color[..., 0].copy()}
    values["kernel"] = [[0, 1, 0], [1, 2, 1], [0, 1, 0]]
    commands = [c for c in commands_of_tables() if not c.startswith("imgconv ")]
    assert len(commands) > 5
    for command in commands:
        assert eval(command, values) is not None
