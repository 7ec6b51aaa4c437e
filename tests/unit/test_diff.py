"""Metrics against published values, antialiasing, and the Python calls of comparisons."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import imgconv
from imgconv.model.errors import ArgumentError, ImageReadError
from imgconv.model.text import visible
from imgconv.model.tolerance import Tolerance, parse_tolerance
from imgconv.ops.compare.difference import judge
from imgconv.ops.compare.flip import flip_map
from imgconv.ops.compare.perceptual import ciede2000_of, measure_metric

# L, a, b of two colours and their difference: G. Sharma, W. Wu, E. Dalal (2005), table 1.
SHARMA = [
    (50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425),
    (50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615),
    (50, 2.8361, -74.0200, 50, 0, -82.7485, 3.4412),
    (50, 0, 0, 50, -1, 2, 2.3669),
    (50, 2.49, -0.001, 50, -2.49, 0.0009, 7.1792),
    (50, 2.49, -0.001, 50, -2.49, 0.0011, 7.2195),
    (50, 2.5, 0, 73, 25, -18, 27.1492),
    (50, 2.5, 0, 56, -27, -3, 31.9030),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
]


@pytest.mark.parametrize("row", SHARMA)
def test_ciede2000_is_that_of_the_published_pairs(row):
    assert ciede2000_of(np.array(row[:3]), np.array(row[3:6])) == pytest.approx(row[6], abs=5e-5)


def flip_pictures():
    y, x = np.mgrid[:48, :64]
    image = np.stack([x * 4, y * 5, (x * y) % 256], axis=-1).astype(np.uint8)
    block = image.copy()
    block[10:20, 10:20] = 255 - block[10:20, 10:20]
    noise = np.random.default_rng(5).integers(0, 256, image.shape).astype(np.uint8)
    return image, {"moved": np.roll(image, 1, 1), "block": block, "noise": noise}


# Mean and greatest value of NVIDIA's flip-evaluator 1.7, LDR, at its standard distance.
FLIP = {
    "moved": (0.14977438747882843, 0.976133),
    "block": (0.06354806572198868, 0.9808769),
    "noise": (0.7913405895233154, 0.9771362),
}


@pytest.mark.parametrize("name", FLIP)
def test_flip_is_that_of_its_authors(name):
    image, others = flip_pictures()
    found = flip_map(image / 255, others[name] / 255)
    assert (found.mean(), found.max()) == pytest.approx(FLIP[name], abs=2e-6)
    assert measure_metric("flip", image, others[name], look=True) == pytest.approx(found.mean())


def test_metrics_of_alpha_see_black_and_white():
    image = np.zeros((9, 9, 4), np.uint8)
    hidden = image.copy()
    hidden[..., :3] = 255
    for name, best in (("psnr", np.inf), ("ciede2000", 0), ("flip", 0)):
        assert measure_metric(name, image, hidden, look=True) == best
    assert measure_metric("psnr", image, hidden, look=False) < 2
    with pytest.raises(ArgumentError, match="int16 values are none"):
        measure_metric("flip", np.zeros((9, 9), np.int16), np.ones((9, 9), np.int16), look=True)
    with pytest.raises(ArgumentError, match="below 7 x 7"):
        measure_metric("ssim", hidden[:3], image[:3], look=False)


def test_metrics_alone_depart_from_any_and_beside_levels_from_exact():
    assert parse_tolerance({"ssim": 0.9}).preset == "any"
    assert parse_tolerance({"ssim": 0.9, "level": 1}).preset == "exact"
    assert parse_tolerance({"ssim": 0.9, "preset": "loose"}).preset == "loose"
    assert parse_tolerance({"antialias": "ignore"}).preset == "exact"
    with pytest.raises(ArgumentError, match="count or ignore"):
        parse_tolerance({"antialias": "maybe"})


def drawn(angle, kind, *, smooth=True, moved=0.0):
    """Draw a line, a circle or a triangle, antialiased by 8 x 8 samples a pixel."""
    scale = 8 if smooth else 1
    canvas = np.full((64 * scale, 64 * scale, 3), 255, np.uint8)
    centre = np.array([32.0 + moved, 32.0])
    step = np.array([np.cos(angle), np.sin(angle)])
    colour, ends = (40, 90, 200), ((centre - 25 * step) * scale, (centre + 25 * step) * scale)
    if kind == "line":
        cv2.line(canvas, *(tuple(map(int, end)) for end in ends), colour, 5 * scale)
    elif kind == "circle":
        cv2.circle(canvas, tuple(map(int, centre * scale)), 20 * scale, colour, -1)
    else:
        far = (centre + 20 * np.array([-step[1], step[0]])) * scale
        points = np.array([*ends, far]).round().astype(np.int32)
        cv2.fillPoly(canvas, [points], colour)
    return canvas.reshape(64, scale, 64, scale, 3).mean(axis=(1, 3)).round().astype(np.uint8)


@pytest.mark.parametrize("kind", ["line", "circle", "triangle"])
@pytest.mark.parametrize("angle", [0.1, 0.5, 0.9])
def test_edges_drawn_a_little_otherwise_are_antialiased(kind, angle):
    a, b = drawn(angle, kind), drawn(angle, kind, moved=0.2)
    counted = judge(a, b, Tolerance()).differing
    ignored = judge(a, b, Tolerance(antialias="ignore"))
    assert counted > 20
    assert ignored.differing + ignored.antialiased == counted
    assert ignored.differing < 0.35 * counted


def test_antialiasing_hides_no_defect():
    a = drawn(0.5, "triangle")
    b = a.copy()
    b[5:8, 5:8] = 0
    change = judge(a, b, Tolerance(antialias="ignore"))
    assert (change.differing, change.antialiased) == (9, 0)
    c = drawn(0.5, "triangle", moved=0.2)
    density = Tolerance(share=1, antialias="ignore", density=(3, 8))
    assert judge(a, c, density).broken[0].endswith("in one window of 8 x 8, 3 may")
    hard = judge(a, drawn(0.5, "triangle", smooth=False), Tolerance(antialias="ignore"))
    assert hard.differing > 0  # an edge that lost its antialiasing is antialiased in one only


def test_python_takes_arrays_and_files(tmp_path, rgb):
    path = tmp_path / "a.png"
    imgconv.write_image(path, rgb)
    assert imgconv.diff(path, rgb).exit_code == 0
    result = imgconv.diff(path, rgb[..., ::-1].copy())
    assert (result.exit_code, result.causes[0].name) == (1, "channel order")
    assert result.causes[0].pixels == result.change.unequal
    other = rgb.copy()
    other[0, 0] ^= 1
    assert imgconv.diff(rgb, other, ignore=[(0, 0, 1, 1)]).exit_code == 0
    assert imgconv.diff(rgb, other, tolerance={"level": 1}).exit_code == 0
    assert imgconv.diff(rgb[..., :1], rgb[..., 0]).exit_code == 0
    with pytest.raises(ImageReadError, match="no such file"):
        imgconv.diff(tmp_path / "none.png", rgb)
    report = imgconv.diff_folders(tmp_path, tmp_path)
    assert (report.exit_code, len(report.results)) == (0, 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\nb", "a\\nb"), ("\x1b[31m", "\\x1b[31m"), ("\u202egnp", "\\u202egnp"),
     ("  ::error::x", "  \\x3a:error::x"), ("a ##[error]b", "a #\\x23[error]b"),
     ("\udcff", "\\udcff"), ("naïve 图.png", "naïve 图.png"), ("a::b", "a::b")],
)  # fmt: skip
def test_text_that_would_act_is_made_visible(text, shown):
    assert visible(text) == shown
