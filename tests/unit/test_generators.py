"""Generated kernels: exact sums, symmetry, stated multiples of a power of two, the formula."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from unit.bank_tools import exact, floats, load, total

from imgconv.model.errors import ImgconvError

# Decimals of two places, as people write them.
SIGMA = st.integers(30, 600).map(lambda n: Fraction(n, 100))
AMOUNT = st.integers(0, 500).map(lambda n: Fraction(n, 100))
ANGLE = st.one_of(
    st.integers(-24, 24).map(lambda n: Fraction(15 * n)),
    st.integers(-3600, 3600).map(lambda n: Fraction(n, 10)),
)
SIZE = st.integers(1, 12).map(lambda n: 2 * n + 1)
AUTO_OR_SIZE = st.one_of(st.just("auto"), SIZE)

some = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def mirrored(rows, *, transpose=True):
    """Tell whether rows are the same from the left, from the top and across the diagonal."""
    return (
        rows == rows[::-1]
        and rows == [row[::-1] for row in rows]
        and (not transpose or rows == [list(column) for column in zip(*rows, strict=True)])
    )


def half_turned(rows):
    return [row[::-1] for row in rows[::-1]]


def shift_of(number):
    """Give s where the denominator is 2**s, and fail where it is not a power of two."""
    denominator = Fraction(number).denominator
    assert denominator & (denominator - 1) == 0
    return denominator.bit_length() - 1


def check_surface_bits(kernel, wanted, odd_tap=None):
    """Check 15 bits for the largest weight, and every weight within a unit but for one.

    The unit is at least 2**-14 of the largest weight of the formula and less than twice that
    fine; the odd tap holds what the rounding of the others left, half a unit for each at most.
    """
    largest = np.abs(wanted).max()
    shift = max(0, math.ceil(14 - math.log2(largest) - 1e-9))
    unit = 2.0**-shift
    assert largest / unit * (1 + 1e-9) >= 2**14
    for row in exact(kernel):
        assert all((weight * 2**shift).denominator == 1 for weight in row)
    difference = np.abs(floats(kernel) - wanted)
    slack = 1e-9 * unit
    if odd_tap is not None:
        assert difference[odd_tap] <= unit * difference.size / 2
        difference[odd_tap] = 0
    assert difference.max() <= unit + slack


def bell(sigma, reach):
    row = np.exp(-(np.arange(-reach, reach + 1.0) ** 2) / (2 * float(sigma) ** 2))
    return row / row.sum()


def auto_size(sigma, rule="3sigma"):
    """Repeat the rules as the bank describes them."""
    if rule == "opencv":
        return round(6 * sigma + 1) | 1
    return 2 * math.ceil(int(rule[0]) * sigma) + 1


class TestWindows:
    @pytest.mark.parametrize("size", [1, 2, 3, 4, 9, 30])
    def test_box(self, size):
        assert exact(load(f"box:{size}")) == [[Fraction(1, size * size)] * size] * size

    @pytest.mark.parametrize("size", [1, 2, 3, 6, 11, 40, 63])
    def test_binomial(self, size):
        kernel = load(f"binomial:{size}")
        row = [Fraction(math.comb(size - 1, k), 2 ** (size - 1)) for k in range(size)]
        assert exact(kernel) == [[a * b for b in row] for a in row]
        assert kernel.sum == 1
        assert kernel.is_separable

    @some
    @given(st.integers(50, 900).map(lambda n: Fraction(n, 100)))
    def test_disk(self, radius):
        kernel = load(f"disk:{float(radius)}")
        rows = exact(kernel)
        assert total(kernel) == 1
        assert mirrored(rows)
        assert all(weight >= 0 for row in rows for weight in row)
        reach = len(rows) // 2
        assert reach == math.ceil(radius - Fraction(1, 2))
        # Whole pixels inside the circle have one weight; those outside none.
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        farthest = np.hypot(abs(x) + 0.5, abs(y) + 0.5)
        nearest = np.hypot(np.maximum(abs(x) - 0.5, 0), np.maximum(abs(y) - 0.5, 0))
        weights = floats(kernel)
        assert not weights[nearest > float(radius)].any()
        inside = weights[farthest <= float(radius)]
        if inside.size:
            assert set(inside) == {weights.max()}
            # 256 points a pixel: the circle's length is uncertain by a grid step of 1/16.
            area = 1 / weights.max()
            assert abs(area - math.pi * radius**2) <= 2 * math.pi * float(radius) / 16

    @some
    @given(st.integers(1, 40), ANGLE)
    def test_motion(self, length, angle):
        kernel = load(f"motion:{length},{float(angle)}")
        rows = exact(kernel)
        assert total(kernel) == 1
        assert rows == half_turned(rows)
        assert len(rows) % 2 == len(rows[0]) % 2 == 1
        reach_y, reach_x = len(rows) // 2, len(rows[0]) // 2
        wanted = motion_formula(length, float(angle), max(reach_x, reach_y) + 2)
        middle = len(wanted) // 2
        rows_in = slice(middle - reach_y, middle + reach_y + 1)
        columns_in = slice(middle - reach_x, middle + reach_x + 1)
        inside = wanted[rows_in, columns_in]
        # What is trimmed away had weights that round to nothing.
        assert np.abs(wanted).sum() - np.abs(inside).sum() <= 2.0**-14
        check_surface_bits(kernel, inside, odd_tap=(reach_y, reach_x))

    @pytest.mark.parametrize("length", [1, 2, 3, 8, 9])
    def test_motion_along_the_axes(self, length):
        along, down = (load(f"motion:{length},{angle}") for angle in (0, 90))
        assert exact(down) == [[weight] for weight in exact(along)[0]]
        ends = [] if length % 2 else [Fraction(1, 2)]
        row = [*ends, *[Fraction(1)] * (length - len(ends)), *ends]
        # Rounded to 15 bits, so 1/9 is not itself.
        for ours, wanted in zip(exact(along)[0], row, strict=True):
            assert abs(ours - wanted / length) <= Fraction(length, 2**15)

    @some
    @given(st.integers(1, 25), ANGLE)
    def test_motion_is_the_same_both_ways(self, length, angle):
        turned = angle - 180 if angle > 0 else angle + 180
        assert exact(load(f"motion:{length},{float(angle)}")) == exact(
            load(f"motion:{length},{float(turned)}")
        )
        mirror = exact(load(f"motion:{length},{float(-angle)}"))
        assert mirror == exact(load(f"motion:{length},{float(angle)}"))[::-1]

    @pytest.mark.parametrize("size", [4, 8, 12, 32])
    @pytest.mark.parametrize("kind", ["edge_x", "edge_y", "line_x", "line_y", "checker"])
    def test_haar(self, kind, size):
        kernel = load(f"haar:{kind},{size}")
        part = Fraction(2, size * size)
        edge = [-1] * (size // 2) + [1] * (size // 2)
        line = [-1] * (size // 4) + [1] * (size // 2) + [-1] * (size // 4)
        ones = [1] * size
        column, row = {
            "edge_x": (ones, edge),
            "edge_y": (edge, ones),
            "line_x": (ones, line),
            "line_y": (line, ones),
            "checker": (edge, edge),
        }[kind]
        assert exact(kernel) == [[part * a * b for b in row] for a in column]
        assert total(kernel) == 0
        assert sum(abs(weight) for row in exact(kernel) for weight in row) == 2


def motion_formula(length, angle, reach):
    """Give 1 minus the distance from the line, where that is positive, normalised."""
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    across, up = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    half = (length - 1) / 2
    near = np.clip(x * across - y * up, -half, half)
    distance = np.hypot(x - near * across, y + near * up)
    weights = np.maximum(0, 1 - distance)
    return weights / weights.sum()


class TestGaussians:
    @some
    @given(SIGMA, AUTO_OR_SIZE, st.sampled_from(["3sigma", "4sigma", "opencv"]))
    def test_gaussian(self, sigma, size, rule):
        kernel = load(f"gaussian:sigma={float(sigma)},size={size},rule={rule}")
        rows = exact(kernel)
        side = auto_size(sigma, rule) if size == "auto" else size
        assert kernel.shape == (side, side)
        assert kernel.anchor == (side // 2, side // 2)
        assert total(kernel) == 1
        assert mirrored(rows)
        assert kernel.is_separable
        check_blur_row(rows, bell(sigma, side // 2))

    @some
    @given(SIGMA, AUTO_OR_SIZE, st.sampled_from(["3sigma", "4sigma", "opencv"]))
    def test_fine_gaussians_are_within_a_hundredth_of_a_level_of_65535(self, sigma, size, rule):
        kernel = load(f"gaussian:sigma={float(sigma)},size={size},rule={rule},precision=fine")
        row = bell(sigma, kernel.shape[0] // 2)
        off = np.abs(floats(kernel) - np.outer(row, row)).sum()
        assert 65535 * off < 0.01
        assert total(kernel) == 1
        assert mirrored(exact(kernel))

    def test_standard_gaussians_are_not(self):
        """Otherwise the precision would change nothing."""
        kernel = load("gaussian:2")
        row = bell(Fraction(2), kernel.shape[0] // 2)
        assert 65535 * np.abs(floats(kernel) - np.outer(row, row)).sum() > 1

    @pytest.mark.parametrize("sigma", ["20", "50", "77", "99", "100"])
    def test_wide_gaussians_fall_from_the_centre(self, sigma):
        row = load(f"gaussian:{sigma}").factors[1]
        half = row[len(row) // 2 :]
        assert list(half) == sorted(half, reverse=True)

    @some
    @given(SIGMA)
    def test_gaussians_fall_from_the_centre(self, sigma):
        row = load(f"gaussian:{float(sigma)}").factors[1]
        half = row[len(row) // 2 :]
        assert list(half) == sorted(half, reverse=True)

    @some
    @given(SIGMA, AMOUNT, AUTO_OR_SIZE)
    def test_unsharp(self, sigma, amount, size):
        kernel = load(f"unsharp:sigma={float(sigma)},amount={float(amount)},size={size}")
        assert total(kernel) == 1
        blur = exact(load(f"gaussian:sigma={float(sigma)},size={size}"))
        assert exact(kernel) == sharpened(blur, amount)

    @some
    @given(AMOUNT)
    def test_high_boost(self, amount):
        kernel = load(f"high_boost:{float(amount)}")
        assert total(kernel) == 1
        assert exact(kernel) == sharpened([[Fraction(1, 9)] * 3] * 3, amount)

    def test_high_boost_of_9_is_sharpen_8(self):
        assert exact(load("high_boost:9")) == exact(load("sharpen_8"))

    @some
    @given(SIGMA, SIGMA, AUTO_OR_SIZE)
    def test_dog(self, sigma1, sigma2, size):
        assume(sigma1 < sigma2 and size != 1)
        kernel = load(f"dog:{float(sigma1)},{float(sigma2)},{size}")
        side = kernel.shape[0]
        assert side == (auto_size(sigma2) if size == "auto" else size)
        assert total(kernel) == 0
        rows = exact(kernel)
        assert mirrored(rows)
        narrow, wide = (
            exact(load(f"gaussian:sigma={float(sigma)},size={side}")) for sigma in (sigma1, sigma2)
        )
        assert rows == [
            [a - b for a, b in zip(row, other, strict=True)]
            for row, other in zip(narrow, wide, strict=True)
        ]

    @some
    @given(SIGMA, st.one_of(st.just("auto"), SIZE.filter(lambda size: size > 1)))
    def test_log(self, sigma, size):
        kernel = load(f"log:{float(sigma)},{size}")
        side = kernel.shape[0]
        assert side == (auto_size(sigma, "4sigma") if size == "auto" else size)
        assert total(kernel) == 0
        rows = exact(kernel)
        assert mirrored(rows)
        assert rows[side // 2][side // 2] < 0
        wanted = log_formula(float(sigma), side // 2)
        check_surface_bits(kernel, wanted, odd_tap=(side // 2, side // 2))

    @some
    @given(
        *(SIGMA.filter(lambda sigma: sigma < 3), ANGLE),
        *(st.integers(20, 200).map(lambda n: Fraction(n, 10)),),
        *(st.integers(5, 30).map(lambda n: Fraction(n, 10)), ANGLE, AUTO_OR_SIZE),
    )
    def test_gabor(self, sigma, theta, wavelength, gamma, psi, size):
        assume(size == "auto" or size >= 5)
        side = auto_size(max(sigma, sigma / gamma)) if size == "auto" else size
        wanted = gabor_formula(*map(float, (sigma, theta, wavelength, gamma, psi)), side // 2)
        assume(np.abs(wanted).max() > 1e-9)  # see TestExtremes for waves that vanish
        values = ",".join(str(float(v)) for v in (sigma, theta, wavelength, gamma, psi))
        kernel = load(f"gabor:{values},{size}")
        assert kernel.shape == (side, side)
        check_surface_bits(kernel, wanted)

    @pytest.mark.parametrize("psi", [0, 180, -180])
    def test_even_gabor_waves_are_the_same_turned(self, psi):
        rows = exact(load(f"gabor:theta=37,psi={psi}"))
        assert rows == half_turned(rows)

    @pytest.mark.parametrize("psi", [90, -90, 270])
    def test_odd_gabor_waves_change_their_sign(self, psi):
        rows = exact(load(f"gabor:theta=37,psi={psi}"))
        assert rows == [[-weight for weight in row] for row in half_turned(rows)]


def check_blur_row(rows, wanted):
    """Check the row whose outer product a blur is: multiples of 2**-s, s >= 15, 12 bits."""
    side = len(wanted)
    line = [sum(row) for row in rows]  # the sum of the other axis is 1
    assert rows == [[a * b for b in line] for a in line]
    assert all(weight >= 0 for weight in line)
    shift = 15
    while wanted.max() * 2**shift < 2**11:
        shift += 1
    assert max(map(shift_of, line)) <= shift
    difference = np.abs(np.array([float(weight) for weight in line]) - wanted)
    unit = 2.0**-shift
    assert difference[side // 2] <= unit * side / 2
    difference[side // 2] = 0
    assert difference.max() <= unit * (1 + 1e-9)


def sharpened(blur, amount):
    """Give identity + amount * (identity - blur)."""
    if amount == 0:
        return [[Fraction(1)]]
    middle = len(blur) // 2
    return [
        [(r == c == middle) * (1 + amount) - amount * weight for c, weight in enumerate(row)]
        for r, row in enumerate(blur)
    ]


def log_formula(sigma, reach):
    """Give the Laplacian of the sampled Gaussian of sum 1, less its mean."""
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    row = bell(sigma, reach)
    surface = (x * x + y * y - 2 * sigma**2) / sigma**4 * np.outer(row, row)
    return surface - surface.mean()


def gabor_formula(sigma, theta, wavelength, gamma, psi, reach):
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    cos, sin = math.cos(math.radians(theta)), math.sin(math.radians(theta))
    along, aside = x * cos + y * sin, y * cos - x * sin
    envelope = np.exp(-(along**2 + (gamma * aside) ** 2) / (2 * sigma**2))
    wave = np.cos(2 * np.pi * along / wavelength - math.radians(psi))
    return envelope * wave / envelope.sum()


class TestDerivatives:
    @pytest.mark.parametrize("size", [3, 5, 7, 11, 31])
    @pytest.mark.parametrize("order", [0, 1, 2, 3, 6])
    def test_savgol_keeps_polynomials_of_its_order(self, size, order):
        if order >= size:
            with pytest.raises(ImgconvError, match="savgol needs an odd size greater"):
                load(f"savgol:{size},{order}")
            return
        rows = exact(load(f"savgol:{size},{order}"))
        assert mirrored(rows)
        row = [sum(column) for column in zip(*rows, strict=True)]
        assert moments(row, order) == [1] + [0] * order
        assert rows == [[a * b for b in row] for a in row]

    @pytest.mark.parametrize("size", [3, 5, 9, 15])
    @pytest.mark.parametrize("order", [1, 2, 3, 5])
    def test_savgol_differentiates_polynomials_of_its_order(self, size, order):
        if order >= size:
            order = size - 1
        across = load(f"savgol:{size},{order},x")
        down = load(f"savgol:{size},{order},y")
        assert exact(down) == [list(column) for column in zip(*exact(across), strict=True)]
        assert total(across) == 0
        assert across.is_separable
        row = [sum(column) for column in zip(*exact(across), strict=True)]
        assert moments(row, order) == [0, 1] + [0] * (order - 1)

    @some
    @given(st.integers(0, 100).map(lambda n: Fraction(n, 100)))
    def test_laplacian_alpha(self, alpha):
        kernel = load(f"laplacian_alpha:{float(alpha)}")
        rows = exact(kernel)
        assert total(kernel) == 0
        assert mirrored(rows)
        corner, side = alpha / (1 + alpha), (1 - alpha) / (1 + alpha)
        assert (rows[0][0], rows[0][1], rows[1][1]) == (corner, side, -4 / (1 + alpha))

    @pytest.mark.parametrize("size", [3, 5, 7])
    def test_farid_derivative(self, size):
        across, down = (load(f"farid_derivative:{size},{axis}") for axis in "xy")
        assert total(across) == total(down) == 0
        assert across.is_separable
        rows = exact(across)
        assert exact(down) == [list(column) for column in zip(*rows, strict=True)]
        assert rows == rows[::-1]
        assert rows == [[-weight for weight in row[::-1]] for row in rows]


def moments(row, order):
    """Sum the weights times the powers of x, from the middle."""
    reach = len(row) // 2
    return [sum(w * x**k for x, w in enumerate(row, -reach)) for k in range(order + 1)]
