"""The bank on charts whose answer is known: steps, an impulse, flat grey, ramps, lines."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from unit.bank_tools import (
    ENTRIES,
    GENERATED,
    KERNELS,
    NORTH_FIRST,
    SETS,
    exact,
    floats,
    load,
    run_kernel,
    run_set,
    total,
)

from imgconv.model.border import Border
from imgconv.model.kernel_set import SetOutput
from imgconv.model.output import Depth, OutputRange

COMPASS_FAMILIES = ("kirsch", "robinson3", "robinson5", "prewitt_compass")
# Towards which (row, column) it gets brighter.
TOWARDS = {
    "n": (-1, 0),
    "ne": (-1, 1),
    "e": (0, 1),
    "se": (1, 1),
    "s": (1, 0),
    "sw": (1, -1),
    "w": (0, -1),
    "nw": (-1, -1),
}
MIDDLE = 8
Y, X = np.mgrid[-MIDDLE : MIDDLE + 1, -MIDDLE : MIDDLE + 1]


def step(direction, dark=40, bright=200):
    """Draw a step through the middle, brighter towards a direction, half way on the line itself."""
    down, right = TOWARDS[direction]
    side = np.sign(Y * down + X * right)
    return ((dark + bright) // 2 + side * (bright - dark) // 2).astype(np.uint8)


class TestSteps:
    @pytest.mark.parametrize("direction", NORTH_FIRST)
    @pytest.mark.parametrize("family", COMPASS_FAMILIES)
    def test_the_named_direction_alone_answers_most(self, family, direction):
        image = step(direction)
        answers = {
            name: run_kernel(image, load(f"{family}_{name}"), depth=Depth.I16)[MIDDLE, MIDDLE]
            for name in NORTH_FIRST
        }
        best = max(answers.values())
        assert [name for name, answer in answers.items() if answer == best] == [direction]

    @pytest.mark.parametrize("direction", NORTH_FIRST)
    @pytest.mark.parametrize("family", COMPASS_FAMILIES)
    def test_set_gives_the_direction_and_its_answer(self, family, direction):
        image = step(direction)
        winner = run_set(image, load(f"{family}:output=index"))
        assert winner[MIDDLE, MIDDLE] == NORTH_FIRST.index(direction)
        value = run_set(image, load(family), depth=Depth.I16)
        alone = run_kernel(image, load(f"{family}_{direction}"), depth=Depth.I16)
        assert value[MIDDLE, MIDDLE] == alone[MIDDLE, MIDDLE] > 0
        # And along the whole line, where it does not touch the border.
        down, right = TOWARDS[direction]
        line = (Y * down + X * right == 0) & (np.maximum(abs(X), abs(Y)) < MIDDLE)
        assert set(winner[line]) == {NORTH_FIRST.index(direction)}
        assert (value[line] == value[MIDDLE, MIDDLE]).all()

    @pytest.mark.parametrize("family", COMPASS_FAMILIES)
    def test_opposite_directions_of_a_pure_step(self, family):
        """What the strength of a step is: half of the positive and of the negative weights."""
        image = step("e", 0, 200)
        kernel = load(f"{family}_e")
        wanted = 200 * sum(row[2] for row in exact(kernel)) + 100 * sum(
            row[1] for row in exact(kernel)
        )
        assert run_set(image, load(family), depth=Depth.I16)[MIDDLE, MIDDLE] == wanted

    @pytest.mark.parametrize("direction", NORTH_FIRST)
    @pytest.mark.parametrize("pair", ["sobel", "scharr", "prewitt", "sobel5", "farid"])
    def test_gradients_have_the_sign_of_the_step(self, pair, direction):
        image = step(direction)
        for member, towards in zip(load(pair).kernels, TOWARDS[direction][::-1], strict=True):
            answer = run_kernel(image, member, depth=Depth.F32)[MIDDLE, MIDDLE]
            assert np.sign(answer) == towards

    @pytest.mark.parametrize(
        ("direction", "corner"), [("nw", (1, 0)), ("ne", (0, 1)), ("se", (-1, 0)), ("sw", (0, -1))]
    )
    def test_roberts_answers_diagonals(self, direction, corner):
        """It reads a pixel and its neighbours below and to the right."""
        answers = [
            int(run_kernel(step(direction), member, depth=Depth.I16)[MIDDLE, MIDDLE])
            for member in load("roberts").kernels
        ]
        assert tuple(np.sign(answers)) == corner

    @pytest.mark.parametrize("direction", NORTH_FIRST)
    @pytest.mark.parametrize("name", ["emboss", "emboss_128", "emboss_5", "emboss_soft"])
    def test_emboss_is_lit_from_the_lower_right(self, name, direction):
        kernel = load(name)
        image = step(direction, 60, 120)
        answer = int(run_kernel(image, kernel, depth=Depth.I16)[MIDDLE, MIDDLE])
        flat = total(kernel) * 90 + kernel.offset
        down, right = TOWARDS[direction]
        assert np.sign(answer - flat) == np.sign(down + right)


class TestImpulse:
    @pytest.mark.parametrize("name", KERNELS)
    @pytest.mark.sampled(4)
    def test_it_gives_the_kernel_turned_by_180_degrees(self, name):
        kernel = KERNELS[name]
        answer = impulse_answer(kernel)
        offset = np.float32(float(kernel.offset))
        wanted = np.full(answer.shape, offset)
        for r, row in enumerate(exact(kernel)):
            for c, weight in enumerate(row):
                at = answer.shape[0] // 2 + kernel.anchor[0] - r
                along = answer.shape[1] // 2 + kernel.anchor[1] - c
                wanted[at, along] = float(weight + kernel.offset)
        assert np.array_equal(answer, wanted)

    @pytest.mark.parametrize("name", KERNELS)
    @pytest.mark.sampled(4)
    def test_the_flipped_kernel_gives_the_kernel(self, name):
        kernel = KERNELS[name]
        flipped = kernel.flipped()
        answer = impulse_answer(flipped)
        top = answer.shape[0] // 2 + flipped.anchor[0] - kernel.shape[0] + 1
        left = answer.shape[1] // 2 + flipped.anchor[1] - kernel.shape[1] + 1
        inside = answer[top : top + kernel.shape[0], left : left + kernel.shape[1]]
        wanted = [[float(weight + kernel.offset) for weight in row] for row in exact(kernel)]
        assert np.array_equal(inside, np.array(wanted, np.float32))

    @pytest.mark.parametrize("name", GENERATED)
    def test_of_generators(self, name):
        kernel = load(name)
        answer = impulse_answer(kernel)
        top = answer.shape[0] // 2 + kernel.anchor[0] - kernel.shape[0] + 1
        left = answer.shape[1] // 2 + kernel.anchor[1] - kernel.shape[1] + 1
        inside = answer[top : top + kernel.shape[0], left : left + kernel.shape[1]]
        assert np.array_equal(inside[::-1, ::-1], floats(kernel).astype(np.float32))
        assert np.count_nonzero(answer) == np.count_nonzero(inside)


def impulse_answer(kernel):
    """Filter a single 1 in the middle of zeros."""
    image = np.zeros([2 * side + 3 for side in kernel.shape], np.uint8)
    image[image.shape[0] // 2, image.shape[1] // 2] = 1
    return run_kernel(image, kernel, depth=Depth.F32, border=Border.CONSTANT)


class TestFlat:
    @pytest.mark.parametrize("name", [*KERNELS, *GENERATED])
    @pytest.mark.sampled(4)
    def test_it_gives_the_sum_times_the_level(self, name):
        kernel = load(name)
        for level in (0, 1, 77, 255):
            answer = run_kernel(np.full((5, 6), level, np.uint8), kernel, depth=Depth.F32)
            assert (answer == np.float32(float(total(kernel) * level + kernel.offset))).all()

    @pytest.mark.parametrize("name", SETS)
    def test_sets_combine_the_sums(self, name):
        """No set of the bank has a member that sees grey itself."""
        levels = [abs(total(kernel)) for kernel in load(name).kernels]
        assert set(levels) == {0}
        assert not run_set(np.full((5, 6), 99, np.uint8), load(name)).any()


def stated_slope(name):
    """Read the factor from the description, "8 times the slope"; 1 where none is given."""
    text = ENTRIES[name].description
    if "twice the slope" in text:
        return 2.0
    found = re.search(r"([\d.]+) times the slope", text)
    return float(found[1]) if found else 1.0


SLOPES = [
    name
    for name, kernel in KERNELS.items()
    if {"gradient", "x"} <= set(ENTRIES[name].tags)
    or {"gradient", "y"} <= set(ENTRIES[name].tags)
    or re.fullmatch(r"(forward|backward)_difference_[xy]|central5_[xy]", name)
]


class TestRamps:
    def test_all_derivatives_are_here(self):
        pairs = {
            *("sobel", "scharr", "scharr_optimal", "prewitt", "sobel5", "sobel7", "savgol5"),
            *("farid3", "farid5", "farid7", "central5"),
            *("central_difference", "forward_difference", "backward_difference"),
        }
        assert set(SLOPES) == {f"{pair}_{axis}" for pair in pairs for axis in "xy"}

    @pytest.mark.parametrize("name", SLOPES)
    def test_a_ramp_gives_the_stated_multiple_of_its_slope(self, name):
        along, across = (X, Y) if name.endswith("_x") else (Y, X)
        kernel = KERNELS[name]
        factor = stated_slope(name)
        # "about 0.85" has as many digits as it is good for; the others are exact.
        tolerance = {"farid3": 5e-3, "farid5": 5e-3, "farid7": 5e-5}.get(name[:-2], 0)
        for slope in (1, 3, -5):
            ramp = (100 + slope * along).astype(np.uint8)
            answer = run_kernel(ramp, kernel, depth=Depth.F32)[MIDDLE, MIDDLE]
            assert answer == pytest.approx(slope * factor, abs=abs(slope) * tolerance + 1e-30)
            other = (100 + slope * across).astype(np.uint8)
            assert run_kernel(other, kernel, depth=Depth.F32)[MIDDLE, MIDDLE] == 0

    @pytest.mark.parametrize("size", [3, 5, 9])
    @pytest.mark.parametrize("axis", ["x", "y"])
    def test_savgol_gives_the_slope(self, size, axis):
        ramp = (100 + 4 * (X if axis == "x" else Y)).astype(np.uint8)
        for order in range(1, min(size, 7)):
            kernel = load(f"savgol:{size},{order},{axis}")
            assert run_kernel(ramp, kernel, depth=Depth.F32)[MIDDLE, MIDDLE] == 4

    @pytest.mark.parametrize(
        "name", [n for n, kernel in KERNELS.items() if "second_derivative" in ENTRIES[n].tags]
    )
    def test_second_derivatives_are_zero_on_ramps(self, name):
        ramp = (128 + 3 * X - 5 * Y).astype(np.uint8)
        assert run_kernel(ramp, KERNELS[name], depth=Depth.F32)[MIDDLE, MIDDLE] == 0

    @pytest.mark.parametrize(
        ("name", "xx", "yy", "xy"),
        [
            *(("second_difference_x", 1, 0, 0), ("second_difference_y", 0, 1, 0)),
            *(("second_difference_xy", 0, 0, 1), ("laplacian", 1, 1, 0)),
            *(("laplacian_9", 1, 1, 0), ("laplacian_oono_puri", 1, 1, 0)),
            *(("laplacian_alpha:0.2", 1, 1, 0), ("laplacian_alpha:1", 1, 1, 0)),
            *(("laplacian_8", 3, 3, 0), ("laplacian_cv2_3", 4, 4, 0)),
        ],
    )
    def test_second_derivatives_of_parabolas(self, name, xx, yy, xy):
        """The parabolas x*x, y*y and the saddle x*y have derivatives 2, 2 and 1."""
        for picture, wanted in ((X * X, 2 * xx), (Y * Y, 2 * yy), (X * Y + 100, xy)):
            answer = run_kernel(picture.astype(np.uint8), load(name), depth=Depth.F32)
            assert answer[MIDDLE, MIDDLE] == wanted

    @pytest.mark.parametrize("name", ["savgol5_smooth", "savgol5_surface", "savgol:7,2"])
    def test_savgol_keeps_parabolas(self, name):
        for picture in (X * X, Y * Y, 2 * X * X + Y * Y + 3 * X):
            image = (picture + 30).astype(np.uint8)
            answer = run_kernel(image, load(name))[4:-4, 4:-4]
            assert np.array_equal(answer, image[4:-4, 4:-4])

    @pytest.mark.parametrize("name", ["blur", "binomial_5", "gaussian:1.4", "disk:3", "sharpen"])
    def test_symmetric_kernels_of_sum_1_keep_ramps(self, name):
        ramp = (100 + 3 * X + 2 * Y).astype(np.uint8)
        assert np.array_equal(run_kernel(ramp, load(name))[7:-7, 7:-7], ramp[7:-7, 7:-7])


# Ramps towards 24 directions, clockwise from x as y runs down; whole numbers up to 9.
DIRECTIONS = [
    (x, y)
    for x in (-9, -5, -2, 0, 2, 5, 9)
    for y in (-9, -5, -2, 0, 2, 5, 9)
    if math.gcd(x, y) == 1 or (0 in (x, y) and abs(x + y) == 9) or x * x == y * y == 81
]


class TestOrientation:
    @pytest.mark.parametrize(("x", "y"), DIRECTIONS)
    @pytest.mark.parametrize(
        "name", ["sobel", "scharr", "prewitt", "farid", "sobel5", "central_difference"]
    )
    @pytest.mark.sampled(4)
    def test_ramps_answer_with_their_direction(self, name, x, y):
        """A full turn is 256 (or 65536), so the value is within half a unit of the true angle."""
        ramp = (20000 + 100 * x * X + 100 * y * Y).astype(np.uint16)
        oriented = load(f"{name}:output=orientation")
        true = math.atan2(y, x) / (2 * math.pi) % 1
        answers = {
            depth: run_set(ramp, oriented, depth=depth)[MIDDLE, MIDDLE].item() for depth in Depth
        }
        assert turn_between(answers[Depth.U8] / 256, true) <= 0.5 / 256 + 1e-9
        assert turn_between(answers[Depth.U16] / 65536, true) <= 0.5 / 65536 + 1e-9
        assert turn_between((answers[Depth.I16] + 32768) / 65536, true) <= 0.5 / 65536 + 1e-9
        assert turn_between(answers[Depth.F32] / 360, true) <= 2e-7
        assert 0 <= answers[Depth.F32] < 360

    def test_roberts_answers_with_the_direction_too(self):
        """Its kernels look along the diagonals, and the orientation is still clockwise from x."""
        oriented = load("roberts:output=orientation")
        seen = {}
        for x, y in DIRECTIONS:
            ramp = (20000 + 100 * x * X + 100 * y * Y).astype(np.uint16)
            seen[x, y] = run_set(ramp, oriented, depth=Depth.F32)[MIDDLE, MIDDLE]
        wrong = {
            (x, y): answer
            for (x, y), answer in seen.items()
            if turn_between(answer / 360, math.atan2(y, x) / (2 * math.pi) % 1) > 1e-3
        }
        assert wrong == {}

    def test_flat_areas_have_direction_0(self):
        flat = np.full((5, 5), 9, np.uint8)
        for depth, zero in ((Depth.U8, 0), (Depth.U16, 0), (Depth.I16, -32768), (Depth.F32, 0)):
            assert (run_set(flat, load("sobel:output=orientation"), depth=depth) == zero).all()

    def test_degrees_stay_below_a_full_turn(self):
        """A ramp along x that falls by next to nothing along y."""
        ramp = np.array([[0, 0, 1], [0, 0, 1], [-1e-20, -1e-20, 1]], np.float32)
        answer = run_set(ramp, load("central_difference:output=orientation"))[1, 1]
        assert 0 <= answer < 360

    def test_the_range_does_not_change_the_direction(self):
        ramp = (100 + 5 * X).astype(np.uint8)
        plain = run_set(ramp, load("sobel:output=orientation"))
        for chosen in OutputRange:
            answer = run_set(ramp, load("sobel:output=orientation"), output_range=chosen)
            assert np.array_equal(answer, plain)


def turn_between(a, b):
    """Give the distance of two directions, in turns."""
    distance = abs(a - b) % 1
    return min(distance, 1 - distance)


LINE_CHARTS = {
    "line_horizontal": Y == 0,
    "line_vertical": X == 0,
    "line_diagonal_down": X == Y,
    "line_diagonal_up": -Y == X,
}


class TestLines:
    @pytest.mark.parametrize("name", LINE_CHARTS)
    def test_the_detector_of_a_line_answers_most(self, name):
        bright = np.where(LINE_CHARTS[name], 160, 60).astype(np.uint8)
        answers = {
            other: int(run_kernel(bright, KERNELS[other], depth=Depth.I16)[MIDDLE, MIDDLE])
            for other in LINE_CHARTS
        }
        assert answers.pop(name) == 6 * 100
        # One tap of the others' lines lies on it, of weight 2; two more of weight -1.
        assert set(answers.values()) == {0}

    @pytest.mark.parametrize("name", LINE_CHARTS)
    @pytest.mark.parametrize(("line", "ground"), [(160, 60), (60, 160)])
    def test_the_set_names_the_line_bright_or_dark(self, name, line, ground):
        image = np.where(LINE_CHARTS[name], line, ground).astype(np.uint8)
        inside = LINE_CHARTS[name] & (np.maximum(abs(X), abs(Y)) < MIDDLE)
        winner = run_set(image, load("line:output=index"))
        assert set(winner[inside]) == {list(LINE_CHARTS).index(name)}
        assert set(run_set(image, load("line"), depth=Depth.I16)[inside]) == {600}

    def test_members_stand_in_this_order(self):
        assert [kernel.name for kernel in load("line").kernels] == list(LINE_CHARTS)

    @pytest.mark.parametrize(("angle", "chart"), [(0, Y == 0), (45, -Y == X), (90, X == 0)])
    def test_motion_smears_along_its_angle(self, angle, chart):
        """Counter-clockwise: 45 degrees runs up to the right, and a line along it stays bright."""
        kernel = load(f"motion:5,{angle}")
        image = np.where(chart, 250, 0).astype(np.uint8)
        along = run_kernel(image, kernel)[MIDDLE, MIDDLE]
        across = run_kernel(image[:, ::-1] if angle == 45 else image.T, kernel)[MIDDLE, MIDDLE]
        assert along > 2 * across

    @pytest.mark.parametrize(("theta", "down"), [(0, 0), (90, 1), (45, 1), (135, -1)])
    def test_gabor_answers_at_stripes_that_turn_with_theta(self, theta, down):
        kernel = load(f"gabor:sigma=3,theta={theta},lambda=6,gamma=1")
        angles = np.radians([theta, theta + 90])
        answers = []
        for angle in angles:
            phase = 2 * np.pi / 6 * (X * np.cos(angle) + Y * np.sin(angle))
            stripes = (128 + 100 * np.cos(phase)).round().astype(np.uint8)
            answers.append(run_kernel(stripes, kernel, depth=Depth.F32)[MIDDLE, MIDDLE])
        # Half of the wave's amplitude, and of the grey what the envelope lets through.
        assert answers[0] == pytest.approx(50, abs=2)
        assert abs(answers[1]) < 2


class TestFreiChen:
    @pytest.mark.parametrize("name", ["frei_chen_edge", "frei_chen_line"])
    def test_index_names_a_member(self, name):
        kernels = load(name)
        for i, kernel in enumerate(kernels.kernels):
            # The member itself as a picture: only that one answers.
            pattern = np.rint(100 + 80 * floats(kernel)).astype(np.uint8)
            indexed = replace(kernels, output=SetOutput.INDEX)
            assert run_set(pattern, indexed, border=Border.CONSTANT)[1, 1] == i

    def test_a_step_lies_in_the_edge_subspace_and_a_line_in_the_other(self):
        for chart, stronger in ((step("e"), "edge"), (np.where(X == 0, 200, 40), "line")):
            strengths = {
                kind: run_set(chart.astype(np.uint8), load(f"frei_chen_{kind}"), depth=Depth.F32)
                for kind in ("edge", "line")
            }
            edge, line = (strengths[kind][MIDDLE, MIDDLE] for kind in ("edge", "line"))
            assert (edge > line) == (stronger == "edge")
