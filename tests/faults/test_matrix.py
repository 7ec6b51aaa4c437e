"""Every format, depth, number of channels, orientation and piece of metadata, there and back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from cli.program import assert_fails
from faults.image_samples import metadata, pixels
from oracle import correlate as slow_correlate
from PIL import Image

from imgconv import correlate
from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import FORMATS, codec_of, format_named
from imgconv.io.images.image_files import read_picture, write_picture
from imgconv.io.images.picture import Encoding, Picture
from imgconv.model.output import Depth

ROWS, COLUMNS = 8, 16
WRITTEN = [kind for kind in FORMATS if kind.writes]
HELD = [(k, depth, n) for k in WRITTEN for depth in k.depths for n in k.channels]
EXACT = [
    (kind, depth, n)
    for kind, depth, n in HELD
    if kind.name != "jpeg" and (kind.name != "exr" or n in (1, 3))  # which multiplies by alpha
]
SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]


def shape_of(channels):
    return (ROWS, COLUMNS) if channels == 1 else (ROWS, COLUMNS, channels)


def as_held(image, kind):
    """Give what a format without gray, without half transparency or without fine floats keeps."""
    channels = image.shape[2] if image.ndim == 3 else 1
    if kind.name in ("webp", "gif") and channels == 1:
        image = np.dstack([image] * 3)
    if kind.name in ("webp", "gif", "avif", "bmp", "heic") and channels == 2:
        image = image[..., [0, 0, 0, 1]]
    if kind.name == "gif" and image.shape[2] == 4:
        clear = image[..., 3] < 128
        image = np.dstack([image[..., :3], np.where(clear, 0, 255)]).astype(np.uint8)
        image[clear] = 0
    return image


def through(data, options, name="x"):
    """Filter the bytes of a file into the format of the same name, by the job that commands use."""
    from imgconv.io.config.recipes import recipe_from
    from imgconv.jobs.apply.filter_file import filter_bytes

    kind = format_named(name)
    return filter_bytes(data, recipe_from(options), kind, source="in", target="out")


def ids(value):
    return value.name if hasattr(value, "magics") else str(getattr(value, "value", value))


@pytest.mark.parametrize(("kind", "depth", "channels"), EXACT, ids=ids)
@pytest.mark.sampled(4)
def test_the_identity_gives_the_same_pixels(kind, depth, channels):
    image = pixels(shape_of(channels), depth)
    source = encode_picture(Picture((image,)), kind, "in")[0]
    before = decode_picture(source, "in").pages[0]
    if kind.name != "hdr":  # which has 8 bits of mantissa
        assert np.array_equal(before, as_held(image, kind))
    result, row = through(source, {"kernels": ["identity"]}, kind.name)
    after = decode_picture(result, "out").pages[0]
    assert (after.dtype, after.shape) == (before.dtype, before.shape)
    assert np.array_equal(after, before)
    assert (row.depth, row.notes) == (depth.value, ())


@pytest.mark.parametrize(
    ("kind", "depth", "channels"), [held for held in EXACT if held[2] in (1, 3)], ids=ids
)
def test_sharpening_gives_the_exact_value(kind, depth, channels):
    source = encode_picture(Picture((pixels(shape_of(channels), depth),)), kind, "in")[0]
    before = decode_picture(source, "in").pages[0]
    result, _ = through(source, {"kernels": [SHARPEN]}, "tiff")
    expected = correlate(before, SHARPEN)
    assert np.array_equal(decode_picture(result, "out").pages[0], expected)
    one = np.stack([before[..., 0]], axis=-1) if before.ndim == 3 else before[..., None]
    assert np.array_equal(expected.reshape(*before.shape[:2], -1)[..., 0], slow(one))


def slow(image):
    from fractions import Fraction

    rows = [[Fraction(weight) for weight in row] for row in SHARPEN]
    return slow_correlate(image[..., 0], rows)


TOLD = ["jpeg", "png", "webp", "tiff"]


def told(name, orientation):
    """Encode with metadata whose orientation nobody has put right."""

    image = pixels(shape_of(3), Depth.U8)
    kind = format_named(name)
    codec = codec_of(kind)
    plain, _ = codec.encode(Picture((image,)), kind, Encoding(quality=None))
    given = metadata(orientation)
    if name == "tiff":  # its orientation is a tag of the page itself
        file = io.BytesIO()
        exif = Image.Exif()
        exif.load(b"Exif\0\0" + given.exif)
        Image.fromarray(image).save(file, "TIFF", exif=exif)
        plain, given = file.getvalue(), given._replace(exif=None)
    return image, codec.embed(plain, given)[0]


def words(data):
    """Read the metadata with another program."""
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
        below = exif.get_ifd(0x8769)
        return {
            "orientation": exif.get(274, 1),
            "maker": exif.get(271),
            "exposure": below.get(0x829A),
            "sides": (below.get(0xA003), below.get(0xA002)),
            "north": exif.get_ifd(0x8825).get(1),
            "profile": image.info.get("icc_profile"),
            "size": image.size[::-1],
        }


@pytest.mark.parametrize("target", TOLD)
@pytest.mark.parametrize("source", TOLD)
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_metadata_is_kept_and_the_orientation_is_applied_once(source, target, orientation):
    _, data = told(source, orientation)
    result, _ = through(data, {"kernels": ["identity"]}, target)
    shape = (ROWS, COLUMNS) if orientation < 5 else (COLUMNS, ROWS)
    assert words(result) == {
        "orientation": 1,
        "maker": "Maker",
        "exposure": (1, 125),
        "sides": shape,
        "north": "N",
        "profile": metadata().icc,
        "size": shape,
    }
    again = decode_picture(result, "out")
    assert again.metadata.xmp == metadata().xmp
    if "webp" not in (source, target):
        across, down = (150, 300) if orientation >= 5 else (300, 150)
        assert [round(float(value)) for value in again.metadata.resolution] == [across, down]


@pytest.mark.parametrize("source", TOLD)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_upright(source, orientation):
    from faults.test_images import TURNS

    image, data = told(source, orientation)
    found = decode_picture(data, "in").pages[0]
    expected = TURNS[orientation](image)
    assert found.shape == expected.shape
    if source != "jpeg":
        assert np.array_equal(found, expected)
    else:
        _, straight = told(source, 1)
        assert np.array_equal(found, TURNS[orientation](decode_picture(straight, "in").pages[0]))


@pytest.mark.parametrize("name", TOLD)
def test_strip_leaves_nothing(run, tmp_path, name):
    _, data = told(name, 6)
    suffix = format_named(name).suffixes[0]
    (tmp_path / f"in{suffix}").write_bytes(data)
    assert run("apply", f"in{suffix}", f"out{suffix}", "-k", "1", "--strip").code == 0
    result = (tmp_path / f"out{suffix}").read_bytes()
    for secret in (b"Maker", b"x:xmpmeta", b"sRGB", metadata().icc[200:300]):
        assert secret not in result
    assert words(result)["maker"] is None


def test_a_thumbnail_of_what_was_there_before_is_blotted_out(rgb):
    """A face that is blurred must not live on in the thumbnail."""
    thumbnail = b"\xff\xd8 the face \xff\xd9"
    import struct

    first = struct.pack("<HHHIIIHHHII", 1, 274, 3, 1, 6, 26, 2, 513, 4, 1, 56)
    second = struct.pack("<HHIII", 514, 4, 1, len(thumbnail), 0)
    exif = b"II*\0\x08\0\0\0" + first + second + thumbnail
    from imgconv.io.images.shared.exif import of_upright, orientation

    assert orientation(exif) == 6
    clean = of_upright(exif, 5, 5)
    assert b"face" not in clean
    assert orientation(clean) == 1


def test_a_profile_of_another_colour_space_is_left_out():
    image = pixels(shape_of(3), Depth.U8)
    source = encode_picture(Picture((image,), metadata()), format_named("png"), "in")[0]
    result, _ = through(source, {"gray": "bt601"}, "png")
    assert decode_picture(result, "out").metadata.icc is None
    assert decode_picture(result, "out").metadata.xmp == metadata().xmp


FRAMES = [np.full((6, 5, 3), shade, np.uint8) for shade in (10, 90, 200)]


@pytest.mark.parametrize("name", ["png", "gif", "webp"])
def test_animations_keep_frames_delays_and_loops(run, tmp_path, name):
    for number, frame in enumerate(FRAMES):
        frame[number, :2] = (255, 0, 10 * number)
    suffix = format_named(name).suffixes[0]
    picture = Picture(tuple(FRAMES), delays=(100, 250, 1000), loop=3)
    write_picture(tmp_path / f"in{suffix}", picture)
    assert run("apply", f"in{suffix}", f"out{suffix}", "-k", "-1", "--range", "offset").code == 0
    again = read_picture(tmp_path / f"out{suffix}")
    assert (again.delays, again.loop) == ((100, 250, 1000), 3)
    for frame, found in zip(FRAMES, again.pages, strict=True):
        expected = correlate(frame, [[-1]], output_range="offset")
        assert np.array_equal(found, expected)
    done = run("apply", f"in{suffix}", "one.png", "--page", "2", "-k", "1")
    assert done.code == 0
    one = read_picture(tmp_path / "one.png")
    assert (len(one.pages), one.delays) == (1, ())
    assert np.array_equal(one.pages[0], FRAMES[1])


def test_pages_of_a_tiff_may_differ(run, tmp_path):
    pages = (
        pixels((5, 7, 3), Depth.U16),
        pixels((9, 4), Depth.U16),
        pixels((3, 3, 4), Depth.U16),
    )
    write_picture(tmp_path / "in.tiff", Picture(pages, metadata()))
    assert run("apply", "in.tiff", "out.tiff", "-k", "identity").code == 0
    again = read_picture(tmp_path / "out.tiff")
    assert [page.shape for page in again.pages] == [page.shape for page in pages]
    assert all(np.array_equal(a, b) for a, b in zip(again.pages, pages, strict=True))
    assert again.metadata.icc == metadata().icc
    done = run("apply", "in.tiff", "two.png", "--page", "2", "--json")
    assert done.code == 0
    assert np.array_equal(read_picture(tmp_path / "two.png").pages[0], pages[1])


@pytest.mark.parametrize(
    ("target", "holds"), [("o.png", "an animation"), ("o.jpg", "one picture"), ("o.bmp", "one")]
)
def test_pages_that_a_format_cannot_hold_are_refused(run, tmp_path, target, holds):
    write_picture(tmp_path / "in.tiff", Picture(tuple(FRAMES)))
    assert_fails(
        run("apply", "in.tiff", target), 5, f"{target}: 3 pages", holds, "--page 1", ".tiff"
    )


def test_a_page_that_is_not_there(run, tmp_path):
    write_picture(tmp_path / "in.tiff", Picture(tuple(FRAMES)))
    assert_fails(run("apply", "in.tiff", "o.png", "--page", "4"), 2, "no page 4", "it has 3")
