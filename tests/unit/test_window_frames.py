"""Frames of the sliding window: one for each output pixel, with the engine's own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv import filter_image, recipe_from
from imgconv.model.errors import ArgumentError
from imgconv.ops.draw import window_frames as module
from imgconv.ops.draw.draw import Canvas
from imgconv.ops.draw.window_frames import cropped, window_frames


@pytest.fixture
def written(monkeypatch):
    """Note every line and every grid that is drawn."""
    seen = {"grids": [], "lines": []}
    grid, text = Canvas.grid, Canvas.text

    def noted_grid(self, cells, at, cell):
        seen["grids"].append([[content.text for content in row] for row in cells])
        return grid(self, cells, at, cell)

    def noted_text(self, line, *args, **kwargs):
        seen["lines"].append(line)
        return text(self, line, *args, **kwargs)

    monkeypatch.setattr(Canvas, "grid", noted_grid)
    monkeypatch.setattr(Canvas, "text", noted_text)
    return seen


def texts(array):
    return [[str(value) for value in row] for row in array.tolist()]


@pytest.mark.parametrize("border", ["replicate", "wrap", "reflect101", "constant"])
def test_what_is_written_is_what_is_so(camera, written, border):
    image = camera[60:65, 100:106]
    recipe = recipe_from({"kernels": ["sobel_x"], "padding": border, "range": "abs"})
    frames = list(window_frames(image, recipe))
    output = filter_image(image, recipe)
    assert len(frames) == output.size
    assert len({frame.shape for frame in frames}) == 1
    padded = np.pad(image, 1, mode=PAD[border])
    for i, (row, column) in enumerate(np.ndindex(output.shape)):
        source, kernel, products, so_far = written["grids"][4 * i : 4 * i + 4]
        window = padded[row : row + 3, column : column + 3].astype(int)
        weights = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
        assert source == texts(padded)
        assert kernel == texts(weights)
        assert products == texts(window * weights)
        flat = [text for line in so_far for text in line]
        assert flat[: i + 1] == [str(value) for value in output.ravel()][: i + 1]
        assert not any(flat[i + 1 :])
        assert f"sum {(window * weights).sum()}" in written["lines"]


PAD = {"replicate": "edge", "wrap": "wrap", "reflect101": "reflect", "constant": "constant"}


def test_colour_has_three_bands_and_the_merge(astronaut):
    image = astronaut[40:44, 200:204]
    recipe = recipe_from({"kernels": ["blur"]})
    last = list(window_frames(image, recipe))[-1]
    output = filter_image(image, recipe)
    colours = {tuple(pixel) for pixel in last.reshape(-1, 3).tolist()}
    assert {tuple(pixel) for pixel in output.reshape(-1, 3).tolist()} <= colours


def test_stride_and_padding_are_visible(camera, written):
    image = camera[:7, :7]
    options = {"kernels": ["blur"], "stride": 3, "size": 2, "dilation": 2}
    frames = list(window_frames(image, recipe_from(options)))
    assert len(frames) == filter_image(image, **options).size
    assert "border reflect101, stride 3,3, dilation 2,2" in written["lines"]
    assert len(written["grids"][0]) >= 7 + 2


def test_the_crop():
    image = np.zeros((40, 50), np.uint8)
    image[22:25, 31:34] = [[0, 255, 0], [255, 0, 255], [0, 255, 0]]
    part, (top, left) = cropped(image)
    assert part.shape == (7, 7)
    assert part.max() == 255
    np.testing.assert_array_equal(part, image[top : top + 7, left : left + 7])
    assert cropped(image[:3, :4])[0].shape == (3, 4)
    assert cropped(image, (1, 2, 3, 4))[0].shape == (3, 4)
    for wrong in ((-1, 0, 3, 3), (0, 0, 0, 3), (38, 0, 3, 3), (0, 48, 3, 3)):
        with pytest.raises(ArgumentError, match="do not lie in a picture of 40 x 50"):
            cropped(image, wrong)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kernels": ["blur", "blur"]}, "one kernel at a time"),
        ({"kernels": ["sobel"]}, "one kernel at a time"),
        ({}, "one kernel at a time"),
        ({"kernels": ["box:11"]}, "too large to be shown"),
    ],
)
def test_what_is_refused(options, words):
    with pytest.raises(ArgumentError, match=words):
        next(window_frames(np.zeros((7, 7), np.uint8), recipe_from(options)))
    assert module.LARGEST_PICTURE == 16
    with pytest.raises(ArgumentError, match="too large"):
        next(window_frames(np.zeros((17, 7), np.uint8), recipe_from({"kernels": ["blur"]})))
