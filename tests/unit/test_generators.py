"""Generated kernels: exact sums, symmetry, stated multiples of a power of two, the formula."""

from __future__ import annotations

import hashlib
import math
import re
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from unit.bank_tools import ENTRIES, GENERATED, exact, floats, load, total

from imgconv.model.errors import ImgconvError, KernelError
from imgconv.model.generators import GENERATORS, generate

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


# sha256 over the weights as fractions; made by this package and then checked against the formulas
# above. They change only when the definition of a generator does.
GOLDEN = {
    "box:5": "bc56c986f134ccab6b40439abff1a01726adb86f3f486e740fcec9975a8f4c88",
    "disk:2.6": "f1a358b367a1be91c9f7655346eae5270487cbd00e3287b9627a628cded01f9d",
    "motion:9,30": "8fb87cb26b82d5aff49e2949b6167afeb9506c1096d874c8871dbac0389518bf",
    "binomial:7": "fe47982c7e59fb8876c399f97209c01b1974a5fb4e1912f88484b802de2f4848",
    "gaussian:1.4": "452058abf1a7cce22d2cc9e8e5e03b2ba9d1b51716df24e64f8cce8d043bb36a",
    "gaussian:3,auto,opencv": "89fe52983ec2447d41c8228cf61b8516d41434164fa6bd7d25a6f0cf719cc192",
    "log:1.4": "3d72a3fdd165294b5b6657c42bf7898db8e6a6cfaee63fa37bb54d567d92bfe7",
    "dog:1,1.6": "0f6e7363efda595b8e45b99271e2a110b6863ada6d7ab4c53c4287b6b8e8777e",
    "unsharp:1,1.5": "afc5c6593aa2e15bc862b91f4bf1675b99c2e74236df9e72aa450d484b252ea6",
    "high_boost:1.5": "d9022418d780d88fa69720dabae2a950113cb05f650f2b9a990afbe60de3e44e",
    "gabor:2,30,5,0.5,45": "45bbdc54ef8769880cab3df344e22e55d8a77d8f245b8e27fb159a01c64fadf8",
    "savgol:7,3,x": "fe37a1b9fb0dc983cc2afb50ca90257405d02f47b0788a977b77619763b269a8",
    "laplacian_alpha:0.2": "b1251aad11decde2fe097b462296e7e93c38588b159fac38ed6a1ffcc2fd367c",
    "haar:line_x,8": "dd0a3c82521109dbec2d4e4a7005fd64e911a2c6dcf47dc8d5a0ae47cb6a4986",
    "farid_derivative:7,y": "3b367a583f41dfb939691249ac20be04bf446b521ca2abe14c8a537951164280",
}


def digest(kernel):
    rows = [" ".join(map(str, row)) for row in exact(kernel)]
    text = "\n".join([*rows, f"{kernel.offset} {kernel.anchor}"])
    return hashlib.sha256(text.encode()).hexdigest()


class TestSameEverywhere:
    @pytest.mark.parametrize("spec", GOLDEN)
    def test_golden_weights(self, spec):
        assert digest(load(spec)) == GOLDEN[spec]

    def test_every_generator_has_a_golden(self):
        assert {spec.partition(":")[0] for spec in GOLDEN} == set(GENERATED)

    def test_the_context_of_the_caller_changes_nothing(self):
        import decimal

        with decimal.localcontext(decimal.Context(prec=5, rounding=decimal.ROUND_UP)):
            assert {spec: digest(load(spec)) for spec in GOLDEN} == GOLDEN


