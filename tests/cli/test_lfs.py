"""Git LFS pointers, as a checkout without `git lfs pull` has them, in place of pictures."""

from __future__ import annotations

import shutil

import pytest
from cli.golden_sets import SET, tree
from cli.program import assert_fails

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


@pytest.mark.parametrize("words", [["apply", "p.png", "o.png"], ["compare", "p.png", "-k", "blur"]])
def test_an_input_that_was_not_fetched(run, tmp_path, words):
    (tmp_path / "p.png").write_text(POINTER)
    assert_fails(run(*words), 4, "p.png: this is a Git LFS pointer", "run git lfs pull")


def test_sides_of_a_comparison_that_were_not_fetched(run, tmp_path, photo):
    (tmp_path / "p.png").write_text(POINTER)
    shutil.copy(tmp_path / "p.png", tmp_path / "q.png")
    for pair in (["p.png", photo], [photo, "p.png"], ["p.png", "q.png"]):
        done = run("diff", *pair)
        assert done.code == 4
        assert "this is a Git LFS pointer, not the file\n  run git lfs pull" in done.out.decode()


@pytest.mark.parametrize("suffix", ["png", "json"])
def test_a_golden_that_was_not_fetched_is_never_replaced(run, golden_set, tmp_path, suffix):
    run("golden", "record")
    (tmp_path / "goldens" / f"sharp.{suffix}").write_text(POINTER)
    golden_set.write_text(SET.replace("replicate", "wrap"))
    before = tree(tmp_path / "goldens")
    done = run("golden", "check")
    assert done.code == 1
    said = done.out.decode()
    assert "Git LFS pointer" in said.splitlines()[0]
    assert said.splitlines()[1] == "  run git lfs pull"
    assert "accept" not in said
    for words in (["record"], ["accept", "sharp"], ["accept", "--all", "--prune"]):
        assert_fails(run("golden", *words), 5, "this is a Git LFS pointer", "run git lfs pull")
    if suffix == "json":
        assert_fails(run("golden", "adopt", "sharp"), 5, "Git LFS pointer")
    assert tree(tmp_path / "goldens") == before


def test_an_input_of_a_case_that_was_not_fetched(run, golden_set, photo):
    run("golden", "record")
    photo.write_text(POINTER)
    done = run("golden", "check")
    assert done.code == 4
    assert "photo.png: this is a Git LFS pointer" in done.out.decode()


def test_other_texts_are_no_pointers(run, tmp_path):
    for text in ("version https://git-lfs.github.com/spec/v1\n", "version 1\n", ""):
        (tmp_path / "p.png").write_text(text)
        assert_fails(run("apply", "p.png", "o.png"), 4, "not an image")
