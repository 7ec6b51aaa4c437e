"""PNM pictures in a stream: filtered one by one as they arrive, in memory for one."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys

import numpy as np
import pytest
from cli.program import assert_fails
from faults.image_samples import PNM_PICTURES, ppm

from imgconv import correlate
from imgconv.io.images.formats import format_named
from imgconv.io.images.picture import Reading
from imgconv.io.images.picture_stream import Begun, pictures
from imgconv.io.tiled import choice
from imgconv.model.errors import ImageReadError, LimitError

PROGRAM = [sys.executable, "-m", "imgconv", "apply"]
PATIENCE = 60
"""Seconds after which a picture is not awaited any more."""


class Dripping:
    """A stream that gives few bytes at a time, as a pipe does."""

    def __init__(self, data, step):
        self._data, self._step, self.taken = data, step, 0

    def read1(self, size):
        found = self._data[self.taken : self.taken + min(self._step, size)]
        self.taken += len(found)
        return found


def taken(data, step, **how):
    stream = Dripping(data, step)
    return pictures(Begun(stream, "x"), "x", Reading(**how)), stream


KINDS = [
    b"P5 7 5 255\n" + bytes(35),
    b"P4 9 5\n" + bytes(10),
    b"P6\n# a comment\n4 9\n65535\n" + bytes(216),
    b"PF\n7 5\n-1.0\n" + bytes(420),
    b"P7\nWIDTH 7\nHEIGHT 5\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n" + bytes(140),
]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1 << 16])
def test_pictures_are_cut_where_they_end(step):
    found, _ = taken(b"".join(KINDS), step)
    assert list(found) == KINDS


@pytest.mark.parametrize("step", [1, 1 << 16])
def test_what_follows_is_left_alone(step):
    found, _ = taken(KINDS[0] + b"\nthe end", step)
    assert list(found) == KINDS[:1]
    words = b"P2 2 2 255 1 2 3 4\n"
    found, _ = taken(KINDS[0] + words, step)
    assert list(found) == KINDS[:1]
    found, _ = taken(words * 3, step)
    assert list(found) == [words * 3]


def test_no_more_is_read_than_the_next_picture_needs():
    found, stream = taken(b"".join(KINDS * 100), 16)
    for number in range(100):
        for kind in KINDS:
            assert next(found) == kind
        assert stream.taken <= (number + 1) * sum(map(len, KINDS)) + 32


def test_a_picture_beyond_the_limit_is_refused_before_it_is_read():
    head = b"P5 4000 4000 255\n"
    found, stream = taken(KINDS[0] + head + bytes(16_000_000), 1000, max_pixels=1000)
    assert next(found) == KINDS[0]
    with pytest.raises(LimitError, match="4000 x 4000"):
        next(found)
    assert stream.taken < 3000
    found, stream = taken(b"P2 10 10 255 " + b"1 " * 40_000_000, 1 << 16, max_pixels=1000)
    with pytest.raises(LimitError, match="a picture has more than 64 MiB"):
        next(found)


def test_a_stream_that_breaks_is_named():
    class Broken:
        def read1(self, size):
            raise OSError(5, "Input/output error")

    with pytest.raises(ImageReadError, match="stdin: input/output error"):
        Begun(Broken(), "stdin")


@contextlib.contextmanager
def started(*words):
    with subprocess.Popen(
        [*PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def awaited(stream, size):
    """Read so many bytes of a pipe."""
    parts = b""
    while len(parts) < size:
        ready, _, _ = select.select([stream], [], [], PATIENCE)
        assert ready, "no picture came"
        more = os.read(stream.fileno(), size - len(parts))
        assert more, "the stream ended"
        parts += more
    return parts


def test_a_picture_is_written_before_the_next_arrives():
    with started("-", "-", "--format", "ppm", "-k", "sharpen", "--quiet") as process:
        for image in PNM_PICTURES * 2:
            process.stdin.write(ppm(image))
            process.stdin.flush()
            expected = ppm(correlate(image, "sharpen"))
            assert awaited(process.stdout, len(expected)) == expected
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path):
    """Ten pictures, and three hundred of them, which are 180 MB."""
    image = np.random.default_rng(2).integers(0, 256, (400, 500, 3), np.uint8)
    program = """
