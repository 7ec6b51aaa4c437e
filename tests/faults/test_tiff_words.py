"""What a TIFF says of its pages and of the earth, and directories that are cut off."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile
from faults.image_samples import metadata
from faults.layout_maker import RGB, H, W, flat, joined, samples, tiff

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import format_named
from imgconv.io.images.picture import Picture, Reading
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
        ({"extratags": [(42112, "s", 0, "<GDALMetadata/>", True)]}, "GDAL's metadata"),
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


EARTH = [
    (33550, 12, 3, (0.5, 0.25, 0.0)), (33922, 12, 6, (0.0, 0.0, 0.0, 11.5, 48.25, 0.0)),
    (34735, 3, 8, (1, 1, 0, 1, 1024, 0, 1, 2)), (34736, 12, 2, (6378137.0, 298.25)),
    (34737, 2, 7, "WGS 84|"),
]  # fmt: skip


def on_earth(**how):
    file = io.BytesIO()
    extra = [(*each, True) for each in EARTH]
    tifffile.imwrite(
        file, samples("u1", 3), photometric="rgb", metadata=None, extratags=extra, **how
    )
    return file.getvalue()


def notes_of(done):
    """Give the program's words; codecs are heard here, too."""
    return [line for line in done.err.splitlines() if not line.startswith("[")]


def earth_of(path):
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags
        return {code: tags[code].value for code, *_ in EARTH if code in tags}


@pytest.fixture(params=["whole", "bands"])
def bands(request, monkeypatch):
    """Filter as a whole, or in bands."""
    if request.param == "bands":
        monkeypatch.setattr("imgconv.jobs.apply.filter_path.is_surely_small", lambda *_: False)
        monkeypatch.setattr("imgconv.jobs.apply.stream_file.whole_bytes", lambda *_: 1 << 62)
    return request.param == "bands"


@pytest.mark.parametrize("order", "<>")
def test_places_on_the_earth_are_kept_where_the_geometry_stays(run, tmp_path, bands, order):
    (tmp_path / "in.tif").write_bytes(on_earth(byteorder=order))
    given = earth_of(tmp_path / "in.tif")
    assert len(given) == len(EARTH)
    done = run("apply", "in.tif", "out.tif", "-k", "small_blur")
    assert (done.code, notes_of(done)) == (0, [])
    assert earth_of(tmp_path / "out.tif") == given
    assert notes_of(run("apply", "in.tif", "bare.tif", "-k", "small_blur", "--strip")) == []
    assert earth_of(tmp_path / "bare.tif") == {}


@pytest.mark.parametrize("change", [("--stride", "2"), ("--size", "valid"), ("--size", "full")])
def test_places_are_dropped_and_that_is_said_where_it_does_not(run, tmp_path, bands, change):
    (tmp_path / "in.tif").write_bytes(on_earth())
    done = run("apply", "in.tif", "out.tif", "-k", "small_blur", *change)
    assert done.code == 0
    assert "geographic tags are not kept, since the picture has another geometry" in done.err
    assert earth_of(tmp_path / "out.tif") == {}


def test_places_of_a_turned_or_another_page_are_dropped(run, tmp_path):
    (tmp_path / "turned.tif").write_bytes(turned())
    done = run("apply", "turned.tif", "out.tif", "-k", "identity")
    assert "geographic tags are not kept" in done.err
    assert earth_of(tmp_path / "out.tif") == {}
    with tifffile.TiffWriter(tmp_path / "two.tif") as writer:
        for _ in range(2):
            extra = [(*each, True) for each in EARTH]
            writer.write(samples("u1", 3), photometric="rgb", metadata=None, extratags=extra)
    done = run("apply", "two.tif", "second.tif", "-k", "identity", "--page", "2")
    assert earth_of(tmp_path / "second.tif") == {}


def turned():
    file = io.BytesIO()
    extra = [(*each, True) for each in EARTH] + [(274, 3, 1, 6, True)]
    tifffile.imwrite(file, samples("u1", 3), photometric="rgb", metadata=None, extratags=extra)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.png", "png does not keep the geographic tags"),
        ("out.bmp", "bmp does not keep EXIF and the ICC profile and XMP and the geographic tags"),
        ("out.jxl", "jxl does not keep the ICC profile and the geographic tags"),
        ("out.tif", None),
    ],
)
def test_what_a_format_does_not_keep_is_said(run, tmp_path, name, words):
    said = metadata()
    places = on_earth()
    found = decode_picture(places, "x").metadata.places
    picture = Picture((samples("u1", 3),), said._replace(places=found))
    (tmp_path / "in.tif").write_bytes(encode_picture(picture, format_named("tiff"), "x")[0])
    done = run("apply", "in.tif", name, "-k", "small_blur")
    assert done.code == 0
    assert notes_of(done) == ([words] if words else [])
    assert notes_of(run("apply", "in.tif", f"bare-{name}", "-k", "small_blur", "--strip")) == []
