"""Which pictures a batch takes, and what it says of those that are not there or are in the way."""

from __future__ import annotations

import pytest
from cli.batches import make_tree, rows, tree
from cli.program import assert_fails

NAMES = ["a.png", "a_old.png", "raw/b.png", "raw/deep/c.png", "sub/raw.png"]


@pytest.fixture
def photos(tmp_path):
    return make_tree(tmp_path / "photos", NAMES)


EXCLUDED = [
    (["*_old*"], ["a.png", "raw/b.png", "raw/deep/c.png", "sub/raw.png"]),
    (["raw"], ["a.png", "a_old.png", "sub/raw.png"]),
    (["raw/"], ["a.png", "a_old.png", "sub/raw.png"]),
    (["raw/*"], ["a.png", "a_old.png", "raw/deep/c.png", "sub/raw.png"]),
    (["raw/**/*.png", "sub"], ["a.png", "a_old.png"]),
    (["A*"], NAMES),
]


@pytest.mark.parametrize(("patterns", "left"), EXCLUDED)
def test_what_is_excluded_is_not_done(run, photos, patterns, left):
    words = [word for pattern in patterns for word in ("--exclude", pattern)]
    done = run("batch", "-r", "photos", "out", "-k", "blur", "--dry-run", *words)
    assert done.code == 0
    lines = done.out.decode().splitlines()
    assert sorted(line.split(" -> out/")[1] for line in lines) == left


def test_a_run_excludes_too(run, photos, tmp_path):
    words = ("batch", "-r", "photos", "out", "-k", "blur", "-j", "1")
    assert run(*words, "--exclude", "raw").code == 0
    assert sorted(tree(tmp_path / "out")) == ["a.png", "a_old.png", "sub/raw.png"]
    assert_fails(run(*words, "--exclude", "*"), 6, "no pictures were found")


def test_a_source_that_is_not_there_makes_nothing(run, photos, tmp_path):
    done = run("batch", "nowhere", "out", "-k", "blur")
    assert_fails(done, 4, "nowhere: no such file or folder")
    assert not (tmp_path / "out").exists()
    done = run("batch", "nowhere", "photos/a.png", "out", "-k", "blur", "-j", "1")
    assert done.code == 1, "one of two is done"
    assert rows(tmp_path / "out")["a.png"]["status"] == "ok"


def test_an_output_that_was_edited_is_named_with_its_folder_and_a_remedy(run, photos, tmp_path):
    words = ("batch", "photos", "out", "-k", "blur", "-j", "1")
    assert run(*words).code == 0
    edited = tmp_path / "out" / "a.png"
    edited.write_bytes(edited.read_bytes() + b"mine")
    done = run(*words)
    assert done.code == 1
    said = "Failed: out/a.png was changed since a run wrote it (--overwrite replaces it)"
    assert said in done.err
    assert run(*words, "--overwrite").code == 0
