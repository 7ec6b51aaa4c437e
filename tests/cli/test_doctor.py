"""`imgconv doctor`: what this installation has."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata
from types import ModuleType

import cv2
import numpy as np
import pytest
from cli.program import assert_fails

import imgconv
from imgconv.engines import select


def test_a_whole_installation_is_exit_0(run):
    done = run("doctor", "--json")
    facts = json.loads(done.out)
    assert (done.code, done.err, facts["missing"]) == (0, "", [])
    assert facts["imgconv"] == imgconv.__version__
    assert facts["python"].startswith(platform.python_version())
    assert facts["libraries"]["numpy"] == np.__version__
    assert facts["libraries"]["opencv-python"].startswith(cv2.__version__)
    assert set(facts["codecs"]) >= {"png", "jpeg", "tiff", "webp", "bmp", "pgm", "ppm"}
    assert facts["cpus"] >= 1


@pytest.mark.parametrize("flavour", ["python", "contrib-python", "python-headless"])
def test_any_flavour_of_opencv_is_one(run, monkeypatch, flavour):
    installed(monkeypatch, {f"opencv-{flavour}": "5.0.1"})
    facts = json.loads(run("doctor", "--json").out)
    assert facts["libraries"]["opencv-python"] == "5.0.1"
    assert facts["opencv"] == f"opencv-{flavour} 5.0.1"


def test_two_flavours_of_opencv_clash(run, monkeypatch):
    installed(monkeypatch, {"opencv-python-headless": "4.13", "opencv-python": "5.0"})
    done = run("doctor")
    assert done.code == 0
    (line,) = (line for line in done.out.decode().splitlines() if line.startswith("opencv "))
    assert line.split(maxsplit=1)[1] == (
        "opencv-python 5.0 and opencv-python-headless 4.13 overwrite each other's files: "
        "pip uninstall opencv-python opencv-python-headless, then install one of them"
    )


def test_opencv_whose_files_are_gone(run, photo, monkeypatch):
    """What stays of a folder is a package of namespaces, which loads."""
    monkeypatch.setitem(sys.modules, "cv2", ModuleType("cv2"))
    done = run("doctor")
    assert done.code == 1
    assert b"pip uninstall opencv-python, then pip install opencv-python" in done.out


def installed(monkeypatch, flavours):
    """Let these be the distributions of OpenCV."""
    version = metadata.version

    def answer(name):
        if name.startswith("opencv") and name not in flavours:
            raise metadata.PackageNotFoundError(name)
        return flavours.get(name) or version(name)

    monkeypatch.setattr(metadata, "version", answer)


def test_the_words_have_a_line_for_each_fact(run):
    facts = json.loads(run("doctor", "--json").out)
    done = run("doctor")
    assert [line.split()[0] for line in done.out.decode().splitlines()] == list(facts)


def test_a_bank_that_cannot_be_read_is_missing(run, monkeypatch):
    monkeypatch.setenv("IMGCONV_KERNELS", "/nowhere/bank.yaml")
    done = run("doctor", "--json")
    assert done.code == 1
    assert any("/nowhere/bank.yaml" in line for line in json.loads(done.out)["missing"])


def test_a_missing_native_core_is_missing_and_said_once_a_run(run, photo, monkeypatch):
    assert run("apply", "photo.png", "a.png", "-k", "blur", "--require-native").code == 0
    monkeypatch.setattr(select, "native_engine", lambda: None)
    facts = json.loads(run("doctor", "--json").out)
    assert run("doctor").code == 1
    assert any("native core" in line for line in facts["missing"])
    done = run("apply", "photo.png", "b.png", "-k", "blur")
    assert done.code == 0
    (note,) = done.err.splitlines()
    assert "native core was not built" in note
    assert "g++" in note
    assert run("apply", "photo.png", "c.png", "-k", "blur", "--quiet").err == ""
    for command in (["apply"], ["batch"], ["gray"]):
        refused = run(*command, "photo.png", "d.png", "--require-native")
        assert_fails(refused, 2, "--require-native", "g++")
    assert run("compare", "photo.png", "-k", "blur", "--require-native").code == 2
    assert not (photo.parent / "d.png").exists()


def test_a_slow_engine_that_was_asked_for_is_not_mentioned(run, photo, monkeypatch):
    monkeypatch.setenv("IMGCONV_ENGINE", "reference")
    assert run("doctor").code == 0
    assert run("apply", "photo.png", "b.png", "-k", "blur").err == ""


def test_a_codec_that_opencv_lacks_is_missing(run, monkeypatch):
    monkeypatch.setattr(cv2, "haveImageWriter", lambda name: not name.endswith(".webp"))
    done = run("doctor", "--json")
    facts = json.loads(done.out)
    assert done.code == 1
    assert facts["codecs"]["webp"] == "missing"
    assert any("webp" in line for line in facts["missing"])
