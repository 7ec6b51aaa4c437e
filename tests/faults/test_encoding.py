"""How files are written: quality, subsampling, compression, and the same bytes again."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, save
from faults.image_samples import pillow
from PIL import Image

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import check_encoding, encode_picture
from imgconv.io.images.formats import FORMATS, format_named, read_header
from imgconv.io.images.formats.jpeg.quality import quality_of
from imgconv.io.images.image_files import read_image
from imgconv.io.images.picture import Encoding, Picture
from imgconv.model.errors import ArgumentError

SUBSAMPLINGS = {"444": 0, "422": 1, "420": 2}


@pytest.mark.parametrize("quality", [*range(1, 100, 7), 100])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_quality_and_subsampling_are_read_from_a_jpeg(rgb, quality, subsampling):
    image = Image.fromarray(rgb)
    data = pillow(image, "JPEG", quality=quality, subsampling=SUBSAMPLINGS[subsampling])
    encoded = read_header(data, format_named("jpeg")).encoded
    assert (encoded.quality, encoded.subsampling) == (quality, subsampling)


def test_the_quality_of_tables_that_no_scale_gives_is_rounded_up():
    """Never coarser than what was read."""
    assert quality_of({0: (1,) * 64, 1: (1,) * 64}) == 100
    assert quality_of({}) is None
    finer = tuple(max(1, value - 1) for value in (16, 11, 12, 14) * 16)
    assert quality_of({0: finer}) > quality_of({0: tuple(value + 1 for value in finer)})


@pytest.mark.parametrize(("quality", "subsampling"), [(60, "420"), (90, "422"), (98, "444")])
def test_a_jpeg_stays_in_its_class(run, rgb, tmp_path, quality, subsampling):
    options = {"quality": quality, "subsampling": SUBSAMPLINGS[subsampling]}
    (tmp_path / "in.jpg").write_bytes(pillow(Image.fromarray(rgb), "JPEG", **options))
    assert run("apply", "in.jpg", "out.jpg", "-k", "identity").code == 0
    encoded = read_header((tmp_path / "out.jpg").read_bytes(), format_named("jpeg")).encoded
    assert (encoded.quality, encoded.subsampling) == (quality, subsampling)
    before, after = read_image(tmp_path / "in.jpg"), read_image(tmp_path / "out.jpg")
    assert np.abs(before.astype(int) - after).mean() < 2


def test_a_jpeg_of_anything_else_is_a_good_one(run, colour, tmp_path):
    assert run("apply", "colour.png", "out.jpg", "-k", "identity").code == 0
    encoded = read_header((tmp_path / "out.jpg").read_bytes(), format_named("jpeg")).encoded
    assert (encoded.quality, encoded.subsampling) == (95, "444")
    options = ("--quality", "40", "--subsampling", "420", "--overwrite")
    assert run("apply", "colour.png", "out.jpg", *options).code == 0
    encoded = read_header((tmp_path / "out.jpg").read_bytes(), format_named("jpeg")).encoded
    assert (encoded.quality, encoded.subsampling) == (40, "420")


def test_a_jpeg_is_what_opencv_decodes(rgb, tmp_path):
    for options in ({"subsampling": 0}, {"subsampling": 2}, {"progressive": True}):
        data = pillow(Image.fromarray(rgb), "JPEG", **options)
        theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert np.array_equal(decode_picture(data, "x").pages[0], theirs[..., ::-1])


@pytest.mark.parametrize("mode", ["CMYK", "YCCK"])
def test_cmyk_becomes_rgb_and_is_said(run, rgb, tmp_path, mode):
    image = Image.fromarray(rgb).convert("CMYK")
    (tmp_path / "in.jpg").write_bytes(pillow(image, "JPEG", quality=100, subsampling=0))
    image.save(tmp_path / "in.tiff")
    for name in ("in.jpg", "in.tiff"):
        done = run("apply", name, "out.png", "--overwrite")
        assert (done.code, done.err) == (0, "CMYK converted to RGB\n")
        assert np.abs(read_image(tmp_path / "out.png").astype(int) - rgb).mean() < 3


@pytest.mark.parametrize("name", ["webp", "avif"])
def test_lossy_is_asked_for(run, colour, rgb, tmp_path, name):
    suffix = format_named(name).suffixes[0]
    assert run("apply", "colour.png", f"a{suffix}", "--lossless").code == 0
    assert np.array_equal(read_image(tmp_path / f"a{suffix}"), rgb)
    assert run("apply", "colour.png", f"b{suffix}", "--quality", "50").code == 0
    sizes = [(tmp_path / f"{letter}{suffix}").stat().st_size for letter in "ab"]
    assert sizes[1] < sizes[0] / 2
    assert np.abs(read_image(tmp_path / f"b{suffix}").astype(int) - rgb).mean() < 8


def test_compressions(run, photo, gray, tmp_path):
    sizes = {}
    for how, target in (("0", "a.png"), ("9", "b.png"), ("none", "a.tiff"), ("lzw", "b.tiff"),
                        ("deflate", "c.tiff"), ("packbits", "d.tiff")):  # fmt: skip
        assert run("apply", "photo.png", target, "--compression", how).code == 0
        assert np.array_equal(read_image(tmp_path / target), gray)
        sizes[target] = (tmp_path / target).stat().st_size
        if target.endswith("tiff"):
            with Image.open(tmp_path / target) as image:
                expected = {"none": "raw", "lzw": "tiff_lzw", "deflate": "tiff_adobe_deflate"}
                assert image.info["compression"] == expected.get(how, how)
    assert sizes["b.png"] < sizes["a.png"]
    assert sizes["c.tiff"] < sizes["a.tiff"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["o.jpg", "--lossless"], 5, ["jpeg always loses", ".png"]),
        (["o.webp", "--lossless", "--quality", "9"], 2, ["not both"]),
        (["o.jpg", "--quality", "101"], 2, ["101"]),
        (["o.jpg", "--subsampling", "421"], 2, ["'421'", "444"]),
        (["o.png", "--compression", "zip"], 2, ["'zip'", "lzw"]),
        (["o.jp2"], 5, ["jp2 is read but not written", ".png"]),
    ],
)
def test_what_cannot_be_asked_of_an_encoder(run, photo, tmp_path, options, code, words):
    assert_fails(run("apply", "photo.png", *options), code, *words)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_the_library_refuses_the_same():
    with pytest.raises(ArgumentError, match="quality 0 is not from 1 to 100"):
        check_encoding(Encoding(quality=0))


ENCODE_ALL = """
import hashlib, sys, time
import numpy as np
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import FORMATS
from imgconv.io.images.picture import Picture
rgb = np.load("rgb.npy")
time.time = lambda: float(sys.argv[1])
for kind in FORMATS:
    if not kind.writes:
        continue
    image = rgb if 3 in kind.channels else rgb[..., 1]
    if kind.depths[0].value == "f32":
        image = (image / 256).astype(np.float32)
    pages = (image, 255 - image) if kind.pages else (image,)
    picture = Picture(pages, delays=(50, 60) if kind.pages else ())
    print(kind.name, hashlib.sha256(encode_picture(picture, kind, "x")[0]).hexdigest())
