"""What is said of a picture says nothing of what it was before it was filtered."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest
from faults.image_samples import metadata, pillow, rgb, samples
from PIL import Image

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import format_named
from imgconv.io.images.formats.png.gray_alpha import chunk
from imgconv.io.images.picture import Metadata, Picture
from imgconv.io.images.shared import exif, xmp

PAGE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
PACKET = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Make="M"%s</x:xmpmeta>"""
SAID = {
    "attribute": (b' tiff:Orientation="6"/>', b' tiff:Orientation="1"/>'),
    "quotes": (b" tiff:Orientation='8'/>", b" tiff:Orientation='1'/>"),
    "element": (
        b"><tiff:Orientation>3</tiff:Orientation>",
        b"><tiff:Orientation>1</tiff:Orientation>",
    ),
    "upright": (b' tiff:Orientation="1"/>', b' tiff:Orientation="1"/>'),
    "preview": (b"><xmpGImg:image>/9j/4AAQ</xmpGImg:image>", b"><xmpGImg:image></xmpGImg:image>"),
    "preview attribute": (b' xmpGImg:image="/9j/4AAQ"/>', b' xmpGImg:image=""/>'),
}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff"])
def test_xmp_is_of_the_upright_picture(said, name):
    given, meant = SAID[said]
    picture = Picture((PAGE,), Metadata(xmp=PACKET % given))
    data, _ = encode_picture(picture, format_named(name), "x")
    assert decode_picture(data, "x").metadata.xmp == PACKET % meant


def test_xmp_that_says_neither_stays_as_it_is():
    assert xmp.of_upright(metadata().xmp) == metadata().xmp
    assert xmp.of_upright(None) is None


def test_a_thumbnail_in_strips_is_blotted_out():
    face = b"the sharp face that was there"
    first = struct.pack("<HHHIII", 1, 274, 3, 1, 6, 26)
    second = struct.pack("<HHHIIHHIII", 2, 273, 4, 1, 56, 279, 4, 1, len(face), 0)
    data = b"II*\0\x08\0\0\0" + first + second + face
    clean = exif.of_upright(data, 5, 5)
    assert clean is not None
    assert b"face" not in clean
    assert exif.orientation(clean) == 1


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt"])
def test_exif_in_a_raw_profile_of_a_png_is_read(name):
    told = b"Exif\0\0" + metadata(6).exif
    text = b"\nexif\n%8d\n" % len(told)
    text += b"\n".join(told.hex().encode()[at : at + 72] for at in range(0, 2 * len(told), 72))
    body = b"Raw profile type exif\0" + (b"\0" + zlib.compress(text) if name == b"zTXt" else text)
    data = samples()["png"]
    turned = decode_picture(data[:33] + chunk(name, body) + data[33:], "x")
    plain = decode_picture(data, "x").pages[0]
    assert np.array_equal(turned.pages[0], np.rot90(plain, -1))
    assert b"Maker" in turned.metadata.exif
    broken = data[:33] + chunk(name, body[:-40]) + data[33:]
    assert np.array_equal(decode_picture(broken, "x").pages[0], plain)


@pytest.mark.parametrize("cut", [False, True])
def test_previews_in_notes_of_makers_are_blotted_out(cut):
    inner = pillow(Image.fromarray(rgb()[:8, :8]), "JPEG")
    exif_part = b"Exif\0\0" + inner
    marker = b"\xff\xe1" + struct.pack(">H", 2 + len(exif_part)) + exif_part
    preview = pillow(Image.fromarray(rgb()), "JPEG")
    preview = preview[:2] + marker + preview[2:]
    note = b"MAKER\0" + (preview[:-100] if cut else preview + b"the end of the note")
    said = Image.Exif()
    said[274] = 6
    said.get_ifd(0x8769)[0x927C] = note
    data = said.tobytes().removeprefix(b"Exif\0\0")
    assert preview[200:300] in data
    clean = exif.of_upright(data, 5, 5)
    assert len(clean) == len(data)
    assert exif.orientation(clean) == 1
    assert b"\xff\xd8\xff" not in clean
    assert preview[-200:-120] not in clean
    assert inner[-40:] not in clean
    assert b"MAKER" in clean
    assert cut or b"the end of the note" in clean


@pytest.mark.parametrize("form", ["one line", "lines", "entities"])
@pytest.mark.parametrize("name", ["GImage:Data", "xapGImg:image", "other:Preview"])
def test_pictures_in_xmp_of_any_name_are_emptied(form, name):
    text = base64.b64encode(bytes(range(256)) * 12)
    if form != "one line":
        end = b"\n" if form == "lines" else b"&#xA;"
        text = end.join(text[at : at + 76] for at in range(0, len(text), 76))
    words = b"Some prose of a photographer, " * 100
    packet = b"<x:xmpmeta><a>%s</a><%s>%s</%s>   " % (words, name.encode(), text, name.encode())
    packet += b" " * 3000
    assert xmp.of_upright(packet) == packet.replace(text, b"")


def test_other_pictures_of_a_jpeg_are_left_out(run, tmp_path):
    """The second picture of a Multi-Picture Format, and the preview of JFIF, are not copied."""
    first, second = (pillow(Image.fromarray(part), "JPEG") for part in (rgb(), rgb()[::-1]))
    index = b"MPF\0MM\0*\0\0\0\x08" + bytes(60)
    data = first[:2] + b"\xff\xe2" + struct.pack(">H", 2 + len(index)) + index + first[2:] + second
    (tmp_path / "in.jpg").write_bytes(data)
    assert run("apply", "in.jpg", "out.jpg", "-k", "small_blur").code == 0
    found = (tmp_path / "out.jpg").read_bytes()
    assert b"MPF" not in found
    assert found.count(b"\xff\xd8\xff") == 1
    assert second[-100:-10] not in found
