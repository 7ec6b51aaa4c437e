"""Batches on file systems of other kinds, on a disk that fails, and by a clock that jumps."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from cli.batches import events, make_tree, rows, tree

from imgconv import filter_folder, recipe_from
from imgconv.system import durable

pytestmark = pytest.mark.services

RECIPE = recipe_from({"kernels": ["sharpen"]})
LONG = "n" * 246 + ".png"
NAMES = ["a.png", "b c.png", "sub/\u00e9.png", f"sub/{LONG}"]


def mount(words, folder):
    """Mount something, or skip the test where the machine does not allow it."""
    if shutil.which(words[0], path=os.environ["PATH"] + ":/sbin:/usr/sbin") is None:
        pytest.skip(f"needs {words[0]}: apt-get install ntfs-3g fuse2fs fuse3")
    done = subprocess.run([*words, folder], capture_output=True, check=False)
    if done.returncode or not os.path.ismount(folder):
        pytest.skip(f"no right to mount: {done.stderr.decode().strip()}")


def unmount(folder):
    """Unmount a folder; a FUSE program may need a moment."""
    for _ in range(50):
        if subprocess.run(["umount", folder], check=False, capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    subprocess.run(["umount", "-l", folder], check=True)


def disk_image(path, kind, megabytes=48):
    """Make a file with an empty file system in it."""
    maker = {"ntfs": ["mkfs.ntfs", "-q", "-F", "-f"], "ext4": ["mkfs.ext4", "-q", "-F"]}[kind]
    if shutil.which(maker[0], path=os.environ["PATH"] + ":/sbin:/usr/sbin") is None:
        pytest.skip(f"needs {maker[0]}")
    with path.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run([*maker, path], check=True, capture_output=True)
    return path


@pytest.fixture(params=["ntfs-3g", "fuse2fs"])
def disk(request, tmp_path):
    """Give the folder of a disk that a FUSE program mounted."""
    kind = {"ntfs-3g": "ntfs", "fuse2fs": "ext4"}[request.param]
    image = disk_image(tmp_path / "disk.img", kind)
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-o", "rw,fakeroot"] if kind == "ext4" else []
    mount([request.param, *options, image], folder)
    yield folder
    unmount(folder)


@pytest.fixture
def photos(tmp_path):
    return make_tree(tmp_path / "photos", NAMES)


@pytest.fixture
def calm(photos, tmp_path):
    filter_folder(photos, tmp_path / "calm", RECIPE)
    return tree(tmp_path / "calm")


def test_a_file_system_in_user_space(photos, calm, disk, run):
    """No ``syncfs`` is relied on there, and names of 250 bytes have room for no suffix."""
    assert not durable._syncs_all(disk)
    out = disk / "out"
    assert filter_folder(photos, out, RECIPE).ok == len(NAMES)
    assert tree(out) == calm
    assert sorted(rows(out)) == sorted(NAMES)
    assert filter_folder(photos, out, RECIPE).skipped == len(NAMES)
    assert {path.name for path in (out / ".imgconv").iterdir()} == {
        *("manifest.jsonl", "manifest.head", "lock")
    }
    assert run("manifest", "verify", out, photos, "--deep").code == 0
    assert filter_folder(out, photos.parent / "twice", RECIPE).ok == len(NAMES)


@pytest.mark.parametrize("backup", ["", ".old"])
def test_in_place_in_user_space(photos, calm, disk, backup):
    place = disk / "photos"
    shutil.copytree(photos, place)
    (place / "sub" / LONG).unlink()  # a backup of it would have too long a name
    del calm[f"sub/{LONG}"]
    before = tree(place)
    report = filter_folder(place, place, RECIPE, in_place=True, assume_new=True, backup=backup)
    assert (report.ok, report.failed) == (3, 0)
    after = tree(place)
    assert {name: after[name] for name in calm} == calm
    assert {name: after[f"{name}{backup}"] for name in calm} == (before if backup else calm)
    assert filter_folder(place, place, RECIPE, in_place=True).skipped == 3
    assert tree(place) == after


def test_a_run_that_is_killed_in_user_space(photos, disk):
    many = make_tree(photos.parent / "many", [f"{i}.png" for i in range(300)])
    command = [sys.executable, "-m", "imgconv", "batch", "-r", many, disk / "out", "-k", "sharpen"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not tree(disk / "out") and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert subprocess.run([*command, "-q"], check=False).returncode == 0
    filter_folder(many, photos.parent / "many done", RECIPE)
    assert tree(disk / "out") == tree(photos.parent / "many done")
    assert len(rows(disk / "out")) == 300


@pytest.fixture
def failing_disk(tmp_path):
    """Give the folder of an ext4 whose blocks cannot all be written, and what lets them be.

    Its image is sparse, on a tmpfs that is full before the disk is.
    """
    small, folder = tmp_path / "small", tmp_path / "disk"
    small.mkdir()
    folder.mkdir()
    mount(["mount", "-t", "tmpfs", "-o", "size=64m", "none"], small)
    try:
        image = disk_image(small / "disk.img", "ext4", 40)
        used = image.stat().st_blocks * 512
        size = f"remount,size={used + (900 << 10)}"
        subprocess.run(["mount", "-o", size, small], check=True)
        options = "loop,errors=remount-ro,data=ordered"
        mount(["mount", "-t", "ext4", "-o", options, image], folder)

        def mend():
            unmount(folder)
            subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
            subprocess.run(["fsck.ext4", "-fy", image], check=False, capture_output=True)
            mount(["mount", "-t", "ext4", "-o", "loop", image], folder)

        yield folder, mend
    finally:
        if os.path.ismount(folder):
            unmount(folder)
        unmount(small)


def test_a_disk_that_cannot_write_its_blocks(failing_disk, tmp_path, imgconv):
    """Blocks that are lost when they are made durable: an output without its bytes has no name."""
    folder, mend = failing_disk
    make_tree(tmp_path / "photos", [f"{i}.bmp" for i in range(20)], size=(200, 200))
    assert imgconv("batch", "-r", "photos", "calm", "-k", "sharpen", "-q").code == 0
    calm = tree(tmp_path / "calm")
    done = imgconv("batch", "-r", "photos", "disk/out", "-k", "sharpen", "-q")
    assert done.code in (1, 5), done
    assert "Traceback" not in done.err
    words = ("the disk is full", "input/output error", "read-only")  # as the loop device tells it
    assert any(each in done.err for each in words), done.err
    mend()
    assert set(tree(folder / "out").items()) <= set(calm.items())
    assert imgconv("batch", "-r", "photos", "disk/out", "-k", "sharpen", "-q").code == 0
    assert tree(folder / "out") == calm
    assert imgconv("manifest", "verify", "disk/out", "photos", "--deep").code == 0


def test_a_disk_with_a_damaged_inode(tmp_path, imgconv):
    """The picture that it was fails by name; the others are done."""
    make_tree(tmp_path / "photos", ["a.png", "b.png", "c.png"])
    image, folder = disk_image(tmp_path / "disk.img", "ext4", 16), tmp_path / "disk"
    folder.mkdir()
    mount(["mount", "-t", "ext4", "-o", "loop", image], folder)
    try:
        shutil.copytree(tmp_path / "photos", folder / "in")
        unmount(folder)
        for number in range(8):  # the length and places of its blocks are nonsense
            field = f"sif /in/b.png block[{number}] 0xdeadbeef"
            subprocess.run(["debugfs", "-w", "-R", field, image], check=True, capture_output=True)
        mount(["mount", "-t", "ext4", "-o", "loop,errors=continue", image], folder)
        done = imgconv("batch", "-r", "disk/in", "out", "-k", "sharpen", "-q")
        assert done.code == 1
        assert done.err.count("Failed: ") == 1
        assert done.err.startswith("Failed: b.png: ")
        assert sorted(tree(tmp_path / "out")) == ["a.png", "c.png"]
    finally:
        if os.path.ismount(folder):
            unmount(folder)


CLOCK = """
import os, time
right = time.time
def shifted():
    with open(os.environ["TEST_CLOCK"]) as file:
        return right() + float(file.read())
