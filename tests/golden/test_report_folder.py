"""A report that is a folder: its pictures are files, however many there are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from browser import browser, complaints, open_page, press  # noqa: F401
from cli.program import assert_fails, save

HOSTILE = ['x"><img src=y>.png', "a b#?%20.png", "é\n::error::.png", "back\\up.png"]


@pytest.fixture
def folders(tmp_path, gray):
    """Give two folders with hostile names, a change, an equal pair and an extra picture."""
    for side in ("a", "b"):
        (tmp_path / side / "sub").mkdir(parents=True)
        save(tmp_path / side / "sub" / "same.png", gray)
    for name in HOSTILE:
        for side, image in (("a", gray), ("b", gray[:, ::-1])):
            data = cv2.imencode(".png", image)[1].tobytes()
            (tmp_path / side / name).write_bytes(data)
    save(tmp_path / "b" / "extra.png", gray)
    return tmp_path


def pictures(folder):
    return sorted(path.name for path in (folder / "pictures").iterdir())


def test_pictures_are_files_and_only_those_of_the_last_run_stay(run, folders):
    report = folders / "report"
    for _ in range(2):
        assert run("diff", "a", "b", "--html", "report", "--quiet").code == 1
        assert sorted(p.name for p in report.iterdir()) == [
            ".imgconv-report", "index.html", "pictures"
        ]  # fmt: skip
        assert len(pictures(report)) == 3 * len(HOSTILE) + 2
    assert "base64" not in (report / "index.html").read_text()
    (report / "pictures" / "mine.png").write_bytes(b"mine")
    for name in HOSTILE:
        (folders / "b" / name).write_bytes((folders / "a" / name).read_bytes())
    assert run("diff", "a", "b", "--html", "report", "--quiet").code == 6
    assert len(pictures(report)) == len(HOSTILE) + 2 + 1, "mine, and one for each that is the same"


def test_a_folder_with_other_files_is_kept(run, folders):
    (folders / "site").mkdir()
    (folders / "site" / "notes.txt").write_text("mine")
    done = run("diff", "a", "b", "--html", "site")
    assert_fails(done, 5, "site exists", "--overwrite writes into it")
    assert run("diff", "a", "b", "--html", "site", "--overwrite", "--quiet").code == 1
    assert (folders / "site" / "notes.txt").read_text() == "mine"
    (folders / "other").mkdir()
    (folders / "other" / "index.html").write_text("mine")
    assert_fails(run("diff", "a", "b", "--html", "other"), 5, "index.html exists")
    assert (folders / "other" / "index.html").read_text() == "mine"


def test_a_list_that_somebody_wrote_deletes_nothing_else(run, folders):
    (folders / "report").mkdir()
    outside = folders / "a" / "sub" / "same.png"
    lines = ["../a/sub/same.png", "notes.txt", "pictures/../../a/sub/same.png"]
    (folders / "report" / ".imgconv-report").write_text("\n".join(lines))
    (folders / "report" / "notes.txt").write_text("mine")
    assert run("diff", "a", "b", "--html", "report", "--quiet").code == 1
    assert outside.exists()
    assert (folders / "report" / "notes.txt").exists()


def test_golden_check_writes_one_too(run, photo, gray, tmp_path):
    run("golden", "init", photo, "-k", "blur")
    run("golden", "record")
    save(photo, np.ascontiguousarray(gray[::-1]))
    assert run("golden", "check", "--html", "page").code == 1
    assert len(pictures(tmp_path / "page")) == 3
    save(photo, gray)
    assert run("golden", "check", "--html", "page").code == 0
    assert len(pictures(tmp_path / "page")) == 1


def test_a_browser_loads_them_when_they_are_shown(run, browser, folders):  # noqa: F811
    from selenium.webdriver.support.ui import WebDriverWait

    assert run("diff", "a", "b", "--html", "report", "--quiet").code == 1
    open_page(browser, folders / "report" / "index.html")
    for _ in range(len(HOSTILE) + 2):
        images = browser.find_elements("css selector", "#stage img")
        assert len(images) in (1, 3)
        for image in images:
            WebDriverWait(browser, 5, 0.05).until(
                lambda b, i=image: b.execute_script("return arguments[0].naturalWidth", i) == 80
            )
        press(browser, "n")
    assert complaints(browser) == []
