"""Outputs appear whole or not at all, and nothing is lost that nobody gave up."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import stat
import subprocess
import sys

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, written

from imgconv.model.errors import OutputExistsError
from imgconv.system.unnamed import open_unnamed

FILE_SIZE = 4096


def small_files():
    """Let this process write files of 4 KiB at most: what a full disk is like."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))


@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_is_full_leaves_the_old_file(imgconv, photo, tmp_path, there):
    target = tmp_path / "out.bmp"
    if there:
        target.write_bytes(b"old")
    options = ("-k", "blur", "--overwrite")
    done = imgconv("apply", "photo.png", "out.bmp", *options, preexec_fn=small_files)
    assert_fails(done, 5, "out.bmp")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.bmp"] * there + ["photo.png"]
    assert not there or target.read_bytes() == b"old"


def test_a_disk_that_is_full_spares_the_input_of_in_place(imgconv, photo):
    before = photo.read_bytes()
    assert len(before) > FILE_SIZE
    done = imgconv("apply", "photo.png", "photo.png", "--in-place", preexec_fn=small_files)
    assert_fails(done, 5, "photo.png")
    assert photo.read_bytes() == before


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("no/out.png", "does not exist"),
        ("photo.png/out.png", "photo.png"),
        ("/proc/out.png", "/proc/out.png"),
        ("x" * 300 + ".png", "too long"),
    ],
)
def test_a_place_that_takes_no_file(run, photo, tmp_path, place, word):
    assert_fails(run("apply", "photo.png", place), 5, word)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_the_longest_file_name_that_there_is(run, photo, tmp_path):
    name = "x" * 251 + ".png"
    assert run("apply", "photo.png", name).code == 0
    assert written(tmp_path / name).shape == (96, 80)


def test_a_killed_run_leaves_the_old_file_or_the_new_one(tmp_path, camera):
    """Killed while it writes, at a random one of its system calls, again and again."""
    cv2.imwrite(os.fspath(tmp_path / "in.png"), camera)
    target = tmp_path / "out.bmp"
    program = "from imgconv.io.storage.files import write_whole\nfrom pathlib import Path\n"
    program += "import sys\n"
    program += "while True:\n for fill in (b'a', b'b'):\n"
    program += "  write_whole(Path('out.bmp'), fill * 400_000, overwrite=True)\n"
    program += "  print(end='.', flush=True)"
    whole = {b"a" * 400_000, b"b" * 400_000}
    seed = random.Random(20)
    for _ in range(25):
        process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE
        )
        process.stdout.read(seed.randint(1, 40))  # so many pictures, then a moment more
        for _ in range(seed.randint(0, 2000)):
            pass
        process.kill()
        process.communicate()
        assert target.read_bytes() in whole
    for left in tmp_path.glob(".out.bmp.*.part"):
        left.unlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png", "out.bmp"]


@pytest.mark.thorough
def test_a_killed_program_leaves_the_old_picture_or_the_new_one(tmp_path, camera):
    cv2.imwrite(os.fspath(tmp_path / "in.bmp"), camera)
    target = tmp_path / "out.bmp"
    arguments = [sys.executable, "-m", "imgconv", "apply", "in.bmp", "out.bmp", "--overwrite"]
    subprocess.run(arguments, cwd=tmp_path, check=True)
    old = target.read_bytes()
    new = None
    seed = random.Random(21)
    for _ in range(20):
        target.write_bytes(old)
        process = subprocess.Popen([*arguments, "-k", "-1", "--range", "offset"], cwd=tmp_path)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seed.uniform(0.05, 0.25))
        process.kill()
        process.wait()
        found = target.read_bytes()
        if found != old:
            assert len(found) == len(old)
            assert new in (None, found)
            new = found
    for left in tmp_path.glob("*.part"):
        left.unlink()


@pytest.mark.parametrize("command", [["apply"], ["gray"], ["binarize"]])
def test_nothing_is_overwritten_unasked(run, photo, tmp_path, command):
    (tmp_path / "out.png").write_text("mine")
    assert_fails(run(*command, "photo.png", "out.png"), 5, "out.png exists", "--overwrite")
    assert (tmp_path / "out.png").read_text() == "mine"
    assert run(*command, "photo.png", "out.png", "--overwrite").code == 0
    assert written(tmp_path / "out.png").shape == (96, 80)


def test_a_file_that_came_meanwhile_is_not_overwritten(run, photo, tmp_path, monkeypatch):
    """The check before the work is not enough: the file may come while the picture is made."""
    from imgconv.jobs.apply import filter_file

    original = filter_file.filter_picture

    def slow(*arguments, **options):
        (tmp_path / "out.png").write_text("theirs")
        return original(*arguments, **options)

    monkeypatch.setattr(filter_file, "filter_picture", slow)
    assert_fails(run("apply", "photo.png", "out.png"), 5, "out.png exists", "--overwrite")
    assert (tmp_path / "out.png").read_text() == "theirs"


@pytest.fixture(params=["same", "dotted", "symlink", "hardlink"])
def same_file(request, photo, tmp_path):
    """Give another way to say photo.png."""
    other = tmp_path / "other.png"
    match request.param:
        case "same":
            return photo.name
        case "dotted":
            return f"../{tmp_path.name}/photo.png"
        case "symlink":
            other.symlink_to(photo)
        case "hardlink":
            other.hardlink_to(photo)
    return other.name


