"""`imgconv diff`: two pictures and two folders, as a CI uses them."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, save, written
from golden.defects import DEFECTS, deep


@pytest.fixture
def pair(tmp_path, rgb):
    """Give two equal pictures."""
    return save(tmp_path / "a.png", rgb), save(tmp_path / "b.png", rgb)


def first_line(done):
    return done.out.decode().splitlines()[0]


def test_equal_pictures_are_the_same_however_they_are_packed(run, pair):
    done = run("diff", *pair)
    assert (done.code, done.out, done.err) == (0, b"same: b.png: every pixel is equal\n", "")
    cv2.imwrite(str(pair[1]), written(pair[1]), [cv2.IMWRITE_PNG_COMPRESSION, 0])
    assert pair[0].read_bytes() != pair[1].read_bytes()
    assert run("diff", *pair).code == 0
    assert run("diff", *pair, "--quiet").out == b""


@pytest.mark.parametrize("name", DEFECTS)
def test_a_seeded_defect_has_the_verdict_that_goldens_give(run, tmp_path, name, camera, astronaut):
    photograph, damage, cause, differing = DEFECTS[name]
    expected = {"gray": camera, "rgb": astronaut, "deep": deep(camera)}[photograph]
    a, b = save(tmp_path / "a.png", expected), save(tmp_path / "b.png", damage(expected))
    done = run("diff", a, b, "--json")
    (result,) = json.loads(done.out)["results"]
    assert (done.code, result["status"]) == (1, "different")
    assert result["causes"][0]["name"] == cause
    if differing is not None:
        assert result["differing_pixels"] == differing


@pytest.mark.parametrize(
    ("name", "least"),
    [("shift right", 99), ("channels", 100), ("gamma", 99.9), ("border", 100),
     ("left and right", 100), ("+1", 100)],
)  # fmt: skip
def test_undoing_a_cause_says_how_much_it_explains(run, tmp_path, camera, astronaut, name, least):
    photograph, damage, cause, _ = DEFECTS[name]
    expected = {"gray": camera, "rgb": astronaut}[photograph]
    a, b = save(tmp_path / "a.png", expected), save(tmp_path / "b.png", damage(expected))
    line = next(x for x in run("diff", a, b).out.decode().splitlines() if "likely cause" in x)
    assert f"likely cause: {cause} (" in line
    assert float(line.split("explains ")[1].split(" %")[0]) >= least


@pytest.mark.parametrize("quality", [60, 95])
def test_a_jpeg_of_the_same_picture_is_re_encoded(run, tmp_path, astronaut, quality):
    a, b = save(tmp_path / "a.png", astronaut), tmp_path / "b.jpg"
    cv2.imwrite(str(b), written(a), [cv2.IMWRITE_JPEG_QUALITY, quality])
    done = run("diff", a, b)
    assert done.code == 1
    assert f"re-encoding (as a JPEG of quality {quality} changes it)" in done.out.decode()


def test_stdin_is_either_side(imgconv, pair, rgb):
    other = rgb.copy()
    other[5, 6] ^= 255
    save(pair[1], other)
    for words in (["-", "a.png"], ["a.png", "-"]):
        done = imgconv("diff", *words, stdin=pair[1].read_bytes())
        assert done.code == 1
        assert "one pixel at row 5, column 6" in done.out.decode()
    assert imgconv("diff", "-", "a.png", stdin=pair[0].read_bytes()).code == 0
    assert_fails(imgconv("diff", "-", "-"), 2, "only one of A and B")


SIZES = {
    "bottom": (lambda i: np.vstack([i, i[:12]]), "B has 12 more rows at the bottom; the rest is"),
    "top": (lambda i: i[1:], "B has 1 fewer row at the top; the rest is equal"),
    "left": (lambda i: np.hstack([i[:, :3], i]), "B has 3 more columns at the left; the rest is"),
    "between": (lambda i: np.vstack([i[:40], i[:7], i[40:]]), "B has 7 more rows at row 40; the"),
    "both": (lambda i: i[:-2, 3:], "2 fewer rows at the bottom and 3 fewer columns at the left; "),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes_that_differ_are_named_and_drawn_on_one_canvas(run, pair, rgb, tmp_path, name):
    change, said = SIZES[name]
    save(pair[1], change(rgb))
    done = run("diff", *pair, "--out", "o.png")
    assert done.code == 1
    assert said in done.out.decode()
    assert "is equal" in done.out.decode()
    assert "cause: kind" not in done.out.decode(), "the first line says it"
    drawn = written(tmp_path / "o.png")
    sizes = [rgb.shape[:2], change(rgb).shape[:2]]
    assert drawn.shape[:2] == tuple(np.max(sizes, axis=0))
    only_one = np.ptp(drawn.astype(int), axis=2) > 20
    assert only_one.sum() == drawn[..., 0].size - np.prod(np.min(sizes, axis=0))


def test_the_rest_of_another_size_is_measured(run, pair, rgb):
    other = np.vstack([rgb, rgb[:4]])
    other[30:32, 30:32] ^= 255
    save(pair[1], other)
    assert "at the bottom; of the rest 4 pixels differ" in run("diff", *pair).out.decode()


def test_folders_are_matched_by_path(run, tmp_path, gray):
    for folder in ("a", "b"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        for name in ("same.png", "sub/other.png"):
            save(tmp_path / folder / name, gray)
    save(tmp_path / "b" / "sub" / "other.png", gray + np.uint8(1))
    assert run("diff", "a", "b").code == 1
    save(tmp_path / "b" / "sub" / "other.png", gray)
    assert run("diff", "a", "b").out == b"2 pairs: 2 same, 0 different, 0 missing\n"
    save(tmp_path / "a" / "old.png", gray[1:])
    save(tmp_path / "b" / "new.png", gray[1:])
    save(tmp_path / "a" / "Case.png", gray[2:])
    save(tmp_path / "b" / "case.png", gray[3:])
    save(tmp_path / "b" / "extra.png", gray[4:])
    done = run("diff", "a", "b")
    assert done.code == 6
    lines = done.out.decode().splitlines()
    assert lines == [
        "missing: Case.png: B has no such file; B has case.png, which differs in capitals or "
        "accents only",
        "missing: case.png: A has no such file; A has Case.png, which differs in capitals or "
        "accents only",
        "missing: extra.png: A has no such file",
        "missing: new.png: A has no such file; A has the same bytes as old.png",
        "missing: old.png: B has no such file; B has the same bytes as new.png",
        "7 pairs: 2 same, 0 different, 5 missing",
    ]
    (tmp_path / "b" / "same.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    done = run("diff", "a", "b")
    assert done.code == 4
    assert "different: same.png: " in done.out.decode()


def test_what_cannot_be_compared(run, pair, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "none").mkdir()
    assert_fails(run("diff", "empty", "none"), 6, "no picture in empty")
    assert_fails(run("diff", "empty", pair[1]), 2, "empty is a folder", "compare two files")
    assert_fails(run("diff", pair[0], "gone.png"), 4, "gone.png: no such file")
    (tmp_path / "text.png").write_text("words")
    done = run("diff", pair[0], "text.png")
    assert done.code == 4
    assert "not an image" in done.out.decode()
    assert_fails(run("diff", "empty", "none", "--out", "x.png"), 2, "--failures DIR")
    assert_fails(run("diff", *pair, "--ignore", "1,2"), 2, "row,column,rows,columns")
    assert_fails(run("diff", *pair, "--ssim", "2"), 2, "a similarity from 0 to 1")
    assert_fails(run("diff", *pair, "--density", "4"), 2, "density")


def test_ignored_parts_and_masks_do_not_count(run, pair, rgb, tmp_path):
    other = rgb.copy()
    other[2, 3] ^= 255
    other[50, 50] ^= 255
    save(pair[1], other)
    mask = np.zeros(rgb.shape[:2], np.uint8)
    mask[50, 50] = 1
    save(tmp_path / "mask.png", mask)
    assert run("diff", *pair, "--ignore", "0,0,5,80").code == 1
    done = run("diff", *pair, "--ignore", "0,0,5,80", "--mask", "mask.png")
    assert done.code == 0
    done = run("diff", *pair, "--ignore", "0,0,500,80")
    assert done.code == 3
    assert "reaches outside 96 x 80" in done.out.decode()


LIMITS = [
    (["--level", "1"], 0), (["--level", "0"], 1), (["--share", "0.5"], 0),
    (["--share", "0.01"], 1), (["--tolerance", "any", "--limit", "1"], 0),
    (["--tolerance", "any", "--limit", "0.5"], 1), (["--tolerance", "any", "--mean", "0.1"], 1),
    (["--tolerance", "any", "--density", "256,16"], 0),
    (["--tolerance", "any", "--density", "9,16"], 1), (["--psnr", "40"], 0), (["--psnr", "60"], 1),
    (["--ssim", "0.9"], 0), (["--ssim", "1"], 1), (["--ciede2000", "2"], 0),
    (["--ciede2000", "0.01"], 1), (["--flip", "0.1"], 0), (["--flip", "0.0001"], 1),
]  # fmt: skip


@pytest.mark.parametrize(("options", "code"), LIMITS)
def test_every_limit_is_an_option(run, pair, rgb, options, code):
    other = np.minimum(rgb, 254)
    save(pair[0], other)
    other = other.copy()
    other[::2, ::2] += 1
    save(pair[1], other)
    assert run("diff", *pair, *options).code == code


def test_alpha_is_compared_as_it_looks(run, pair, rgb):
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    alpha[:20] = 0
    a = np.dstack([rgb, alpha])
    b = a.copy()
    b[:10, :, :3] = 9
    save(pair[0], a)
    save(pair[1], b)
    assert run("diff", *pair).code == 0
    done = run("diff", *pair, "--alpha", "data")
    assert done.code == 1
    assert "800 of 7680 pixels differ" in first_line(done)
    b = a.copy()
    b[..., 3] = np.minimum(b[..., 3], 250)
    save(pair[1], b)
    assert run("diff", *pair).code == 1


def test_pages_are_all_compared(run, tmp_path, gray):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", np.stack([gray, gray]), photometric="minisblack")
    tifffile.imwrite(tmp_path / "b.tif", np.stack([gray, gray ^ 1]), photometric="minisblack")
    tifffile.imwrite(tmp_path / "c.tif", gray, photometric="minisblack")
    assert "page 2: 7680 of 7680 pixels" in first_line(run("diff", "a.tif", "b.tif"))
    assert run("diff", "a.tif", "b.tif", "--page", "1").code == 0
    done = run("diff", "a.tif", "c.tif")
    assert done.code == 1
    assert "A has 2 pages, B has 1" in first_line(done)


def test_reports_are_written_and_foreign_files_are_kept(run, pair, rgb, tmp_path):
    save(pair[1], rgb[:, ::-1])
    words = ["--html", "r.html", "--junit", "j.xml", "--failures", "fail"]
    for _ in range(2):  # the second run replaces its own reports
        assert run("diff", *pair, *words).code == 1
    assert "flip" in (tmp_path / "r.html").read_text()
    assert 'type="failed"' in (tmp_path / "j.xml").read_text()
    pictures = {p.name for p in (tmp_path / "fail" / "b.png").iterdir()}
    assert pictures == {"expected.png", "actual.png", "difference.png"}
    save(pair[1], rgb)
    assert run("diff", *pair, *words).code == 0
    assert [p.name for p in (tmp_path / "fail").iterdir()] == [".imgconv-failures"]
    for name in ("r.html", "j.xml"):
        (tmp_path / name).write_text("mine")
        assert_fails(run("diff", *pair, *words), 5, f"{name} exists", "--overwrite")
        assert (tmp_path / name).read_text() == "mine"
        assert run("diff", *pair, *words, "--overwrite").code == 0
    save(pair[1], rgb[:, ::-1])
    assert run("diff", *pair, "--out", "o.png").code == 1
    assert_fails(run("diff", *pair, "--out", "o.png"), 5, "o.png exists")


def test_annotations_name_the_picture(run, pair, rgb, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    save(pair[1], rgb[:, ::-1])
    assert run("diff", *pair).err == ""
    done = run("diff", *pair, "--annotate", "always", "--quiet")
    assert done.out == b""
    assert done.err.startswith("::error file=b.png,title=diff different%3A b.png::")
