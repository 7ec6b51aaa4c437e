"""Several PNM pictures in one file or stream, as ffmpeg pipes them."""

from __future__ import annotations

import numpy as np
import pytest
from cli.program import assert_fails
from faults.image_samples import PNM_PICTURES, PNM_SHAPES, ppm

from imgconv import correlate
from imgconv.io.images.decode import decode_picture
from imgconv.io.images.picture import Reading
from imgconv.model.errors import ImageReadError, LimitError


def test_all_are_filtered_and_written_as_they_came(run, tmp_path):
    (tmp_path / "in.ppm").write_bytes(b"".join(map(ppm, PNM_PICTURES)))
    assert run("apply", "in.ppm", "out.ppm", "-k", "sharpen").code == 0
    expected = b"".join(ppm(correlate(image, "sharpen")) for image in PNM_PICTURES)
    assert (tmp_path / "out.ppm").read_bytes() == expected
    assert run("apply", "in.ppm", "two.ppm", "-k", "sharpen", "--page", "2").code == 0
    assert (tmp_path / "two.ppm").read_bytes() == ppm(correlate(PNM_PICTURES[1], "sharpen"))
    assert_fails(run("apply", "in.ppm", "o.png", "-k", "sharpen"), 5, "4 pages", "--page 1")


def test_pictures_of_several_kinds_follow_each_other():
    gray, deep = PNM_PICTURES[0][..., 0], PNM_PICTURES[1].astype(np.uint16) * 257
    floats = (PNM_PICTURES[0] / 256).astype(np.float32)
    bits = np.unpackbits(PNM_PICTURES[0][..., :1], axis=1).reshape(5, -1)[:, :9]
    data = b"P5 7 5 255\n" + gray.tobytes() + b"P6 4 9 65535\n" + deep.astype(">u2").tobytes()
    data += b"PF\n7 5\n-1.0\n" + np.ascontiguousarray(floats[::-1]).astype("<f4").tobytes()
    data += b"P4 9 5\n" + np.packbits(bits, axis=1).tobytes()
    data += b"P7\nWIDTH 7\nHEIGHT 5\nDEPTH 3\nMAXVAL 255\nENDHDR\n" + PNM_PICTURES[2].tobytes()
    found = decode_picture(data, "x").pages
    expected = [gray, deep, floats, (1 - bits) * np.uint8(255), PNM_PICTURES[2]]
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


def test_what_follows_and_is_no_picture_is_left_alone():
    assert len(decode_picture(ppm(PNM_PICTURES[0]) + b"\nthe end", "x").pages) == 1


@pytest.mark.parametrize("cut", [1, 20, 100, 107])
def test_a_picture_that_is_cut_is_damage_and_those_before_it_are_salvaged(cut):
    data = b"".join(map(ppm, PNM_PICTURES[:2]))[:-cut]
    with pytest.raises(ImageReadError, match="cut short"):
        decode_picture(data, "x")
    pages = decode_picture(data, "x", Reading(salvage=True)).pages
    assert np.array_equal(pages[0], PNM_PICTURES[0])
    assert len(pages) == (2 if cut < 108 else 1)


def test_the_pixels_of_all_count():
    data = b"".join(map(ppm, PNM_PICTURES))
    total = sum(rows * columns for rows, columns, _ in PNM_SHAPES)
    assert len(decode_picture(data, "x", Reading(max_pixels=total)).pages) == 4
    with pytest.raises(LimitError, match=f"on 4 pages is {total} pixels"):
        decode_picture(data, "x", Reading(max_pixels=total - 1))