import resource, sys
from imgconv.cli.main import main
code = main(["apply", "-", sys.argv[1], "-k", "sharpen", "--quiet", "--overwrite"])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""
    target = tmp_path / "out.ppm"
    peaks = []
    for count in (10, 300):
        with subprocess.Popen(
            [sys.executable, "-c", program, target], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            for _ in range(count):
                process.stdin.write(ppm(image))
            process.stdin.close()
            code, peak = process.stderr.read().split()
        assert code == b"0"
        assert target.stat().st_size == count * len(ppm(image))
        peaks.append(int(peak) << 10)
    assert peaks[1] - peaks[0] < 30 * image.nbytes


def test_files_are_filtered_one_by_one_too(run, tmp_path, monkeypatch):
    monkeypatch.setattr("imgconv.jobs.apply.filter_path.filter_file", None)
    (tmp_path / "in.ppm").write_bytes(b"".join(map(ppm, PNM_PICTURES)))
    done = run("apply", "in.ppm", "out.pnm", "-k", "sharpen", "-v")
    assert done.code == 0
    expected = b"".join(ppm(correlate(image, "sharpen")) for image in PNM_PICTURES)
    assert (tmp_path / "out.pnm").read_bytes() == expected
    assert "4 pages" in done.err
    assert run("apply", "in.ppm", "in.ppm", "-k", "sharpen", "--in-place").code == 0
    assert (tmp_path / "in.ppm").read_bytes() == expected


def test_other_formats_become_pnm_as_before(imgconv, tmp_path, photo):
    assert imgconv("apply", "photo.png", "one.pgm", "-k", "sharpen").code == 0
    one = (tmp_path / "one.pgm").read_bytes()
    for name in ("-", "two.pgm"):
        words = ["apply", "-", name, "--format", "pgm", "-k", "sharpen"]
        done = imgconv(*words, stdin=photo.read_bytes())
        assert done.code == 0
        assert (done.out or (tmp_path / "two.pgm").read_bytes()) == one


@pytest.mark.parametrize("cut", [1, 100])
def test_a_picture_that_is_cut_ends_the_stream(run, tmp_path, cut):
    data = b"".join(map(ppm, PNM_PICTURES[:2]))[:-cut]
    (tmp_path / "in.ppm").write_bytes(data)
    done = run("apply", "in.ppm", "out.ppm", "-k", "sharpen")
    assert_fails(done, 4, "in.ppm: picture 2: the ppm data is damaged or cut short", "--salvage")
    assert not (tmp_path / "out.ppm").exists()
    done = run("apply", "in.ppm", "out.ppm", "-k", "identity", "--salvage")
    assert done.code == 0
    assert "picture 2 is damaged" in done.err
    assert (tmp_path / "out.ppm").read_bytes() == data + bytes(cut)


def test_a_header_that_makes_no_sense_ends_the_stream(run, tmp_path):
    (tmp_path / "in.ppm").write_bytes(ppm(PNM_PICTURES[0]) + b"P6 7 0 255\n" + bytes(200))
    done = run("apply", "in.ppm", "out.ppm", "-k", "identity")
    assert_fails(done, 4, "picture 2: the ppm data is damaged", "its size is 7 x 0")
    done = run("apply", "in.ppm", "out.ppm", "-k", "identity", "--salvage")
    assert done.code == 0
    assert "the 1 before it are taken" in done.err
    assert (tmp_path / "out.ppm").read_bytes() == ppm(PNM_PICTURES[0])


def test_a_picture_that_the_format_cannot_hold_ends_with_5(run, tmp_path):
    (tmp_path / "in.pnm").write_bytes(ppm(PNM_PICTURES[0]) + KINDS[-1])
    done = run("apply", "in.pnm", "out.ppm", "-k", "identity")
    assert_fails(done, 5, "out.ppm: ppm cannot hold alpha")
    assert [path.name for path in tmp_path.iterdir()] == ["in.pnm"]


@pytest.mark.parametrize("several", [False, True])
def test_a_second_picture_beyond_the_head_keeps_libvips_away(monkeypatch, tmp_path, several):
    monkeypatch.setattr(choice, "_HEAD", 64)
    data = b"".join(map(ppm, PNM_PICTURES[: 2 if several else 1]))
    (tmp_path / "in.ppm").write_bytes(data)
    assert choice._is_read_alike(tmp_path / "in.ppm", format_named("ppm")) == (not several)