class TestParameters:
    @pytest.mark.parametrize("name", GENERATED)
    def test_the_defaults_are_what_the_bare_name_gives(self, name):
        options = ENTRIES[name].options()
        named = ",".join(f"{option.name}={option.default}" for option in options)
        placed = ",".join(str(option.default) for option in options)
        wanted = exact(load(name))
        assert exact(load(f"{name}:{named}")) == exact(load(f"{name}:{placed}")) == wanted

    @pytest.mark.parametrize(
        ("placed", "named"),
        [
            ("gaussian:1.4", "gaussian:sigma=1.4"),
            ("gaussian:1.4,9", "gaussian:size=9,sigma=1.4"),
            ("gaussian:2,auto,opencv", "gaussian:rule=opencv,sigma=2"),
            ("dog:1,2,9", "dog:size=9,sigma2=2,sigma1=1"),
            ("motion:7,30", "motion:angle=30,length=7"),
            ("gabor:2,45,6,1,90,9", "gabor:psi=90,gamma=1,lambda=6,size=9,theta=45,sigma=2"),
            ("savgol:7,3,y", "savgol:derivative=y,order=3,size=7"),
            ("haar:line_y,8", "haar:size=8,kind=line_y"),
            ("unsharp:1.5,0.5", "unsharp:amount=1/2,sigma=3/2"),
            ("mean:5", "box:size=5"),
            ("difference_of_gaussians:1,2", "dog:sigma2=2"),
        ],
    )
    def test_with_and_without_names(self, placed, named):
        assert exact(load(placed)) == exact(load(named))

    @pytest.mark.parametrize("spec", ["gaussian:1.4,9", "gabor:lambda=6", "box:5", "log"])
    def test_the_name_is_a_spec_of_the_same_kernel(self, spec):
        kernel = load(spec)
        assert exact(load(kernel.name)) == exact(kernel)
        assert load(kernel.name).name == kernel.name

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("box", {"size": 4}),
            ("gaussian", {"sigma": Fraction(7, 5), "size": "auto", "rule": "4sigma"}),
            (
                "gabor",
                {"sigma": 2, "theta": 30, "lambda": 5, "gamma": 1, "psi": 0, "size": "auto"},
            ),
        ],
    )
    def test_generate_takes_the_names_of_the_bank(self, name, values):
        spec = ",".join(f"{key}={value}" for key, value in values.items())
        assert exact(generate(name, values)) == exact(load(f"{name}:{spec}"))

    def test_all_generators_stand_in_the_bank(self):
        assert {ENTRIES[name].generator for name in GENERATED} == set(GENERATORS)

    @pytest.mark.parametrize(
        ("name", "option"),
        [(name, option) for name in GENERATED for option in ENTRIES[name].options()],
        ids=str,
    )
    def test_values_outside_the_range_are_refused(self, name, option):
        if option.choices:
            wrong, said = "sideways", ", ".join(option.choices)
            expected = [(wrong, f"{option.name} is '{wrong}'; choose {said}")]
        else:
            said = f"it runs from {option.low} to {option.high}"
            outside = (option.low - 1, option.high + 1)
            expected = [(str(v), f"{option.name} is {v}; {said}") for v in outside]
        for value, message in expected:
            with pytest.raises(KernelError, match=re.escape(message)):
                load(f"{name}:{option.name}={value}")

    @pytest.mark.parametrize(
        ("name", "option"),
        [(n, o) for n in GENERATED for o in ENTRIES[n].options() if not o.choices],
        ids=str,
    )
    @pytest.mark.parametrize("value", ["nan", "inf", "wide", "1e500", "1/0", "--1"])
    def test_words_are_not_numbers(self, name, option, value):
        with pytest.raises(KernelError, match=r"is not a number|beyond|divides by zero"):
            load(f"{name}:{option.name}={value}")

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            ("gaussian:size=8", "size is 8; a kernel of Gaussians has an odd size"),
            ("log:size=4", "size is 4; a kernel of Gaussians has an odd size"),
            ("gabor:size=10", "size is 10; a kernel of Gaussians has an odd size"),
            ("unsharp:size=6", "size is 6; a kernel of Gaussians has an odd size"),
            ("dog:size=6", "size is 6; a kernel of Gaussians has an odd size"),
            ("gaussian:size=7.5", "size is 7.5; it is a whole number"),
            ("motion:length=2.5", "length is 2.5; it is a whole number"),
            ("savgol:order=1.5", "order is 1.5; it is a whole number"),
            ("box:size=auto", "'auto' is not a number"),
            ("dog:2,1", "dog needs sigma1 < sigma2, not 2 and 1"),
            ("dog:1,1", "dog needs sigma1 < sigma2, not 1 and 1"),
            (
                "savgol:4,2",
                "savgol needs an odd size greater than the order, not size 4 and order 2",
            ),
            ("savgol:3,3", "savgol needs an odd size greater than the order"),
            ("savgol:5,0,x", "savgol needs order 1 or more for a derivative"),
            ("haar:edge_x,5", "haar edge_x needs a size that is a multiple of 2, not 5"),
            ("haar:line_x,6", "haar line_x needs a size that is a multiple of 4, not 6"),
            ("gaussian:1,2,3sigma,4", "gaussian has no option"),
            ("gaussian:width=3", "gaussian has no option 'width'"),
            ("gaussian:1.4,sigma=2", "sigma is given twice"),
            ("gaussian:size=9,1.4", "size is given twice"),
            ("sharpen:2", "sharpen has no option '2'"),
            ("gaussian:sigma=", "is not a number"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, spec, message):
        with pytest.raises(KernelError, match=re.escape(message)):
            load(spec)


class TestExtremes:
    """The ends of the stated ranges must be answered, by a kernel or by a refusal, and soon."""

    @pytest.mark.parametrize(
        "spec",
        [
            "gabor:psi=90,size=1",
            "gabor:lambda=1,psi=90",
            "gabor:sigma=100,gamma=0.05",
            "gabor:sigma=100,gamma=0.5",
        ],
    )
    def test_a_wave_that_vanishes_or_is_too_wide_is_answered_soon(self, spec):
        program = (
            "import sys\n"
            "from imgconv import load_kernel\n"
            "from imgconv.model.errors import KernelError\n"
            "try: print(any(any(row) for row in load_kernel(sys.argv[1]).weights))\n"
            "except KernelError: print('refused')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, spec],
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        )
        assert done.stdout.strip() in {"refused", "True"}

    @pytest.mark.parametrize("spec", ["dog:99,100,3", "dog:0.1,0.15"])
    def test_gaussians_that_round_to_the_same_do_not_make_a_kernel_of_zeros(self, spec):
        try:
            kernel = load(spec)
        except KernelError:
            return
        assert any(any(row) for row in kernel.weights)

    @pytest.mark.parametrize(
        "spec",
        [
            *("gaussian:0.1", "gaussian:100,1", "unsharp:0.1,100", "high_boost:100", "box:1"),
            *("disk:0.5", "disk:0.51", "motion:1,45", "motion:2,-360", "binomial:1"),
            *("savgol:31,6", "savgol:3,0", "gaussian:0.1,auto,opencv"),
        ],
    )
    def test_the_ends_of_the_ranges_sum_to_1(self, spec):
        assert total(load(spec)) == 1

    @pytest.mark.parametrize(
        "spec", ["log:0.3", "log:50,3", "log:50,9", "haar:edge_x,2", "haar:checker,2"]
    )
    def test_the_ends_of_the_ranges_sum_to_0(self, spec):
        kernel = load(spec)
        assert total(kernel) == 0
        assert any(any(row) for row in kernel.weights)
