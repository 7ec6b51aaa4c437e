"""Frames of the sliding window: one for each output pixel, with the engine's own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv import explain, filter_image, recipe_from
from imgconv.model.errors import ArgumentError
from imgconv.ops.draw import frame_cells as module
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

    fitted = Canvas.fitted_text

    def noted_fitted(self, line, *args, **kwargs):
        seen["lines"].append(line)
        return fitted(self, line, *args, **kwargs)

    monkeypatch.setattr(Canvas, "fitted_text", noted_fitted)
    monkeypatch.setattr(Canvas, "grid", noted_grid)
    monkeypatch.setattr(Canvas, "text", noted_text)
    return seen


def texts(array):
    return [[str(value) for value in row] for row in array.tolist()]


@pytest.mark.parametrize("border", ["replicate", "wrap", "reflect101", "constant"])
@pytest.mark.sampled(2)
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


@pytest.mark.thorough
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
        ({"kernels": ["median:11"]}, "a window of 11 x 11 on 7 x 7 pixels is too large"),
        ({"kernels": ["open:3,iterations=3"]}, "a window of 13 x 13"),
        ({"kernels": ["bilateral:3"]}, "one kernel at a time"),
        ({"kernels": ["median", "dilate"]}, "one kernel at a time"),
    ],
)
def test_what_is_refused(options, words):
    with pytest.raises(ArgumentError, match=words):
        next(window_frames(np.zeros((7, 7), np.uint8), recipe_from(options)))
    assert module.LARGEST_PICTURE == 16
    with pytest.raises(ArgumentError, match="too large"):
        next(window_frames(np.zeros((17, 7), np.uint8), recipe_from({"kernels": ["blur"]})))


@pytest.mark.parametrize("border", ["reflect101", "constant", "ignore"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.sampled(2)
def test_the_window_in_order(camera, written, border, stride):
    image = camera[60:65, 100:106]
    recipe = recipe_from({"steps": ["median:cross,3"], "padding": border, "stride": stride})
    frames = list(window_frames(image, recipe))
    output = filter_image(image, recipe)
    assert len(frames) == output.size
    assert len({frame.shape for frame in frames}) == 1
    mode = PAD.get(border, "constant")
    inside = np.pad(np.ones(image.shape, bool), 1, constant_values=border != "ignore")
    padded = np.pad(image, 1, mode=mode)
    for i, (row, column) in enumerate(np.ndindex(output.shape)):
        source, footprint, ordered, so_far = written["grids"][4 * i : 4 * i + 4]
        top, left = row * stride, column * stride
        window = (slice(top, top + 3), slice(left, left + 3))
        cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool) & inside[window]
        rows, columns = len(source), len(source[0])
        shown = texts(np.where(inside, padded.astype(object), "")[:rows, :columns])
        assert source == shown
        assert footprint == [["", "1", ""], ["1", "1", "1"], ["", "1", ""]]
        values = sorted(padded[window][cross].tolist())
        assert [text for line in ordered for text in line if text] == list(map(str, values))
        flat = [text for line in so_far for text in line]
        assert flat[: i + 1] == [str(value) for value in output.ravel()][: i + 1]
        assert not any(flat[i + 1 :])
        rank = -(-len(values) // 2)
        assert f"share 1/2 of {len(values)}, rounded up, is number {rank}: " \
            f"written {values[rank - 1]}" in written["lines"]  # fmt: skip


def test_where_extremes_lie(written):
    image = np.array([[1, 2, 3], [4, 9, 5], [6, 7, 8]], np.uint8)
    recipe = recipe_from({"steps": ["top_hat:2"], "padding": "ignore"})
    frames = list(window_frames(image, recipe))
    lines = written["lines"]
    assert len(frames) == 9
    middle = lines.index("top_hat:size=2: pixel 1,1 of the output")
    said = lines[middle : lines.index("top_hat:size=2: pixel 1,2 of the output")]
    assert "greatest of the eroded values: 5, at 2,2" in said
    assert "least of the image: 5, at 1,2" in said
    assert said[-1] == "9 minus 5: written 4"


@pytest.mark.thorough
def test_frames_of_every_footprint_and_in_colour(written):
    image = np.random.default_rng(2).integers(0, 256, (4, 5, 3), np.uint8)
    for spec in ("mode", "midpoint", "range:3x2", "close:2,2", "hit_or_miss:0 1;-1 1"):
        written["lines"].clear()
        recipe = recipe_from({"steps": [spec], "padding": "replicate"})
        frames = list(window_frames(image, recipe))
        assert len(frames) == 20
        values = ", ".join(map(str, filter_image(image, recipe)[-1, -1].tolist()))
        assert written["lines"][-1].endswith(f"written {values}")


def test_hows_are_of_each_channel():
    image = np.zeros((1, 1, 3), np.uint8) + np.array([9, 5, 1], np.uint8)
    found = explain(image, steps=["inner_gradient"], at=(0, 0), padding="constant")
    assert found.stages[0].how == "9 minus 0; 5 minus 0; 1 minus 0"