"""


def test_the_same_picture_gives_the_same_bytes_in_another_process(rgb, tmp_path):
    """Neither the hash seed, nor the clock, nor the number of threads leaves a trace."""
    np.save(tmp_path / "rgb.npy", rgb)
    runs = []
    for seed, clock, threads in (("1", "1000000000", "1"), ("2", "1700000000", "2")):
        settings = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads}
        runs.append(
            subprocess.run(
                [sys.executable, "-c", ENCODE_ALL, clock],
                cwd=tmp_path,
                env={**os.environ, **settings},
                capture_output=True,
                text=True,
                check=True,
            ).stdout.splitlines()
        )
    assert [line.split()[0] for line in runs[0]] == [k.name for k in FORMATS if k.writes]
    assert runs[0] == runs[1]


def test_gif_says_what_it_cannot_keep(run, tmp_path, astronaut):
    save(tmp_path / "in.png", astronaut[:64, :64])
    done = run("apply", "in.png", "out.gif")
    assert done.code == 0
    assert "more than 256 colours" in done.err
    few = (astronaut[:64, :64] // 64) * 64
    save(tmp_path / "few.png", few)
    done = run("apply", "few.png", "few.gif")
    assert (done.code, done.err) == (0, "")
    assert np.array_equal(read_image(tmp_path / "few.gif"), few)


def test_white_of_a_pnm_is_heeded(run, tmp_path):
    (tmp_path / "in.pgm").write_bytes(b"P5\n3 1\n100\n" + bytes([0, 50, 100]))
    done = run("apply", "in.pgm", "out.png")
    assert (done.code, done.err) == (0, "white was 100; the values were spread to 255\n")
    assert read_image(tmp_path / "out.png").tolist() == [[0, 128, 255]]  # 127.5 is a tie
    deep = np.array([0, 512, 1023], ">u2").tobytes()
    (tmp_path / "in.pgm").write_bytes(b"P5 3 1 1023\n" + deep)
    assert read_image(tmp_path / "in.pgm").tolist() == [[0, 32800, 65535]]


def test_premultiplied_tiff_is_divided_and_said(run, tmp_path):
    import tifffile

    image = np.array([[[50, 25, 0, 128], [9, 9, 9, 0], [255, 1, 2, 255]]], np.uint8)
    tifffile.imwrite(tmp_path / "in.tiff", image, photometric="rgb", extrasamples=["assocalpha"])
    done = run("apply", "in.tiff", "out.png", "-k", "identity")
    assert "premultiplied" in done.err
    expected = [[100, 50, 0, 128], [0, 0, 0, 0], [255, 1, 2, 255]]
    assert read_image(tmp_path / "out.png").tolist() == [expected]


def test_min_is_white_in_every_depth(tmp_path):
    import tifffile

    for dtype, white in ((np.uint8, 255), (np.uint16, 65535)):
        image = np.array([[0, 1, white]], dtype)
        tifffile.imwrite(tmp_path / "x.tiff", image, photometric="miniswhite")
        assert read_image(tmp_path / "x.tiff").tolist() == [[white, white - 1, 0]]


def test_in_place_and_compare_hold_the_picture_that_was_there(run, photo, gray):
    """Filtered twice, a negative would be the picture again."""
    options = ("-k", "-1", "--range", "offset", "--in-place", "--compare")
    done = run("apply", "photo.png", "photo.png", *options)
    assert done.code == 0
    assert f"equal to cv2.filter2D at all {gray.size} pixels" in done.err
    assert not np.array_equal(read_image(photo), gray)


def test_the_embedded_profile_is_another_program_s_too(rgb):
    from faults.image_samples import metadata

    data = encode_picture(Picture((rgb,), metadata()), format_named("jpeg"), "x")[0]
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["dpi"] == (300, 150)
        assert image.info["icc_profile"] == metadata().icc
