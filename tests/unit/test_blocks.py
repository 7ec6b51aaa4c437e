"""Files written in blocks of rows: other programs read the pixels, however they were cut."""

from __future__ import annotations

import io
import platform
import sys
import zlib
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import simplejpeg
from PIL import Image

from imgconv.io.images.blocks import encoded_blocks
from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import format_named
from imgconv.io.images.formats.jpeg import blocks as jpeg_blocks
from imgconv.io.images.formats.png import blocks as png_blocks
from imgconv.io.images.formats.png.blocks import PngBlocks
from imgconv.io.images.picture import SUBSAMPLINGS, Encoding, Metadata, Picture
from imgconv.io.images.shared import deflate
from imgconv.jobs import versions
from imgconv.model.errors import ImageWriteError


@pytest.fixture
def rng():
    return np.random.default_rng(28)


@pytest.fixture(params=["isal", "zlib"])
def library(request, monkeypatch):
    if request.param == "zlib":
        monkeypatch.setattr(deflate, "_library", zlib)
    else:
        pytest.importorskip("isal", reason="there are machines that it is not made for")
    return request.param


def encoded(image, name, threads=2, **encoding):
    kind = format_named(name)
    return encode_picture(Picture((image,)), kind, "x", Encoding(**encoding), threads)[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (40, 300)])
def test_png(library, monkeypatch, rng, dtype, channels, size):
    monkeypatch.setattr(png_blocks, "_BLOCK_BYTES", 9000)
    image = rng.integers(0, np.iinfo(dtype).max + 1, (*size, channels)).astype(dtype)
    image[:, :3] = image[:1, :1]
    data = encoded(image, "png")
    assert data == encoded(image, "png", threads=1)
    ours = decode_picture(data, "x").pages[0]
    assert (ours.reshape(image.shape) == image).all()
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    theirs = theirs.reshape(*size, -1)
    order = {1: [0], 2: [0, 3], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    assert (theirs[..., order] == image).all()
    Image.open(io.BytesIO(data)).verify()


def test_bands_do_not_change_the_bytes(rng):
    image = rng.integers(0, 256, (700, 900, 3)).astype(np.uint8)
    whole = b"".join(encoded_blocks(PngBlocks(image.shape, image.dtype), [image], 1))
    encoder = PngBlocks(image.shape, image.dtype)
    assert encoder.height < len(image) / 2
    for height in (1, 64, 333):
        bands = [image[start : start + height] for start in range(0, len(image), height)]
        assert b"".join(encoded_blocks(encoder, bands, 3)) == whole


def test_an_error_in_a_block_is_raised(rng):
    image = rng.integers(0, 256, (700, 900, 3)).astype(np.uint8)

    def bands():
        yield image[:650]
        raise MemoryError("no more")

    with pytest.raises(MemoryError, match="no more"):
        list(encoded_blocks(PngBlocks(image.shape, image.dtype), bands(), 2))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_jpeg_has_the_pixels_of_one_piece(monkeypatch, rng, subsampling):
    monkeypatch.setattr(jpeg_blocks, "_BLOCK_PIXELS", 1 << 12)
    image = cv2.GaussianBlur(rng.integers(0, 256, (211, 155, 3)).astype(np.uint8), (5, 5), 1)
    data = encoded(image, "jpeg", quality=88, subsampling=subsampling)
    assert data == encoded(image, "jpeg", threads=1, quality=88, subsampling=subsampling)
    whole = simplejpeg.encode_jpeg(image, 88, "RGB", subsampling, fastdct=False)
    assert data.count(b"\xff\xd0")
    assert data != bytes(whole)
    for decode in (
        simplejpeg.decode_jpeg,
        lambda file: np.asarray(Image.open(io.BytesIO(file))),
        lambda file: cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR),
    ):
        assert (decode(data) == decode(bytes(whole))).all()


