"""Every exit code, through the program itself, with what it says and what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from cli.program import assert_fails

FAILURES = [
    (2, ["apply", "photo.png", "out.png", "--stride", "0"], ["stride", "'0'"]),
    (2, ["apply", "photo.png", "out.png", "--no-such-option"], ["--no-such-option"]),
    (2, ["apply", "photo.png", "out.png", "-k", "blur", "--size", "full", "--range"], ["--range"]),
    (2, ["apply", "photo.png", "out.png", "-k", "ones", "-k"], ["-k"]),
    (2, ["apply", "tiny.pgm", "out.png", "-k", "blur", "--size", "valid"], ["no output pixel"]),
    (3, ["apply", "photo.png", "out.png", "-k", "shrpen"], ["'shrpen'", "sharpen"]),
    (3, ["apply", "photo.png", "out.png", "-k", "1 2; 3"], ["1 2; 3"]),
    (3, ["apply", "photo.png", "out.png", "--recipe", "none.yaml"], ["none.yaml"]),
    (3, ["kernels", "show", "nosuchkernel"], ["nosuchkernel"]),
    (4, ["apply", "none.png", "out.png"], ["none.png", "no such file"]),
    (4, ["apply", "text.png", "out.png"], ["text.png", "not an image"]),
    (4, ["compare", "none.png", "-k", "blur"], ["none.png"]),
    (5, ["apply", "photo.png", "taken.png"], ["taken.png exists", "--overwrite"]),
    (5, ["apply", "photo.png", "no/out.png"], ["no/out.png", "does not exist"]),
    (5, ["apply", "photo.png", "out.xyz"], ["out.xyz", ".png"]),
    (7, ["apply", "huge.pgm", "out.png"], ["huge.pgm", "pixels"]),
]


@pytest.fixture
def folder(tmp_path, photo):
    """Give a folder with one file for each way to fail."""
    (tmp_path / "text.png").write_text("hello\n")
    (tmp_path / "taken.png").write_text("mine")
    (tmp_path / "tiny.pgm").write_bytes(b"P5\n1 1\n255\n\0")
    (tmp_path / "huge.pgm").write_bytes(b"P5\n1000000 1000000\n255\n" + bytes(100))
    return tmp_path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("code", "arguments", "words"), FAILURES)
@pytest.mark.sampled(3)
def test_a_failure_has_its_code_and_leaves_everything_as_it_was(
    imgconv, folder, code, arguments, words
):
    before = contents(folder)
    assert_fails(imgconv(*arguments), code, *words)
    assert contents(folder) == before


def test_0_is_done_and_silent(imgconv, photo, tmp_path):
    done = imgconv("apply", "photo.png", "out.png", "-k", "blur")
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert sorted(contents(tmp_path)) == ["out.png", "photo.png"]


def test_1_is_a_difference_and_no_error(imgconv, photo):
    """Half of an odd level is a tie, which the script truncates."""
    kernel = ("-k", "0 0 0; 0 1/2 0; 0 0 0")
    done = imgconv("compare", "photo.png", *kernel, "--against", "naive", "--tolerance", "0")
    assert (done.code, done.err) == (1, "")


def test_3_of_check_is_a_report_and_no_error(imgconv, tmp_path):
    (tmp_path / "bad.yaml").write_text("kernels: {a: {weights: [[x]]}}\n")
    done = imgconv("kernels", "check", "bad.yaml")
    assert (done.code, done.err) == (3, "")
    assert done.out.startswith(b"error: bad.yaml:1:")


def test_7_when_there_is_not_the_memory(imgconv, photo, tmp_path):
    import resource

    def starve():
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))

    done = imgconv(
        "apply", "photo.png", "out.png", "-k", "blur", "--size", "60000", preexec_fn=starve
    )
    assert_fails(done, 7)
    assert sorted(contents(tmp_path)) == ["photo.png"]


def test_70_is_a_bug_of_ours_and_hides_the_traceback_until_it_is_asked_for(
    run, photo, monkeypatch, tmp_path
):
    def broken(*_, **__):
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("imgconv.jobs.apply.filter_file.run_recipe", broken)
    done = run("apply", "photo.png", "out.png")
    assert_fails(done, 70, "RuntimeError", "IMGCONV_DEBUG=1")
    monkeypatch.setenv("IMGCONV_DEBUG", "1")
    done = run("apply", "photo.png", "out.png")
    assert done.code == 70
    assert "Traceback" in done.err
    assert not (tmp_path / "out.png").exists()


@pytest.fixture
def waiting(photo, tmp_path):
    """Start a run that reads its input from a pipe; give it once it waits there, and the pipe."""
    fifo = tmp_path / "in.fifo"
    os.mkfifo(fifo)
    started = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # one that a child can have

    def start(*options):
        process = subprocess.Popen(
            [sys.executable, "-m", "imgconv", "apply", "in.fifo", *options],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        pipe = fifo.open("wb")  # waits until the program has opened the other end
        started.append((process, pipe))
        return process, pipe

    yield start
    for process, pipe in started:
        pipe.close()
        process.kill()
        process.communicate()
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_130_when_interrupted_while_it_reads(waiting, tmp_path, signum):
    process, _ = waiting("out.png", "-k", "blur")
    process.send_signal(signum)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"Error: interrupted\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.fifo", "photo.png"]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_130_when_interrupted_while_it_writes(waiting, photo, tmp_path, signum):
    """OUT is a pipe that nobody reads to the end, so the program cannot get past writing."""
    out = tmp_path / "out.fifo"
    os.mkfifo(out)
    process, pipe = waiting("out.fifo", "--format", "bmp", "--size", "200", "-k", "blur")
    pipe.write(photo.read_bytes())
    pipe.close()
    with out.open("rb", buffering=0) as reader:
        assert reader.read(2) == b"BM"
        process.send_signal(signum)
        said = process.communicate(timeout=60)
    assert (process.returncode, *said) == (130, b"", b"Error: interrupted\n")
    assert out.is_fifo()


def test_help_on_a_full_disk_is_no_bug():
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "imgconv", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 5
    assert done.stderr.decode() == "Error: stdout: no space left on device\n"


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "photo.png", "o.png", "-k", "1e400"),
        ("apply", "photo.png", "o.png", "-k", "1e140*1e140*sharpen"),
        ("apply", "photo.png", "o.png", "-k", "sharpen", "--border-value", "1e400"),
        ("binarize", "photo.png", "o.png", "--threshold", "1e300"),
        ("binarize", "photo.png", "o.png", "--method", "niblack", "--k", "1e300"),
        ("kernels", "identify", "1e400"),
    ],
)
def test_numbers_beyond_float64(run, photo, words):
    done = run(*words)
    assert done.code in (2, 3)
    assert "Error: " in done.err
    assert "1e140" in done.err or "exponent" in done.err
