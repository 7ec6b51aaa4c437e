"""Every kind of file, cut short: refused, or salvaged as far as it goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cli.program import assert_fails
from faults.image_samples import samples

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.image_files import read_image, read_picture
from imgconv.io.images.picture import Reading
from imgconv.model.errors import ImageReadError

CUTS = [1, 10, 50, 90, 99]
COMPLETE_WITHOUT_ITS_LAST_BYTE = {"pgm plain"}  # a line end that nothing needs
IN_ONE_PIECE = {"webp", "avif", "jp2", "hdr", "heic", "jxl", "exr"}
"""Formats of which nothing can be had when a part is missing."""
DIRECTORY_AT_THE_END = {
    "tiff", "tiff rgba", "tiff three", "tiff told", "tiff deflate", "tiff gray-alpha",
}  # fmt: skip
"""Files that no longer say where their pixels lie once they are cut."""


def shortened(data):
    return [data[: len(data) * cut // 100] for cut in CUTS] + [data[:-1]]


@pytest.mark.parametrize("name", samples())
def test_a_file_cut_short_is_refused_by_the_library(name):
    data = samples()[name]
    assert not any("damaged" in note for note in decode_picture(data, "whole").notes)
    pieces = shortened(data)
    if name in COMPLETE_WITHOUT_ITS_LAST_BYTE:
        pieces.pop()
    for piece in pieces:
        with pytest.raises(ImageReadError, match=r"^some/x: "):
            decode_picture(piece, "some/x")


@pytest.mark.parametrize("name", samples())
def test_what_is_salvaged_is_the_beginning_of_the_picture(name):
    whole = decode_picture(samples()[name], "x").pages
    found = [salvaged(piece) for piece in shortened(samples()[name])]
    for picture in filter(None, found):
        assert len(picture.pages) <= len(whole)
        assert [page.shape for page in picture.pages[:1]] == [page.shape for page in whole[:1]]
    lost = name in DIRECTORY_AT_THE_END or name.split()[0] in IN_ONE_PIECE
    assert (not any(found)) == lost


def salvaged(piece):
    try:
        return decode_picture(piece, "x", Reading(salvage=True))
    except ImageReadError:
        return None


ROW_BY_ROW = ["png", "png 16", "png gray-alpha", "jpeg", "jpeg restarts", "bmp", "ppm", "pam",
              "tiff plain", "sun", "pgm plain"]  # fmt: skip


@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_half_a_file_is_half_a_picture(run, tmp_path, name):
    data = samples()[name]
    kept = len(data) // 2
    if name.startswith("jpeg"):  # its headers are most of so small a file
        start = data.index(b"\xff\xda")
        kept = start + (len(data) - start) * 2 // 3
    (tmp_path / "half").write_bytes(data[:kept])
    assert_fails(run("apply", "half", "out.tiff"), 4, "half: ", "damaged or cut short", "--salvage")
    done = run("apply", "half", "out.tiff", "--salvage")
    assert (done.code, done.out) == (0, b"")
    assert "half is damaged" in done.err
    whole = decode_picture(samples()[name], "x").pages[0]
    found = read_image(tmp_path / "out.tiff")
    assert found.shape == whole.shape
    alike = [np.array_equal(a, b) for a, b in zip(found, whole, strict=True)]
    rows = alike[::-1] if name == "bmp" else alike  # which begins with its lowest row
    assert all(rows[:4])
    assert not all(rows)


@pytest.mark.parametrize("name", ["gif three", "png three"])
def test_frames_before_the_damage_are_salvaged(run, tmp_path, name):
    data = samples()[name]
    (tmp_path / "cut").write_bytes(data[: len(data) * 9 // 10])
    done = run("apply", "cut", "out.tiff", "--salvage")
    assert done.code == 0
    assert "its first 2 pages are taken" in done.err
    whole = decode_picture(data, "x").pages
    found = read_picture(tmp_path / "out.tiff").pages
    assert np.array_equal(found[0], whole[0])


def test_nothing_is_salvaged_of_nothing(run, tmp_path):
    data = samples()["webp"]
    (tmp_path / "cut.webp").write_bytes(data[: len(data) // 2])
    done = run("apply", "cut.webp", "out.png", "--salvage")
    assert_fails(done, 4, "cut.webp: the webp data is damaged or cut short: it has")
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("chunk", [b"pHYs", b"iCCP", b"eXIf", b"iTXt", b"IEND"])
def test_a_wrong_checksum_anywhere_in_a_png_is_damage(chunk):
    data = bytearray(samples()["png told"])
    at = data.index(chunk)
    data[at - 4 + 8 + int.from_bytes(data[at - 4 : at])] ^= 1
    with pytest.raises(ImageReadError, match=f"the checksum of a chunk {chunk.decode()} is wrong"):
        decode_picture(bytes(data), "x")
    assert len(decode_picture(bytes(data), "x", Reading(salvage=True)).pages) == 1


def test_damage_belongs_to_its_file_when_many_are_decoded_at_once(capfd):
    """Half of them have a hole; nobody listens to what the codecs print."""
    good = samples()["jpeg"]
    bad = bytearray(good)
    middle = (good.index(b"\xff\xda") + len(good)) // 2
    bad[middle : middle + 40] = b"\xff\x00" * 20
    files = [good, bytes(bad)] * 100

    def outcome(data):
        try:
            return decode_picture(data, "x").pages[0].shape
        except ImageReadError:
            return None

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(outcome, files))
    assert found == [decode_picture(good, "x").pages[0].shape, None] * 100


def test_the_library_does_not_touch_descriptor_2(monkeypatch):
    """A file that a codec complains of is read while nobody may redirect anything."""
    import os

    def never(*_, **__):
        raise AssertionError("descriptor 2 was touched")

    data = samples()["jpeg"]
    with monkeypatch.context() as patched:  # pytest itself duplicates descriptors later
        patched.setattr(os, "dup2", never)
        patched.setattr(os, "dup", never)
        with pytest.raises(ImageReadError):
            decode_picture(data[: len(data) - 30], "x")
        assert len(decode_picture(data, "x").pages) == 1
