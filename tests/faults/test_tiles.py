"""Tiles and strips of a TIFF that are damaged, cut short or missing: exit 4, whole or by rows."""

from __future__ import annotations

import io
import struct
from contextlib import closing

import imagecodecs
import numpy as np
import pytest
import tifffile
from cli.program import assert_fails

from imgconv.io.config.recipes import recipe_from
from imgconv.io.images.decode import decode_picture
from imgconv.io.images.formats import format_for
from imgconv.io.images.formats.tiff import lzw
from imgconv.io.images.formats.tiff.lzw import literal, lzw_flaw
from imgconv.io.images.formats.tiff.segments import segments_of
from imgconv.io.images.image_files import encode
from imgconv.io.images.picture import Encoding, Reading
from imgconv.io.images.shared.ifd import Tiff
from imgconv.io.kernels.bank import KernelBank
from imgconv.io.tiled.tiff import TiffReader
from imgconv.jobs.apply.stream_file import stream_file
from imgconv.model.errors import ImageReadError


def picture(dtype):
    rows, columns, channels = np.ogrid[:150, :130, :3]
    noise = np.random.default_rng(7).integers(0, 9, (150, 130, 3))
    return ((rows + columns + 20 * channels) // 3 + noise).astype(dtype)


def by_tifffile(dtype, **how):
    file = io.BytesIO()
    byteorder, big = how.pop("byteorder", "<"), how.pop("bigtiff", False)
    with tifffile.TiffWriter(file, byteorder=byteorder, bigtiff=big) as writer:
        writer.write(picture(dtype), photometric="rgb", metadata=None, **how)
    return file.getvalue()


def by_program(dtype, compression, path):
    return encode(picture(dtype), format_for("tiff", path), "x", Encoding(compression=compression))


TILES, STRIPS = {"tile": (64, 64)}, {"rowsperstrip": 40}
DEFLATE = {
    f"{dtype} {'tiles' if lie is TILES else 'strips'} predictor {predictor} {order}{big}": (
        dtype,
        {**lie, "compression": "zlib", "predictor": predictor, "byteorder": order, "bigtiff": big},
    )
    for dtype in ("uint8", "uint16", "float32")
    for lie in (TILES, STRIPS)
    for predictor in (False, True)
    for order, big in (("<", False), (">", True))
    if not (dtype == "float32" and predictor)  # which tifffile writes with imagecodecs only
}
OWN = [(dtype, how) for dtype in ("uint8", "uint16", "float32")
       for how in ("none", "lzw", "deflate", "packbits")]  # fmt: skip


def held(data):
    tiff = Tiff.of(data)
    return segments_of(tiff, next(tiff.directories(1)))


def flipped(data):
    """Give the file with one byte changed, for several bytes of every segment."""
    lies = held(data)
    for at, count in zip(lies.offsets, lies.counts, strict=True):
        for part in (0.1, 0.3, 0.5, 0.7, 0.9):
            changed = bytearray(data)
            changed[at + int(count * part)] ^= 0x55
            yield bytes(changed)


def without(data, index, tag):
    """Give the file whose table of this tag says 0 for a segment."""
    tiff = Tiff.of(bytearray(data))
    entry = next(tiff.directories(1))[tag]
    size = entry.size // entry.number
    tiff.data[entry.at + size * index : entry.at + size * (index + 1)] = bytes(size)
    return bytes(tiff.data)


def by_rows(data, path, **how):
    path.write_bytes(data)
    reader = TiffReader(path, **how)
    try:
        return reader.read(0, reader.shape[0]), reader.notes()
    finally:
        reader.close()


def assert_refused(data, path, said="damaged or cut short"):
    with pytest.raises(ImageReadError, match=said) as whole:
        decode_picture(data, "x")
    assert whole.value.exit_code == 4
    with pytest.raises(ImageReadError, match=said):
        by_rows(data, path)


@pytest.mark.parametrize("name", DEFLATE)
@pytest.mark.sampled(5)
def test_every_changed_byte_of_deflate_is_found_on_both_paths(name, tmp_path):
    dtype, how = DEFLATE[name]
    data = by_tifffile(dtype, **how)
    assert np.array_equal(decode_picture(data, "x").pages[0], picture(dtype))
    assert np.array_equal(by_rows(data, tmp_path / "x.tif")[0], picture(dtype))
    for changed in flipped(data):
        assert_refused(changed, tmp_path / "x.tif")


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_every_changed_byte_of_the_deflate_that_is_written_is_found(dtype, tmp_path):
    for changed in flipped(by_program(dtype, "deflate", tmp_path / "x.tif")):
        with pytest.raises(ImageReadError, match=r"(tile|strip) \d+: "):
            decode_picture(changed, "x")


@pytest.mark.parametrize(("dtype", "compression"), OWN)
def test_a_missing_strip_is_damage(dtype, compression, tmp_path):
    data = by_program(dtype, compression, tmp_path / "x.tif")
    assert np.array_equal(decode_picture(data, "x").pages[0], picture(dtype))
    for tag in (273, 279):
        with pytest.raises(ImageReadError, match=r"1 of \d+ strips is missing.*strip 0: missing"):
            decode_picture(without(data, 0, tag), "x")


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("lie", [TILES, STRIPS], ids=["tiles", "strips"])
def test_a_missing_or_short_segment_is_damage_on_both_paths(lie, compression, tmp_path):
    data = by_tifffile("uint8", **lie, compression=compression)
    path = tmp_path / "x.tif"
    assert np.array_equal(by_rows(data, path)[0], picture("uint8"))
    places, lengths = (324, 325) if lie is TILES else (273, 279)
    for tag in (places, lengths):
        assert_refused(without(data, 1, tag), path, "missing")
    changed = bytearray(data)
    tiff = Tiff.of(changed)
    entry = next(tiff.directories(1))[lengths]
    layout = {3: "<H", 4: "<I"}[entry.type]
    place = entry.at + struct.calcsize(layout)
    (count,) = struct.unpack_from(layout, changed, place)
    struct.pack_into(layout, changed, place, count // 2)
    assert_refused(bytes(changed), path)
    assert_refused(data[: held(data).offsets[-1] + 9], path)


def test_most_changed_bytes_of_lzw_are_found(tmp_path):
    """One that leaves the length as it is cannot be told from other pixels."""
    found, number = 0, 0
    for changed in flipped(by_program("uint8", "lzw", tmp_path / "x.tif")):
        number += 1
        try:
            decode_picture(changed, "x")
        except ImageReadError:
            found += 1
    print(f"{found} of {number} found")
    assert 2 * found > number


def test_packbits_of_another_length_is_damage_on_both_paths(tmp_path):
    data = bytearray(by_program("uint8", "packbits", tmp_path / "x.tif"))
    assert np.array_equal(by_rows(bytes(data), tmp_path / "x.tif")[0], picture("uint8"))
    data[held(bytes(data)).offsets[0]] ^= 0x55
    assert_refused(bytes(data), tmp_path / "x.tif")


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("lie", [TILES, STRIPS], ids=["tiles", "strips"])
def test_salvaging_makes_what_is_missing_black_and_says_so(lie, compression, tmp_path):
    data = without(by_tifffile("uint8", **lie, compression=compression), 0,
                   325 if lie is TILES else 279)  # fmt: skip
    expected = picture("uint8")
    expected[:64, :64] = 0
    if lie is STRIPS:
        expected = picture("uint8")
        expected[:40] = 0
    whole = decode_picture(data, "x", Reading(salvage=True))
    rows, notes = by_rows(data, tmp_path / "x.tif", salvage=True)
    for pixels, said in ((whole.pages[0], whole.notes), (rows, notes)):
        assert np.array_equal(pixels, expected)
        assert any(f"1 of {held(data).needed} " in note for note in said)


@pytest.mark.parametrize("compression", ["none", "lzw", "deflate", "packbits"])
def test_salvaging_what_the_program_wrote(compression, tmp_path):
    data = without(by_program("uint8", compression, tmp_path / "x.tif"), 0, 279)
    salvaged = decode_picture(data, "x", Reading(salvage=True))
    rows = held(data).rows
    assert not salvaged.pages[0][:rows].any()
    assert np.array_equal(salvaged.pages[0][rows:], picture("uint8")[rows:])


def test_the_length_of_lzw_is_known_without_decoding():
    packed = literal(bytes(range(256)) * 9)
    assert lzw_flaw(packed, {9 * 256}) is None
    assert lzw_flaw(packed, {9 * 256 + 1}) == "2304 bytes instead of 2305"
    assert lzw_flaw(packed, {2000}) == "more than 2000 bytes instead of 2000"


def test_the_program_refuses_and_salvages(run, tmp_path):
    data = without(by_tifffile("uint8", **TILES, compression="zlib"), 2, 325)
    (tmp_path / "x.tif").write_bytes(data)
    assert_fails(run("apply", "x.tif", "out.tif"), 4, "tile 2: missing", "--salvage")
    done = run("apply", "x.tif", "out.tif", "--salvage")
    assert done.code == 0
    assert "1 of 9 tiles is missing or damaged" in done.err


def test_what_is_filtered_by_rows_is_refused_and_salvaged(tmp_path):
    source, target = tmp_path / "x.tif", tmp_path / "out.tif"
    source.write_bytes(without(by_tifffile("uint8", **TILES, compression="zlib"), 2, 325))
    recipe = recipe_from({"kernels": ["identity"]}, KernelBank.standard(()))
    with closing(TiffReader(source)) as reader, pytest.raises(ImageReadError, match="tile 2: mis"):
        stream_file(reader, source, target, recipe, limit=1 << 30)
    with closing(TiffReader(source, salvage=True)) as reader:
        row = stream_file(reader, source, target, recipe, limit=1 << 30)
    assert any("1 of 9 tiles is missing or damaged" in note for note in row.notes)


def test_a_library_finds_the_same_segments_of_lzw_whole(monkeypatch):
    """The verdict on a segment does not depend on what is installed."""
    chance = np.random.default_rng(5)
    plain = np.cumsum(chance.integers(-2, 3, 3000)).astype(np.uint8).tobytes()
    whole = bytes(imagecodecs.lzw_encode(plain))
    tried = [whole, whole[:-1], whole[:-2], whole[: len(whole) // 2], whole + b"\0\0", b"", b"\x80"]
    for _ in range(400):
        changed = bytearray(whole)
        changed[chance.integers(len(changed))] ^= 1 << int(chance.integers(8))
        tried.append(bytes(changed))
    for sizes in ({3000}, {2999}, {3001, 3000}, {9000}):
        by_library = [lzw_flaw(each, sizes) for each in tried]
        with monkeypatch.context() as without:
            without.setattr(lzw, "_library", lambda: None)
            assert [lzw_flaw(each, sizes) for each in tried] == by_library
        assert (by_library[0] is None) == (3000 in sizes)
        assert sum(map(bool, by_library)) > 100


@pytest.mark.parametrize("place", ["tile", "strip"])
@pytest.mark.parametrize("photometric", ["minisblack", "rgb", "ycbcr"])
def test_damage_of_jpeg_within_tiff_is_found(tmp_path, place, photometric):
    lies = {"tile": (64, 64)} if place == "tile" else {"rowsperstrip": 48}
    how = {"outcolorspace": "rgb"} if photometric == "rgb" else {}
    image = picture("uint8") if photometric != "minisblack" else picture("uint8")[..., 0]
    file = io.BytesIO()
    tifffile.imwrite(
        file, image, photometric="minisblack" if photometric == "minisblack" else "rgb",
        compression="jpeg", compressionargs={"level": 90, **how}, metadata=None, **lies,
    )  # fmt: skip
    data = file.getvalue()
    whole = decode_picture(data, "x").pages[0]
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        page = opened.pages[0]
        at, size = page.dataoffsets[1], page.databytecounts[1]
    assert np.abs(whole.astype(int) - image).mean() < 8
    damaged = bytearray(data)
    damaged[at + size * 2 // 3 : at + size * 2 // 3 + 40] = b"\xff\x00" * 20
    words = rf"1 of \d+ {place}s is missing or damaged; {place} 1: "
    with pytest.raises(ImageReadError, match=words):
        decode_picture(bytes(damaged), "x")
    salvaged = decode_picture(bytes(damaged), "x", Reading(salvage=True)).pages[0]
    rows = slice(0, 150) if place == "tile" else slice(96, 150)
    columns = slice(128, 130) if place == "tile" else slice(0, 130)
    assert np.array_equal(salvaged[rows, columns], whole[rows, columns])
    first = (slice(0, 8), slice(64, 72)) if place == "tile" else (slice(48, 56), slice(0, 60))
    assert np.array_equal(salvaged[first], whole[first])
    (tmp_path / "in.tif").write_bytes(damaged)
    caught = pytest.raises(ImageReadError, match=f"{place} 1: ")
    with closing(TiffReader(tmp_path / "in.tif")) as reader, caught:
        reader.read(0, 150)
    with closing(TiffReader(tmp_path / "in.tif", salvage=True)) as reader:
        assert np.array_equal(reader.read(0, 150), salvaged)
        assert f"{place} 1: " in reader.notes()[0]
