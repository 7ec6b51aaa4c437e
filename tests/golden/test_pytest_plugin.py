"""The fixture golden_image, in test-suites of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

TESTS = """
import numpy as np

PICTURE = np.add.outer(np.arange(40), np.arange(50)).astype(np.{dtype}){change}

def test_one(golden_image):
    golden_image(PICTURE, name="slope/one"{tolerance})

def test_default_name(golden_image):
    golden_image(PICTURE[:9])

def test_file(golden_image):
    golden_image("photo.png", name="photo")
"""


@pytest.fixture
def suite(tmp_path, camera):
    """Give a function that writes a test-suite and runs it."""
    cv2.imwrite(str(tmp_path / "photo.png"), camera[:30, :30])
    (tmp_path / "inner").mkdir()

    def run(*options, dtype="uint8", change="", tolerance="", text=None, installed=False):
        text = text or TESTS.format(dtype=dtype, change=change, tolerance=tolerance)
        (tmp_path / "inner" / "test_it.py").write_text(text)
        words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *options]
        words += ["--basetemp", str(tmp_path / "kept"), "--rootdir", str(tmp_path)]
        env = {**os.environ, "PYTEST_ADDOPTS": ""}
        if not installed:  # by name, and none of the others that are installed: they load slowly
            env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            words += ["-p", "imgconv.pytest_plugin"]
        done = subprocess.run(
            words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120
        )
        return done.returncode, done.stdout

    return run


@pytest.fixture
def goldens(tmp_path):
    return tmp_path / "inner" / "goldens"


def test_one_story(suite, goldens):
    code, said = suite()
    assert code == 1
    assert "missing: slope/one: no golden is recorded" in said
    assert "pytest --golden-update" in said
    assert not goldens.exists()
    code, said = suite("--golden-update")
    assert code == 0
    assert "recorded: slope/one" in said
    names = {str(path.relative_to(goldens)) for path in goldens.rglob("*.*")}
    assert names == {
        "slope/one.json", "slope/one.png", "test_default_name.json", "test_default_name.png",
        "photo.json", "photo.png",
    }  # fmt: skip
    assert suite()[0] == 0
    before = (goldens / "photo.json").stat().st_mtime_ns
    code, said = suite(change=" + 1")
    assert code == 1
    assert "likely cause: offset (every value changed by +1)" in said
    assert "recorded:" not in said
    place = said.split("pictures: ")[1].splitlines()[0]
    assert sorted(path.stem for path in Path(place).iterdir()) == [
        "actual",
        "difference",
        "expected",
    ]
    assert suite("--golden-update", change=" + 1")[0] == 0
    assert suite(change=" + 1")[0] == 0
    assert (goldens / "photo.json").stat().st_mtime_ns == before


@pytest.mark.thorough
def test_it_is_the_store_of_the_command(suite, goldens, tmp_path, imgconv):
    suite("--golden-update")
    (tmp_path / "golden.yaml").write_text(
        "version: 1\ngoldens: inner/goldens\ncases: [{name: photo, actual: photo.png}]\n"
    )
    assert imgconv("golden", "check", "photo").code == 0
    report = json.loads(imgconv("golden", "check", "--json").out)
    assert (report["passed"], report["unused"]) == (1, 0)  # those of the tests are theirs


@pytest.mark.thorough
def test_tolerances(suite):
    suite("--golden-update")
    assert suite(change=" + (np.arange(50) == 7)")[0] == 1
    limits = ', tolerance={"level": 1}'
    change = " + (np.add.outer(np.arange(40), np.arange(50)) == 30).astype(np.uint8)"
    assert "test_one" in suite(change=change)[1]
    failed = suite(change=change, tolerance=limits)[1]
    assert "::test_one " not in failed
    assert "no tolerance is called 'lax'" in suite(tolerance=', tolerance="lax"')[1]


def test_a_name_belongs_to_one_test_and_a_bad_one_is_refused(suite):
    text = (
        "import numpy as np\nimport pytest\nA = np.zeros((3, 3), np.uint8)\n"
        "@pytest.mark.parametrize('x', ['a', 'b'])\n"
        "def test_each(golden_image, x):\n    golden_image(A)\n"
        "def test_twice(golden_image):\n    golden_image(A)\n    golden_image(A)\n"
        "def test_bad(golden_image):\n    golden_image(A, name='../up')\n"
        "def test_kind(golden_image):\n    golden_image(A.astype(float))\n"
    )
    code, said = suite("--golden-update", text=text)
    assert code == 1
    assert "uses a golden of this name too" in said
    assert "'../up' cannot be the name of a golden" in said
    assert "float64 is not supported" in said
    assert "3 failed, 2 passed" in said


def test_it_costs_nothing_when_it_is_not_used(suite):
    text = (
        "import sys\ndef test_it():\n"
        "    assert 'imgconv.pytest_plugin' in sys.modules\n"
        "    own = [n for n in sys.modules if n.startswith('imgconv.') and 'plugin' not in n]\n"
        "    assert own == []\n    assert not {'numpy', 'cv2'} & set(sys.modules)\n"
    )
    others = ("hypothesispytest", "_hypothesis_pytestplugin", "zarr")  # these import NumPy
    code, said = suite(
        *(word for name in others for word in ("-p", f"no:{name}")), text=text, installed=True
    )
    assert code == 0, said


def test_one_channel_is_gray(golden_image, tmp_path, monkeypatch):
    """Beside this test there is no such golden, which is what it must say."""
    with pytest.raises(pytest.fail.Exception, match="missing: never-recorded"):
        golden_image(np.zeros((4, 4, 1), np.uint8), name="never-recorded")
