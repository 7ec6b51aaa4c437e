"""Either side of `imgconv diff` may be a URL: a file, or a folder."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, save

from imgconv.io.storage import remote
from imgconv.io.storage.locations import parse_place
from imgconv.jobs.diff.compare import DiffOptions, compare_stream


@pytest.fixture
def put(folder):
    """Return a function that writes a picture below the folder of the service."""

    def write(key, image):
        data = cv2.imencode(".png", image)[1].tobytes()
        remote.write_whole(parse_place(f"{folder}/{key}"), data, overwrite=True)
        return f"{folder}/{key}"

    return write


def test_two_files(run, gray, tmp_path, put):
    save(tmp_path / "a.png", gray)
    url = put("b.png", gray)
    assert run("diff", "a.png", url).out == b"same: b.png: every pixel is equal\n"
    assert run("diff", url, url).code == 0
    put("b.png", gray[:, ::-1])
    done = run("diff", "a.png", url, "--json", "--out", "o.png", "--annotate", "always")
    assert done.code == 1
    report = json.loads(done.out)
    assert (report["b"], report["results"][0]["causes"][0]["name"]) == (url, "flip")
    assert done.err.startswith("::error title=diff different%3A b.png::"), "no file has this name"
    assert (tmp_path / "o.png").exists()


def test_two_folders(run, gray, tmp_path, put, folder):
    for side in ("a", "b"):
        put(f"{side}/same.png", gray)
        put(f"{side}/sub/other.png", gray if side == "a" else gray ^ 1)
    put("a/old.png", gray[1:])
    put("b/new.png", gray[1:])
    done = run("diff", f"{folder}/a", f"{folder}/b", "--html", "r.html")
    assert done.code == 1
    lines = done.out.decode().splitlines()
    assert lines[0] == "missing: new.png: A has no such file; A has the same bytes as old.png"
    assert lines[-1] == "4 pairs: 1 same, 1 different, 2 missing"
    assert "other.png" in (tmp_path / "r.html").read_text()
    (tmp_path / "here" / "sub").mkdir(parents=True)
    save(tmp_path / "here" / "same.png", gray)
    save(tmp_path / "here" / "sub" / "other.png", gray ^ np.uint8(1))
    done = run("diff", "here", f"{folder}/b")
    assert done.code == 6, "new.png is there alone"
    assert b"3 pairs: 2 same, 0 different, 1 missing" in done.out


def test_what_fails(run, gray, tmp_path, put, folder):
    save(tmp_path / "a.png", gray)
    put("b/x.png", gray)
    done = run("diff", "a.png", f"{folder}/no.png")
    assert done.code == 4
    assert b"no.png: no such file" in done.out
    mixed = run("diff", "a.png", f"{folder}/b")
    assert_fails(mixed, 2, "is a folder and a.png is not", "compare two files", "/b/a.png")
    assert_fails(run("diff", f"{folder}/b", f"{folder}/b", "--out", "o.png"), 2, "--failures DIR")
    assert_fails(run("diff", tmp_path, f"{folder}/nowhere"), 4, "nowhere: no such file")
    assert_fails(run("diff", "a.png", "s3://me:pw@host/a.png"), 2, "must not hold a password")


def test_bytes_against_a_url(gray, put, tmp_path):
    data = save(tmp_path / "x.png", gray).read_bytes()
    for first in (True, False):
        report = compare_stream(data, parse_place(put("a.png", gray)), DiffOptions(), first=first)
        assert report.exit_code == 0
    report = compare_stream(data, parse_place(put("a.png", gray[1:])), DiffOptions(), first=True)
    assert "1 fewer row at the top" in report.results[0].reasons[1]
