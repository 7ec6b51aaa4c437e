"""Processes that die: workers, and the whole run, at any moment."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from cli.batches import make_tree, rows, tree
from cli.program import save

PROGRAM = [sys.executable, "-m", "imgconv", "batch", "-r", "photos"]


def start(folder, *arguments, **settings):
    return subprocess.Popen([*PROGRAM, *arguments], cwd=folder, stderr=subprocess.PIPE, **settings)


def children(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    with contextlib.suppress(OSError):
        return [int(word) for word in path.read_text().split()]
    return []


def finish(process):
    said = process.communicate(timeout=120)[1].decode()
    return process.returncode, said


def test_killed_workers_are_replaced_and_nothing_is_lost(tmp_path):
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(40)], size=(400, 400))
    assert finish(start(tmp_path, "calm", "-k", "blur"))[0] == 0
    process = start(tmp_path, "out", "-k", "blur", "-j", "2")
    seed, killed, known = random.Random(3), 0, 0
    while process.poll() is None and killed < 4:
        time.sleep(0.02)
        with contextlib.suppress(OSError):
            done = (tmp_path / "out/.imgconv/manifest.jsonl").read_bytes().count(b"\n")
            # Workers that die while they start end the run; these have done something since.
            if done > known and (found := children(process.pid)):
                os.kill(seed.choice(found), signal.SIGKILL)
                killed, known = killed + 1, done
    code, said = finish(process)
    assert killed
    assert "crashed or hung and replaced" in said
    if code:  # a file whose process was killed twice is given up, until the next run
        assert "its process died" in said
        assert finish(start(tmp_path, "out", "-k", "blur"))[0] == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")
    assert len(rows(tmp_path / "out")) == 40


def test_the_file_that_kills_its_process_is_found_and_the_others_are_done(tmp_path):
    """Every process may compute for two seconds; one picture takes longer."""
    photos = make_tree(tmp_path / "photos", [f"{i}.png" for i in range(10)])
    random_pixels = np.random.default_rng(0).integers(0, 256, (3000, 3000), np.uint8)
    save(photos / "5-guilty.png", random_pixels)

    def few_seconds():
        resource.setrlimit(resource.RLIMIT_CPU, (2, 2))

    env = {**os.environ, "IMGCONV_ENGINE": "reference"}
    slow = ("-k", "gaussian:sigma=9", "-k", "disk:9")
    code, said = finish(start(tmp_path, "out", "-j", "2", *slow, env=env, preexec_fn=few_seconds))
    assert code == 1
    assert said.count("Failed: ") == 1
    assert "5-guilty.png: its process died" in said
    assert len(tree(tmp_path / "out")) == 10
    row = rows(tmp_path / "out")["5-guilty.png"]
    assert (row["status"], row["error"]) == ("failed", "WorkerDiedError")
    assert not list((tmp_path / "out" / ".imgconv").glob("parts*"))


def test_an_interrupt_leaves_whole_files_and_the_next_run_finishes(tmp_path):
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(60)], size=(400, 400))
    process = start(tmp_path, "out", "-k", "blur")
    while not tree(tmp_path / "out"):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    code, said = finish(process)
    assert code == 130
    assert said.endswith("Error: interrupted\n")
    done = tree(tmp_path / "out")
    assert 0 < len(done) < 60
    assert len(rows(tmp_path / "out")) == len(done)
    assert not list((tmp_path / "out" / ".imgconv").glob("parts*"))
    assert finish(start(tmp_path, "out", "-k", "blur"))[0] == 0
    assert finish(start(tmp_path, "calm", "-k", "blur"))[0] == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")


def killed_until(tmp_path, kills, seed, in_place, count):
    """Kill runs at random moments until so many were killed; check after each finished one."""
    names = [f"{i % 7}/{i}.png" for i in range(count)]
    make_tree(tmp_path / "photos", names, size=(16, 12))
    assert finish(start(tmp_path, "calm", "-k", "sharpen"))[0] == 0
    calm, chance, done, finished = tree(tmp_path / "calm"), random.Random(seed), 0, 0
    while done < kills:
        folder = f"out{finished}"
        options = [folder, "-k", "sharpen", "-j", "2"]
        if in_place:
            (tmp_path / folder).mkdir(exist_ok=True)
            for name, data in tree(tmp_path / "photos").items():
                target = tmp_path / folder / name
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(data)
        arguments = [*PROGRAM[:-1], folder] if in_place else PROGRAM
        options += ["--in-place"] if in_place else []
        code = None
        while code is None:
            process = subprocess.Popen([*arguments, *options], cwd=tmp_path, stderr=-1)
            if done < kills:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(chance.uniform(0.05, 0.75))
                if process.poll() is None:
                    if chance.random() < 0.5:  # a worker too, sometimes
                        for pid in children(process.pid)[:1]:
                            with contextlib.suppress(ProcessLookupError):
                                os.kill(pid, signal.SIGKILL)
                    process.kill()
                    process.communicate()
                    done += 1
                    partial = tree(tmp_path / folder)
                    sound = set(calm.items()) | (
                        set() if not in_place else set(tree(tmp_path / "photos").items())
                    )
                    assert set(partial.items()) <= sound
                    continue
            process.communicate(timeout=120)
            code = process.returncode
        assert code == 0
        assert tree(tmp_path / folder) == calm
        assert sorted(rows(tmp_path / folder)) == sorted(names)
        left = {path.name for path in (tmp_path / folder / ".imgconv").iterdir()}
        assert left == {"manifest.jsonl", "manifest.head", "lock"}
        finished += 1
    return done, finished


@pytest.mark.parametrize("in_place", [False, True])
def test_a_run_killed_again_and_again_is_finished(tmp_path, in_place):
    done, finished = killed_until(tmp_path, 4, 1, in_place, 500)
    assert done == 4
    assert finished


@pytest.mark.slow
@pytest.mark.parametrize("in_place", [False, True])
def test_two_hundred_kills(tmp_path, in_place):
    done, finished = killed_until(tmp_path, 200, 2, in_place, 1500)
    print(f"\n{done} runs killed, {finished} finished")
