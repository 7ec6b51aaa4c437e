"""Contact sheets: what is written on them is what is there."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv import compare, filter_image, load_kernel, recipe_from
from imgconv.io.kernels.spec import load_step
from imgconv.model.errors import ArgumentError
from imgconv.ops.draw.draw import Canvas
from imgconv.ops.draw.sheet import contact_sheet


def sheet(image, names, options=None, **settings):
    kernels = [load_kernel(name) for name in names]
    return contact_sheet(image, kernels, recipe_from(options or {}), **settings)


def test_the_numbers_are_those_of_compare(camera):
    _, rows = sheet(camera, ["laplacian_9", "sharpen", "sobel"], {"padding": "wrap"})
    for row in rows:
        difference = compare(camera, kernels=[row.name], padding="wrap").difference
        assert row.max_abs_diff == difference.max_abs_diff
        assert row.differing_pixels == difference.pixels - difference.equal
    assert rows[0].differing_pixels > 0


def test_the_pictures_are_the_results():
    """Of a picture of a panel's size nothing is reduced, so that pixels can be compared."""
    image = np.random.default_rng(4).integers(0, 256, (160, 160, 3), np.uint8)
    picture, _ = sheet(image, ["sharpen", "emboss"], columns=1)
    np.testing.assert_array_equal(picture[26:186, 8:168], image)
    for top, name in ((26, "sharpen"), (240, "emboss")):
        here = filter_image(image, kernels=[name])
        found = [picture[top : top + 160, left : left + 160] for left in (184, 352)]
        np.testing.assert_array_equal(found[0], here)
        assert np.abs(found[1].astype(int) - here).max() <= 1


def test_a_panel_is_drawn_only_where_it_shows_something(monkeypatch):
    """No difference, no panel for it; no call in OpenCV, no panel for it either."""
    seen = []
    fitted = Canvas.fitted_text
    monkeypatch.setattr(
        Canvas,
        "fitted_text",
        lambda self, line, *a, **k: seen.append(line) or fitted(self, line, *a, **k),
    )
    image = np.random.default_rng(4).integers(0, 256, (60, 60), np.uint8)
    steps = [load_step(name) for name in ("mode", "erode", "laplacian_9")]
    picture, rows = contact_sheet(image, steps, recipe_from({}), columns=3)
    assert seen == ["original", "mode", "not in OpenCV", "erode", "imgconv", "OpenCV: the same",
                    "laplacian_9", "imgconv", "OpenCV",
                    f"at most 1, at {rows[2].differing_pixels} pixels"]  # fmt: skip
    assert [row.in_opencv for row in rows] == [False, True, True]
    assert picture.shape[1] == 8 + 168 + (8 + 168) + (8 + 2 * 168) + (8 + 3 * 168)
    assert (picture[26:186, 352:360] == 255).all()  # between the panels of mode and of erode
    assert (picture[26:186, 360:520] != 255).any()


def test_footprints_are_drawn():
    """21 pixels at the right of the title: 7 for each place of 3, with a line between."""
    picture, _ = contact_sheet(
        np.zeros((160, 160), np.uint8),
        [load_step("dilate:cross"), load_step("hit_or_miss:0 1 -1"), load_step("median:31")],
        recipe_from({}),
        columns=1,
    )
    right = 184 + 2 * 168 - 8  # of the second panel
    dark, light, blue = (32, 36, 44), (205, 209, 217), (38, 98, 190)
    drawn = picture[2 : 2 + 21 : 7, right - 21 : right : 7]
    assert [[tuple(cell) for cell in row] for row in drawn.tolist()] == [
        [light, dark, light], [dark] * 3, [light, dark, light]
    ]  # fmt: skip
    pattern = picture[2 + 214, right - 21 : right : 7].tolist()
    assert [tuple(cell) for cell in pattern] == [light, dark, blue]
    assert (picture[428:450, right - 31 : right] == 255).all()  # it does not fit


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_columns(columns):
    picture, rows = sheet(np.zeros((40, 80), np.uint8), ["blur"] * 5, columns=columns)
    assert len(rows) == 5
    wide, high = 2 * 168 + 8, 80 + 26 + 20 + 8
    assert picture.shape == (-(-5 // columns) * high, 8 + 168 + columns * wide, 3)


def test_a_single_differing_pixel_does_not_fade_away(camera):
    image = np.tile(camera, (3, 3))
    picture, (row,) = sheet(image, ["gaussian"])
    assert 0 < row.differing_pixels < 200
    difference = picture[26:186, 184 + 2 * 168 : 184 + 2 * 168 + 160]
    assert difference.max() == 255


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
def test_other_depths_are_shown_in_8_bits(camera, dtype):
    image = (
        (camera[:50, :50].astype(dtype) / 255).astype(dtype)
        if dtype == "float32"
        else (camera[:50, :50].astype(dtype))
    )
    picture, _ = sheet(image, ["blur", "sobel"])
    assert picture.dtype == np.uint8


def test_alpha_and_tone(astronaut):
    rgba = np.dstack([astronaut[:60, :60], np.full((60, 60), 9, np.uint8)])
    assert sheet(rgba, ["blur"])[0].shape[2] == 3
    picture, _ = sheet(astronaut[:160, :160], ["blur"], {"gray": "bt709"})
    original = picture[26:186, 8:168]
    np.testing.assert_array_equal(original[..., 0], original[..., 1])


def test_what_is_refused():
    with pytest.raises(ArgumentError, match="a sheet needs a kernel"):
        sheet(np.zeros((4, 4), np.uint8), [])
    with pytest.raises(ArgumentError, match="the sheet would be too large"):
        sheet(np.zeros((4, 4), np.uint8), ["blur"] * 600, size="print")