@pytest.mark.parametrize("options", [[], ["--overwrite"]])
def test_in_place_only_when_asked(run, photo, same_file, options):
    before = photo.read_bytes()
    done = run("apply", "photo.png", same_file, "--invert", *options)
    assert_fails(done, 5, same_file, "the input itself", "--in-place")
    assert photo.read_bytes() == before


def test_in_place_when_asked(run, photo, gray, same_file, tmp_path):
    assert run("apply", "photo.png", same_file, "--invert", "--in-place").code == 0
    assert np.array_equal(written(tmp_path / same_file), 255 - gray)


def test_in_place_is_not_a_leave_to_overwrite_others(run, photo, tmp_path):
    (tmp_path / "out.png").write_text("mine")
    assert_fails(run("apply", "photo.png", "out.png", "--in-place"), 5, "--overwrite")
    assert (tmp_path / "out.png").read_text() == "mine"


@pytest.mark.parametrize("there", [True, False])
def test_a_symlink_is_followed(run, photo, tmp_path, there):
    real = tmp_path / "elsewhere" / "real.png"
    real.parent.mkdir()
    if there:
        real.write_text("old")
    link = tmp_path / "link.png"
    link.symlink_to("elsewhere/real.png")
    assert run("apply", "photo.png", "link.png", "--overwrite").code == 0
    assert link.is_symlink()
    assert written(real).shape == (96, 80)


def test_a_symlink_to_itself(run, photo, tmp_path):
    (tmp_path / "loop.png").symlink_to("loop.png")
    assert_fails(run("apply", "photo.png", "loop.png", "--overwrite"), 5, "loop.png")


def test_the_mode_of_the_old_file_is_kept(run, photo, tmp_path):
    target = tmp_path / "out.png"
    target.write_text("old")
    target.chmod(0o640)
    assert run("apply", "photo.png", "out.png", "--overwrite").code == 0
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_mode_of_any_other(run, photo, tmp_path):
    (tmp_path / "any").touch()
    assert run("apply", "photo.png", "out.png").code == 0
    assert (tmp_path / "out.png").stat().st_mode == (tmp_path / "any").stat().st_mode


def test_a_device_stays_a_device(run, photo):
    before = os.stat("/dev/null")  # noqa: PTH116
    assert run("apply", "photo.png", "/dev/null", "--format", "png").code == 0
    after = os.stat("/dev/null")  # noqa: PTH116
    assert (after.st_mode, after.st_rdev) == (before.st_mode, before.st_rdev)


def test_a_full_device_is_an_output_that_cannot_be_written(run, photo):
    done = run("apply", "photo.png", "/dev/full", "--format", "bmp")
    assert_fails(done, 5, "/dev/full", "the disk is full")


def test_a_fifo_stays_a_fifo_and_carries_the_picture(photo, gray, tmp_path):
    fifo = tmp_path / "out.fifo"
    os.mkfifo(fifo)
    arguments = ["apply", "photo.png", "out.fifo", "--format", "bmp"]
    process = subprocess.Popen([sys.executable, "-m", "imgconv", *arguments], cwd=tmp_path)
    data = fifo.read_bytes()
    assert process.wait() == 0
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(pixels, gray)
    assert fifo.is_fifo()


@pytest.mark.parametrize("name", ["folder", "folder.png", "folder.png/"])
def test_a_folder_as_out(run, photo, tmp_path, name):
    (tmp_path / name).mkdir()
    done = run("apply", "photo.png", name, "-k", "identity")
    assert done.code == 0
    assert [path.name for path in (tmp_path / name).iterdir()] == ["photo.png"]


def test_every_write_is_synced_before_it_takes_the_name(run, photo, tmp_path, monkeypatch):
    """What a power cut needs: first the data on the disk, then the name."""
    order = []
    for name in ("fsync", "link", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, r=real, **k: order.append(n) or r(*a, **k))
    for words in ((), ("--overwrite",)):
        order.clear()
        assert run("apply", "photo.png", "out.png", *words).code == 0
        assert (order[0], order[-1]) == ("fsync", "fsync")
        assert order[1:-1]
        assert set(order[1:-1]) <= {"link", "replace"}


@pytest.mark.parametrize("unnamed", [True, False])
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_file_without_a_name_and_one_with_another(tmp_path, monkeypatch, unnamed, overwrite):
    """File systems without unnamed files get a staged one, with the same results."""
    from imgconv.io.storage import files

    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    target = tmp_path / "out"
    if overwrite:
        target.write_bytes(b"old")
        target.chmod(0o640)
    with files.open_whole(target, overwrite=overwrite) as file:
        file.write(b"new")
        there = [path.name for path in tmp_path.iterdir() if path != target]
        if not unnamed:
            assert len(there) == 1
        elif (other := open_unnamed(tmp_path)) is not None:
            other.close()
            assert not there
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == (0o640 if overwrite else 0o666 & ~umask())
    with pytest.raises(OutputExistsError), files.open_whole(target) as file:
        file.write(b"newer")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert target.read_bytes() == b"new"


def umask():
    found = os.umask(0)
    os.umask(found)
    return found