time.time = shifted
"""
YEARS = 365 * 86400


@pytest.fixture
def faked(tmp_path):
    """Give the environment of programs, their workers included, whose clock a file shifts."""
    site, clock = tmp_path / "site", tmp_path / "clock"
    site.mkdir()
    (site / "sitecustomize.py").write_text(CLOCK)

    def shift(seconds):
        clock.with_name("new").write_text(str(seconds))
        clock.with_name("new").replace(clock)

    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    return {"PYTHONPATH": path, "TEST_CLOCK": str(clock)}, shift


def test_a_clock_that_goes_back_between_runs(tmp_path, imgconv, faked):
    env, shift = faked
    photos = make_tree(tmp_path / "photos", NAMES)
    command = ("batch", "-r", "photos", "out", "--json", "-j", "1")
    shift(20 * YEARS)
    assert imgconv(*command, "-k", "blur", env=env).code == 0
    assert all(row["finished"] > time.time() + YEARS for row in rows(tmp_path / "out").values())
    shift(-20 * YEARS)
    make_tree(photos, ["a.png"], seed=4)
    done = imgconv(*command, "-k", "sharpen", env=env)
    assert (done.code, len(events(done.out, "ok"))) == (0, len(NAMES))
    found = rows(tmp_path / "out")
    assert all(row["finished"] < time.time() - YEARS for row in found.values())
    assert imgconv("manifest", "verify", "out", "photos").code == 0
    again = imgconv(*command, "-k", "sharpen")
    assert (again.code, len(events(again.out, "skipped"))) == (0, len(NAMES))
    assert rows(tmp_path / "out") == found


def test_a_clock_that_jumps_during_a_run(tmp_path, faked):
    env, shift = faked
    names = [f"{i}.png" for i in range(300)]
    make_tree(tmp_path / "photos", names, size=(160, 160))
    shift(0)
    options = [
        "-k",
        "median:9",
        "-j",
        "1",
        "--timeout",
        "60",
        "--run-timeout",
        "600",
        "--log",
        "log",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "imgconv", "batch", "-r", "photos", "out", *options],
        cwd=tmp_path,
        env={**os.environ, **env, "IMGCONV_ENGINE": "reference"},  # which takes its time
        stderr=subprocess.PIPE,
        text=True,
    )
    jumps = 0
    while process.poll() is None:
        with contextlib.suppress(OSError):
            jumps += bool((tmp_path / "log").stat().st_size)
            shift(-13 * YEARS * (jumps % 3))
        time.sleep(0.05)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert jumps
    assert "-" not in said.replace("manifest.jsonl", "").partition(";")[0]
    told = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert len({round(event["time"] / 1e8) for event in told}) > 1, "the clock did jump"
    assert sorted(rows(tmp_path / "out")) == sorted(names)
    numbers = [row["n"] for row in rows(tmp_path / "out").values()]
    assert numbers == sorted(numbers)
