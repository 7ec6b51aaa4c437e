"""ICC profiles: which ones say sRGB, and the note of linear light on others."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from faults.image_samples import profile, rgb
from hypothesis import given
from hypothesis import strategies as st

from imgconv.io.images.image_files import write_picture
from imgconv.io.images.picture import Metadata, Picture
from imgconv.io.images.shared import icc

SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))


def fixed(*values):
    return struct.pack(f">{len(values)}i", *(round(65536 * value) for value in values))


def curv(*values):
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)


def para(kind, *values):
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + fixed(*values)


def table(function, count=1024):
    values = np.rint(65535 * function(np.linspace(0, 1, count))).astype(int)
    return curv(*values.tolist())


def decoded(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


EXACT = para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def made(primaries, curve, name="a name", space=b"RGB "):
    said = name.encode("utf-16-be")
    tags = {
        b"desc": b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(said), 28) + said
    }
    if space == b"RGB ":
        for letter, xyz in zip("rgb", primaries, strict=True):
            tags[f"{letter}XYZ".encode()] = b"XYZ " + bytes(4) + fixed(*xyz)
            tags[f"{letter}TRC".encode()] = curve
    else:
        tags[b"kTRC"] = curve
    head, body, at = b"", b"", 132 + 12 * len(tags)
    for tag, content in tags.items():
        head += struct.pack(">4sII", tag, at + len(body), len(content))
        body += content
    start = bytes(16) + space + bytes(16) + b"acsp" + bytes(88)
    return start + struct.pack(">I", len(tags)) + head + body


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        (made(SRGB, EXACT), True),
        (made(SRGB, table(decoded)), True),
        (made(SRGB, table(decoded, 256)), True),
        (made(SRGB, para(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0, 0)), True),
        (made(SRGB, curv()), False),
        (made(SRGB, curv(round(1.8 * 256))), False),
        (made(SRGB, curv(round(2.2 * 256))), False),
        (made(SRGB, para(0, 1.0)), False),
        (made(SRGB, para(1, 1.0, 1.0, 0.0)), False),
        (made(SRGB, para(2, 1.0, 1.0, 0.0, 0.0)), False),
        (made(DISPLAY_P3, EXACT), False),
        (made(None, EXACT, space=b"GRAY"), True),
        (made(None, curv(round(1.8 * 256)), space=b"GRAY"), False),
        (made(SRGB, b"none" + bytes(40)), False),
        (b"", False),
    ],
)
def test_which_profiles_say_srgb(data, meant):
    assert icc.is_srgb(data) == meant


def test_the_profile_of_littlecms_says_srgb():
    assert icc.is_srgb(profile())
    assert "sRGB" in icc.name_of(profile())


@given(st.binary(max_size=300), st.integers(0, 400))
def test_no_bytes_are_a_surprise(noise, at):
    whole = made(DISPLAY_P3, EXACT)
    for data in (noise, whole[:at], whole[:at] + noise + whole[at + len(noise) :]):
        icc.is_srgb(data)
        assert len(icc.name_of(data)) <= 60


@pytest.mark.parametrize("most", [None, 1 << 20])
def test_linear_light_says_when_the_profile_is_another(run, tmp_path, monkeypatch, most):
    monkeypatch.setattr("imgconv.jobs.apply.filter_path.is_surely_small", lambda *_: most is None)
    monkeypatch.setattr("imgconv.jobs.apply.stream_file.whole_bytes", lambda *_: 1 << 62)
    profiles = {"srgb": profile(), "p3": made(DISPLAY_P3, EXACT, "Display P3"), "none": None}
    for name, data in profiles.items():
        write_picture(tmp_path / f"{name}.tif", Picture((rgb(),), Metadata(icc=data)))
        for words in (["--linear"], ["-k", "linear"], []):
            recipe = [*words, "-k", "box:3", *(["-k", "encode"] if words[:1] == ["-k"] else [])]
            done = run("apply", f"{name}.tif", "out.tif", *recipe, "--overwrite")
            assert done.code == 0
            said = "the ICC profile is 'Display P3', which says that they are not" in done.err
            assert said == (name == "p3" and bool(words))
