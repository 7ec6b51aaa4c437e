"""Pictures that are too large: refused by their header, before anything is decoded."""

from __future__ import annotations

import os
import struct
import threading
import zlib

import pytest
from cli.program import assert_fails
from faults.image_samples import samples

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.formats import codec_of, sniff
from imgconv.io.images.picture import Reading
from imgconv.model.errors import LimitError

HUGE = 50_000


def patched(name, at, layout, *values):
    data = bytearray(samples()[name])
    struct.pack_into(layout, data, at, *values)
    return bytes(data)


def png_bomb():
    data = bytearray(patched("png", 16, ">II", HUGE, HUGE))
    struct.pack_into(">I", data, 29, zlib.crc32(bytes(data[12:29])))
    return bytes(data)


def jpeg_bomb():
    data = samples()["jpeg"]
    return patched("jpeg", data.index(b"\xff\xc0") + 5, ">HH", HUGE, HUGE)


def tiff_bomb():
    sides = [(3, 4, 1, HUGE)] * 2
    entries = b"".join(
        struct.pack("<HHII", tag, *side[1:]) for tag, side in zip((256, 257), sides, strict=True)
    )
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entries + bytes(4)


def many_pages():
    """A TIFF whose thousand directories all name the same 30-million-pixel strip."""
    data = b"II*\0\x08\0\0\0"
    for _ in range(1000):
        entries = struct.pack("<HHIIHHII", 256, 4, 1, 6000, 257, 4, 1, 5000)
        data += struct.pack("<H", 2) + entries + struct.pack("<I", len(data) + 30)
    return data[:-4] + bytes(4)


def many_frames():
    """A GIF of a thousand frames of one pixel on a canvas of a million."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    head = b"GIF89a" + struct.pack("<HHBBB", 1000, 1000, 0x80, 0, 0) + bytes(6)
    return head + frame * 1000 + b"\x3b"


def webp_bomb():
    data = samples()["webp told"]
    return patched("webp told", data.index(b"VP8X") + 12, "<HBHB", 0x3FFF, 0, 0x7FFF, 0)


def avif_bomb():
    data = samples()["avif"]
    return patched("avif", data.index(b"ispe") + 8, ">II", HUGE, HUGE)


BOMBS = {
    "png": png_bomb,
    "jpeg": jpeg_bomb,
    "tiff": tiff_bomb,
    "tiff of many pages": many_pages,
    "gif": lambda: patched("gif", 6, "<HH", HUGE, HUGE),
    "gif of many frames": many_frames,
    "webp": webp_bomb,
    "avif": avif_bomb,
    "bmp": lambda: patched("bmp", 18, "<ii", HUGE, -HUGE),
    "pgm": lambda: b"P5 50000 50000 255\n",
    "plain ppm": lambda: b"P3 50000 50000 255\n",
    "bits": lambda: b"P4 50000 50000\n",
    "pam": lambda: b"P7\nWIDTH 50000\nHEIGHT 50000\nDEPTH 4\nMAXVAL 255\nENDHDR\n",
    "pfm": lambda: b"PF\n50000 50000\n-1.0\n",
    "hdr": lambda: b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 50000 +X 50000\n",
    "jp2": lambda: patched(
        "jp2", samples()["jp2"].index(b"\xff\x4f\xff\x51") + 8, ">II", HUGE, HUGE
    ),
    "sun": lambda: patched("sun", 4, ">II", HUGE, HUGE),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_header_that_promises_too_much(run, tmp_path, monkeypatch, kind):
    """The header alone decides: a codec is not even asked."""

    def never(*_, **__):
        raise AssertionError("decoded")

    data = BOMBS[kind]()
    (tmp_path / "bomb").write_bytes(data)
    monkeypatch.setattr(codec_of(sniff(data)), "decode", never)
    done = run("apply", "bomb", "out.png")
    assert_fails(done, 7, "Error: bomb: ", "the limit is 256000000", "--max-pixels")
    assert [path.name for path in tmp_path.iterdir()] == ["bomb"]


def test_the_limit_is_the_user_s(run, photo):
    refused = run("apply", "photo.png", "out.png", "--max-pixels", "7679")
    assert_fails(refused, 7, "96", "80", "7680 pixels", "--max-pixels 7680")
    assert run("apply", "photo.png", "out.png", "--max-pixels", "7680").code == 0
    assert run("apply", "photo.png", "o2.png", "--max-pixels", "8k").code == 0
    wrong = run("apply", "photo.png", "o3.png", "--max-pixels", "many")
    assert_fails(wrong, 2, "'many'", "256M")


def test_what_does_not_fit_in_memory_is_refused(monkeypatch):
    monkeypatch.setattr("imgconv.io.images.limits.free_memory", lambda: 100 << 20)
    with pytest.raises(LimitError, match=r"x: 6000 x 6000 needs 102 MiB; 100 MiB are free"):
        decode_picture(b"P5 6000 6000 255\n", "x")


def test_one_page_counts_alone():
    with pytest.raises(LimitError, match="on 1000 pages is 30000000000 pixels"):
        decode_picture(many_pages(), "x")
    reading = Reading(max_pixels=1_000_000, page=1)
    decode_picture(many_frames(), "x", reading)
    with pytest.raises(LimitError, match="on 2 pages is 2000000"):
        decode_picture(many_frames(), "x", reading._replace(page=2))


def test_an_endless_file_of_nothing(run):
    assert_fails(run("apply", "/dev/zero", "out.png"), 4, "/dev/zero: not an image")


def test_an_endless_picture_is_not_read_to_its_end(imgconv, tmp_path):
    fifo = tmp_path / "endless"
    os.mkfifo(fifo)

    def feed():
        with fifo.open("wb", buffering=0) as pipe:
            pipe.write(b"P5 10 10 255\n")
            try:
                while True:
                    pipe.write(bytes(1 << 20))
            except BrokenPipeError:
                pass

    feeder = threading.Thread(target=feed)
    feeder.start()
    done = imgconv("apply", "endless", "out.png", "--max-pixels", "100")
    feeder.join()
    assert_fails(done, 7, "more than 64 MiB", "--max-pixels")


def test_a_file_that_is_longer_than_any_picture(run, tmp_path):
    with (tmp_path / "long.png").open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.truncate(1 << 40)  # a hole: it takes no room
    assert_fails(run("apply", "long.png", "out.png"), 7, "long.png: it has more than")


def test_a_picture_from_a_pipe(imgconv, photo, tmp_path):
    fifo = tmp_path / "in.fifo"
    os.mkfifo(fifo)
    feeder = threading.Thread(target=lambda: fifo.write_bytes(photo.read_bytes()))
    feeder.start()
    done = imgconv("apply", "in.fifo", "out.png")
    feeder.join()
    assert done.code == 0


def test_a_profile_that_inflates_without_end():
    """Sixteen megabytes of it are inflated at the most, and it is left out."""
    data = samples()["png"]
    body = b"x\0\0" + zlib.compress(bytes(200 << 20))
    chunk = struct.pack(">I", len(body)) + b"iCCP" + body
    chunk += struct.pack(">I", zlib.crc32(b"iCCP" + body))
    assert decode_picture(data[:33] + chunk + data[33:], "x").metadata.icc is None


def test_a_jpeg_of_thousands_of_scans():
    data = samples()["jpeg progressive"]
    scan = data.index(b"\xff\xda")
    one = data[scan : data.index(b"\xff\xda", scan + 2)]
    from imgconv.model.errors import ImageReadError

    with pytest.raises(ImageReadError, match="500 at most"):
        decode_picture(data[:scan] + one * 2000 + data[scan:], "x")
