"""Names and paths as Windows has them, forced here."""

from __future__ import annotations

import errno
import ntpath
from pathlib import Path

import pytest
from cli.batches import make_tree, tree
from cli.program import assert_fails

from imgconv.io.kernels.spec import load_kernel
from imgconv.io.storage import listing
from imgconv.io.storage.files import reason
from imgconv.jobs.batch.inputs import Sources, list_inputs
from imgconv.system import paths


def names_of_windows(monkeypatch):
    monkeypatch.setattr(paths, "IS_WINDOWS", True)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        *((name, "is a device") for name in ("CON.png", "nul.tar.gz", "Com1", "lpt9 .png")),
        *((name, "ends with") for name in ("a.", "a ", "a.png.")),
        *((name, "in it") for name in ("a:b.png", "a*.png", 'a".png', "a\x01.png", "a|b.png")),
    ],
)
def test_names_that_windows_has_not(run, photo, tmp_path, monkeypatch, name, word):
    assert paths.name_problem(name) == ""
    names_of_windows(monkeypatch)
    assert word in paths.name_problem(name)
    assert_fails(run("apply", "photo.png", name, "--format", "png"), 5, word)
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png"}


@pytest.mark.parametrize("name", ["console.png", "com.png", "com10", "a.con", ".png", ".."])
def test_names_that_windows_has(monkeypatch, name):
    names_of_windows(monkeypatch)
    assert paths.name_problem(name) == ""


def test_a_folder_with_names_that_windows_has_not(run, tmp_path, monkeypatch):
    make_tree(tmp_path / "photos", ["aux.png", "b.png", "con/c.png"])
    names_of_windows(monkeypatch)
    done = run("batch", "-r", "photos", "out", "-k", "blur", "-j", "1", "--json")
    assert done.code == 1
    outputs = {name for name in tree(tmp_path / "out") if ".imgconv" not in name}
    assert outputs == {"b.png"}
    assert "on Windows con is a device, not a file" in done.err + done.out.decode()


def test_a_path_that_is_too_long_for_windows(monkeypatch):
    long = "C:\\" + "a" * 270
    missing = FileNotFoundError(errno.ENOENT, "no", long)
    assert reason(missing) == "no such file"
    names_of_windows(monkeypatch)
    assert "only where long paths are enabled" in reason(missing)
    assert reason(FileNotFoundError(errno.ENOENT, "no", "a")) == "no such file"
    assert reason(FileNotFoundError(errno.ENOENT, "no", "\\\\?\\" + long)) == "no such file"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (r"raw\a.png", (".", "raw/a.png")),
        (r"C:\raw\a.png", ("C:/", "raw/a.png")),
        (r"C:a.png", ("C:.", "a.png")),
        (r"\\server\share\a.png", ("\\\\server\\share/", "a.png")),
        (r"raw\..\a.png", (".", "a.png")),
        (r"..\a.png", None),
    ],
)
def test_listed_paths_of_windows(path, place):
    assert paths.mirrored(path, ntpath) == place


def test_paths_of_windows():
    assert paths.split(r"raw\a.png", ntpath) == ("raw", "a.png")
    assert paths.split("raw/a.png", ntpath) == ("raw", "a.png")
    assert paths.split(r"C:\a.png", ntpath) == ("C:\\", "a.png")
    assert paths.split("C:a.png", ntpath) == ("C:.", "a.png")
    assert paths.is_inside(r"C:\Photos\out", r"c:\photos", ntpath)
    assert paths.is_inside("C:\\a", "C:\\", ntpath)
    assert not paths.is_inside(r"C:\photos2", r"C:\photos", ntpath)
    assert not paths.is_inside(r"D:\photos", r"C:\photos", ntpath)
    assert paths.is_inside("s3://bucket/a", "s3://bucket")


def test_patterns_and_exclusions_with_the_separator_of_windows(tmp_path, monkeypatch):
    """With ``os.path`` as it is on Windows, as far as names go; files are found by this system."""
    make_tree(tmp_path, ["raw/a.png", "raw/b.png"])
    monkeypatch.chdir(tmp_path)
    found = listing.glob.iglob

    def as_windows(pattern, **options):
        return (name.replace("/", "\\") for name in found(pattern, **options))

    monkeypatch.setattr(listing.glob, "iglob", as_windows)
    monkeypatch.setattr(listing, "as_key", lambda path: paths.as_key(path, ntpath))
    assert [one.key for one in listing.matched("*/*.png")] == ["raw/a.png", "raw/b.png"]
    monkeypatch.setattr("imgconv.jobs.batch.inputs.as_key", lambda p: paths.as_key(p, ntpath))
    monkeypatch.setattr("imgconv.jobs.batch.inputs.split", lambda p: paths.split(p, ntpath))
    sources = Sources(names=("raw",), recursive=True, exclude=("*\\b.png",))
    assert [one.key for one in list_inputs(sources)] == ["a.png", "b.png"]
    sources = Sources(names=("*/*.png",), exclude=("raw\\b.png",))
    assert [one.key for one in list_inputs(sources)] == ["raw/a.png"]


@pytest.mark.parametrize("name", ["C:\\mine.yaml", "C:mine.yaml", "C:/sub/mine.yaml"])
def test_kernels_of_a_file_on_a_drive(monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    row = "    description: Difference to the left.\n    weights: [[-1, 1]]\n"
    Path(name).write_text(f"kernels:\n  edge:\n{row}")
    assert load_kernel(f"{name}#edge").shape == (1, 2)
    assert load_kernel(name).shape == (1, 2)
    Path(name).write_text(f"kernels:\n  edge:\n{row}  other:\n{row}")
    assert load_kernel(f"{name}#other").shape == (1, 2)


def test_matrices_of_a_file_on_a_drive(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("C:\\k.csv").write_text("1,2,1\n")
    assert load_kernel("C:\\k.csv").sum == 4