@pytest.mark.parametrize("rows", [8, 64, 65, 333])
def test_gray_jpeg(monkeypatch, rng, rows):
    monkeypatch.setattr(jpeg_blocks, "_BLOCK_PIXELS", 64 * 50)
    image = rng.integers(0, 256, (rows, 50)).astype(np.uint8)
    data = encoded(image, "jpeg")
    whole = bytes(simplejpeg.encode_jpeg(image[..., None], 95, "GRAY", "Gray", fastdct=False))
    assert (data == whole) == (rows <= 64)
    decoded = simplejpeg.decode_jpeg(data, "GRAY")
    assert (decoded == simplejpeg.decode_jpeg(whole, "GRAY")).all()


@pytest.mark.parametrize("name", ["png", "jpeg"])
def test_metadata_stands_before_the_blocks(monkeypatch, rng, name):
    monkeypatch.setattr(jpeg_blocks, "_BLOCK_PIXELS", 1 << 12)
    monkeypatch.setattr(png_blocks, "_BLOCK_BYTES", 1 << 12)
    image = rng.integers(0, 256, (200, 100, 3)).astype(np.uint8)
    about = Metadata(xmp=b"<x:xmpmeta/>", resolution=(300, 300))
    data, notes = encode_picture(Picture((image,), about), format_named(name), "x", Encoding(), 2)
    read = decode_picture(data, "x")
    assert not notes
    assert read.metadata.xmp == about.xmp
    assert [round(r) for r in read.metadata.resolution] == [300, 300]


def test_a_level_of_compression_is_zlibs(rng):
    image = np.tile(rng.integers(0, 256, (16, 16, 3)).astype(np.uint8), (20, 20, 1))
    assert len(encoded(image, "png", compression="9")) < len(encoded(image, "png", compression="0"))


@pytest.mark.parametrize("size", [(65_501, 1), (1, 65_501)])
def test_a_jpeg_has_a_longest_side(size):
    with pytest.raises(ImageWriteError, match="65501; it has 65500 at most"):
        encoded(np.zeros(size, np.uint8), "jpeg")
    longest = np.zeros([min(side, 65_500) for side in size], np.uint8)
    assert simplejpeg.decode_jpeg(encoded(longest, "jpeg"), "GRAY").shape[:2] == longest.shape


def test_versions_name_what_deflates(library):
    versions.versions.cache_clear()
    assert versions.versions().rpartition(", ")[2].startswith(f"{library} ")
    versions.versions.cache_clear()


def _slot(word):
    """Return where ISA-L's table keeps four bytes: their CRC-32C without inversions."""
    crc = word
    for _ in range(32):
        crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc & 0x1FFF


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="others hash otherwise"
)
def test_a_stream_goes_by_its_data_alone_not_by_where_it_is_kept(monkeypatch):
    """ISA-L takes the address of a stream for its third to sixth byte, which hides the first."""
    isal = pytest.importorskip("isal.isal_zlib")
    addresses = []

    def compressobj(*options):
        packer = isal.compressobj(*options)
        addresses.append(id(packer))
        return packer

    library = SimpleNamespace(compressobj=compressobj, error=isal.error)
    monkeypatch.setattr(deflate, "_library", library)
    for _ in range(10):  # until memory that was freed is that which is given next
        addresses.clear()
        first = compressobj()
        slot = _slot(id(first) >> 16 & 0xFFFFFFFF)
        word = next(word for word in range(1 << 24, 1 << 25) if _slot(word) == slot)
        start = word.to_bytes(4, "little")
        data = start + bytes(range(100, 160)) + start + bytes(range(20, 80)) + start
        elsewhere = deflate.deflated_block(data)
        del first
        assert deflate.deflated_block(data) == elsewhere
        if addresses[0] == addresses[2] != addresses[1]:
            return
    pytest.fail("no two streams were kept in the same place")


@pytest.mark.parametrize("size", [1, 15, 16, 17, 400, 70_000])
def test_blocks_inflate_to_what_they_were_made_of(library, size):
    data = np.random.default_rng(size).integers(0, 4, size, np.uint8)
    packed = zlib.decompressobj(-15)
    assert packed.decompress(deflate.deflated_block(data)) == data.tobytes()
    assert not packed.eof, "others may follow"
