"""What a TIFF says of its pages and of the earth, and directories that are cut off."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile
from faults.layout_maker import RGB, H, W, flat, samples, tiff
from faults.test_layouts import joined

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.picture import Reading
from imgconv.model.errors import ImageReadError


def written(**options):
    file = io.BytesIO()
    tifffile.imwrite(file, samples("u1", 3), photometric="rgb", **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, None),
        ({"metadata": {"key": "value"}}, "description by tifffile"),
        ({"imagej": True, "metadata": {"unit": "um"}}, "description by ImageJ"),
        ({"description": "a lake", "metadata": None}, None),
        ({"extratags": [(33550, "d", 3, (1.0, 1.0, 0.0), True)]}, "geographic tags"),
    ],
)
def test_a_description_of_how_pages_lie_is_not_copied(run, tmp_path, options, words):
    if "imagej" in options:
        file = io.BytesIO()
        tifffile.imwrite(file, flat(samples("u1")), **options)
        data = file.getvalue()
    else:
        data = written(**options)
    (tmp_path / "in.tif").write_bytes(data)
    done = run("apply", "in.tif", "out.tif", "--gray")
    assert done.code == 0
    assert (words or "") in done.err
    assert bool(words) == bool(done.err)
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        said = file.pages[0].description
        assert file.asarray().shape == (H, W)
    assert said == ("a lake" if "description" in options else "")


def two_pages():
    return joined(tiff(samples("u2")), tiff(samples("u1", 3), RGB))


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_pages_whose_directories_are_whole_are_salvaged(cut):
    data = two_pages()[:-cut]
    with pytest.raises(ImageReadError, match="damaged or cut short: it ends before a directory"):
        decode_picture(data, "x")
    picture = decode_picture(data, "x", Reading(salvage=True))
    assert np.array_equal(picture.pages[0], flat(samples("u2")))
    assert len(picture.pages) == 1
    assert "damaged" in picture.notes[0]


def test_a_chain_of_directories_that_goes_round_is_salvaged_too():
    data = bytearray(two_pages())
    (first,) = struct.unpack_from("<I", data, 4)
    struct.pack_into("<I", data, len(data) - 4, first)
    with pytest.raises(ImageReadError, match="form a cycle"):
        decode_picture(bytes(data), "x")
    assert len(decode_picture(bytes(data), "x", Reading(salvage=True)).pages) == 2
