"""A second source for each family: the tools that ship the same kernels.

Where a tool's numbers are whole, or dyadic in its float type, the comparison is exact. The other
tolerances: 1e-7 for what OpenCV holds in float32 and 1e-12 for what a tool computes in float64.
Generated Gaussians are multiples of 2**-15 or finer and corrected in the centre, which the test
of each bounds by half a unit for every tap that may be off.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import ndimage, signal, special
from skimage import filters
from unit.bank_tools import KERNELS, floats, load, run_kernel, run_set

from imgconv.model.border import Border
from imgconv.model.output import Depth, Rounding

RANDOM = np.random.default_rng(3)
NOISE = RANDOM.integers(0, 256, (23, 31)).astype(np.float64)
FLOAT64 = 1e-12

IMPULSE = np.zeros((11, 11))
IMPULSE[5, 5] = 1


def seen(filtered, shape):
    """Give the weights of a filter that correlates, from its answer to an impulse."""
    answer = filtered(IMPULSE)[::-1, ::-1]
    top, left = (11 - shape[0]) // 2, (11 - shape[1]) // 2
    inside = answer[top : top + shape[0], left : left + shape[1]]
    assert np.count_nonzero(answer) == np.count_nonzero(inside)
    return inside


class TestOpenCV:
    @pytest.mark.parametrize(
        ("name", "dx", "dy", "size"),
        [
            *(("sobel_x", 1, 0, 3), ("sobel_y", 0, 1, 3), ("sobel5_x", 1, 0, 5)),
            *(("sobel5_y", 0, 1, 5), ("sobel7_x", 1, 0, 7), ("sobel7_y", 0, 1, 7)),
            *(("scharr_x", 1, 0, cv2.FILTER_SCHARR), ("scharr_y", 0, 1, cv2.FILTER_SCHARR)),
            *(("laws_s5s5", 2, 2, 5), ("laws_e5e5", 1, 1, 5), ("immerkaer", 2, 2, 3)),
            *(("laws_s5l5", 0, 2, 5), ("laws_l5s5", 2, 0, 5)),
        ],
    )
    def test_get_deriv_kernels(self, name, dx, dy, size):
        row, column = cv2.getDerivKernels(dx, dy, size, ktype=cv2.CV_64F)
        # Laws' spot is minus the second difference over 5 taps: 2 in the centre, not -2.
        sign = (-1) ** name.count("s5")
        assert np.array_equal(sign * column * row.T, floats(KERNELS[name]))

    @pytest.mark.parametrize(
        ("name", "dx", "dy"), [("central_difference_x", 1, 0), ("central_difference_y", 0, 1)]
    )
    def test_ksize_1_is_twice_the_central_difference(self, name, dx, dy):
        row, column = cv2.getDerivKernels(dx, dy, 1, ktype=cv2.CV_64F)
        trimmed = (column * row.T)[np.ix_(column[:, 0] != 0, np.ones(len(row), bool))]
        wanted = 2 * floats(KERNELS[name])
        assert np.array_equal(column * row.T if dy else trimmed, wanted)

    @pytest.mark.parametrize(("name", "size"), [("laplacian", 1), ("laplacian_cv2_3", 3)])
    def test_laplacian(self, name, size):
        wanted = seen(lambda image: cv2.Laplacian(image, cv2.CV_64F, ksize=size), (3, 3))
        assert np.array_equal(floats(KERNELS[name]), wanted)

    def test_laplacian_5(self):
        wanted = seen(lambda image: cv2.Laplacian(image, cv2.CV_64F, ksize=5), (5, 5))
        assert np.array_equal(floats(KERNELS["laplacian_cv2_5"]), wanted)

    @pytest.mark.parametrize(("name", "size"), [("binomial_3", 3), ("binomial_5", 5)])
    def test_get_gaussian_kernel_without_sigma_is_binomial(self, name, size):
        row = cv2.getGaussianKernel(size, 0)
        assert np.array_equal(row @ row.T, floats(KERNELS[name]))
        assert np.array_equal(row @ row.T, floats(load(f"binomial:{size}")))

    @pytest.mark.parametrize("sigma", [0.5, 1, 1.4, 2.25, 5, 12])
    def test_get_gaussian_kernel(self, sigma):
        kernel = load(f"gaussian:sigma={sigma},rule=opencv")
        side = kernel.shape[0]
        assert side == (round(6 * sigma + 1) | 1)
        row = cv2.getGaussianKernel(side, sigma)
        # Each weight of the row is off by half of 2**-15 at most; the centre by all of them.
        most = 2.0**-16 * (1 + 2 * side * row.max())
        outside = np.arange(side) != side // 2
        difference = np.abs(floats(kernel) - row @ row.T)
        assert difference[np.ix_(outside, outside)].max() <= 2.0**-15 * row.max() + 2.0**-32
        assert difference.max() <= most

    @pytest.mark.parametrize("sigma", [0.3, 0.6, 1, 1.4, 2, 3.3])
    def test_size_rule_of_gaussian_blur(self, sigma):
        """The size for 8 bits is the one whose weights `cv2.GaussianBlur` has by itself."""
        side = load(f"gaussian:sigma={sigma},rule=opencv").shape[0]
        image = NOISE.astype(np.uint8)
        blurs = [cv2.GaussianBlur(image, (k, k), sigma) for k in (0, side, side - 2)]
        assert np.array_equal(blurs[0], blurs[1])
        assert not np.array_equal(blurs[0], blurs[2])

    @pytest.mark.parametrize(
        "parameters",
        [
            {"sigma": 2, "theta": 0, "lambda": 5, "gamma": 0.5, "psi": 0},
            {"sigma": 2, "theta": 30, "lambda": 5, "gamma": 0.5, "psi": 90},
            {"sigma": 1.5, "theta": 135, "lambda": 4, "gamma": 1, "psi": 30},
            {"sigma": 3, "theta": -75, "lambda": 10, "gamma": 2, "psi": -120},
            {"sigma": 2.5, "theta": 90, "lambda": 3.5, "gamma": 0.8, "psi": 180},
        ],
    )
    def test_get_gabor_kernel(self, parameters):
        spec = ",".join(f"{key}={value}" for key, value in parameters.items())
        kernel = load(f"gabor:{spec},size=15")
        angles = np.radians(parameters["theta"]), np.radians(parameters["psi"])
        shape = parameters["sigma"], angles[0], parameters["lambda"], parameters["gamma"]
        wave = cv2.getGaborKernel((15, 15), *shape, angles[1])
        # The envelope is what is left of the wave when its length is beyond all measure.
        envelope = cv2.getGaborKernel((15, 15), *shape[:2], 1e12, shape[3], 0)
        wanted = wave / envelope.sum()
        # OpenCV turns its wave by 180 degrees, ours is written as `filter2D` would need it:
        # the two filter alike. Half of the largest weight's 2**-14, or less.
        assert np.abs(floats(kernel) - wanted).max() <= np.abs(wanted).max() * 2.0**-15 + FLOAT64

    @pytest.mark.parametrize("name", ["sobel", "scharr"])
    def test_gradient_pairs(self, name):
        image = NOISE.astype(np.uint8)
        for suffix, order in (("x", (1, 0)), ("y", (0, 1))):
            wanted = getattr(cv2, name.title())(image, cv2.CV_16S, *order)
            ours = run_kernel(image, load(f"{name}_{suffix}"), depth=Depth.I16)
            assert np.array_equal(ours, wanted)

    def test_box_filter(self):
        wanted = cv2.blur(NOISE, (7, 7), borderType=cv2.BORDER_REFLECT)
        ours = ndimage.correlate(NOISE, floats(load("small_blur")), mode="reflect")
        np.testing.assert_allclose(ours, wanted, rtol=FLOAT64)


class TestSciPy:
    @pytest.mark.parametrize("axis", [0, 1])
    @pytest.mark.parametrize("name", ["sobel", "prewitt"])
    def test_gradients(self, name, axis):
        wanted = seen(lambda image: getattr(ndimage, name)(image, axis=axis), (3, 3))
        assert np.array_equal(floats(KERNELS[f"{name}_{'yx'[axis]}"]), wanted)

    def test_laplace(self):
        assert np.array_equal(floats(KERNELS["laplacian"]), seen(ndimage.laplace, (3, 3)))

    @pytest.mark.parametrize(("name", "size"), [("blur", 3), ("box:5", 5), ("small_blur", 7)])
    def test_uniform_filter(self, name, size):
        wanted = seen(lambda image: ndimage.uniform_filter(image, size), (size, size))
        np.testing.assert_allclose(floats(load(name)), wanted, rtol=FLOAT64)

    @pytest.mark.parametrize("sigma", [0.5, 1, 1.4, 2])
    def test_gaussian_filter(self, sigma):
        kernel = load(f"gaussian:sigma={sigma},rule=4sigma")
        reach = kernel.shape[0] // 2
        image = np.zeros((4 * reach + 1,) * 2)
        image[2 * reach, 2 * reach] = 1
        wanted = ndimage.gaussian_filter(image, sigma, radius=reach)
        wanted = wanted[reach : 3 * reach + 1, reach : 3 * reach + 1]
        # As for OpenCV: half of 2**-15 for each tap of the row.
        assert np.abs(floats(kernel) - wanted).max() <= 2.0**-16 * (2 * reach + 1)

    @pytest.mark.parametrize("sigma", [1, 1.4, 2, 3])
    def test_gaussian_laplace(self, sigma):
        kernel = floats(load(f"log:{sigma}"))
        reach = len(kernel) // 2
        image = np.zeros((4 * reach + 1,) * 2)
        image[2 * reach, 2 * reach] = 1
        wanted = ndimage.gaussian_laplace(image, sigma, radius=reach)
        wanted = wanted[reach : 3 * reach + 1, reach : 3 * reach + 1]
        unit = np.abs(wanted).max() * 2.0**-14
        difference = np.abs(kernel - wanted)
        # SciPy leaves the sum of 1e-4 that is cut off at 4 sigma, we take it from every tap. What
        # rounding leaves goes to the centre: half a unit for each tap, with random signs.
        difference[reach, reach] -= 3 * unit * len(kernel) * 12**-0.5
        assert difference.max() <= unit + abs(wanted.sum()) / kernel.size

    @pytest.mark.parametrize("derivative", ["none", "x", "y"])
    @pytest.mark.parametrize(("size", "order"), [(3, 1), (5, 2), (7, 3), (9, 4), (11, 6)])
    def test_savgol_coeffs(self, size, order, derivative):
        smooth = signal.savgol_coeffs(size, order)
        slope = signal.savgol_coeffs(size, order, deriv=1, use="dot")
        column, row = {"none": (smooth, smooth), "x": (smooth, slope), "y": (slope, smooth)}[
            derivative
        ]
        ours = load(f"savgol:size={size},order={order},derivative={derivative}")
        # SciPy solves in float64, with a condition of some 1e6 at order 6.
        np.testing.assert_allclose(floats(ours), np.outer(column, row), atol=1e-10)

    def test_savgol_tables(self):
        smooth = signal.savgol_coeffs(5, 2)
        slope = signal.savgol_coeffs(5, 1, deriv=1, use="dot")
        mean = np.full(5, 0.2)
        for name, column, row in (
            ("savgol5_smooth", smooth, smooth),
            ("savgol5_x", mean, slope),
            ("savgol5_y", slope, mean),
        ):
            np.testing.assert_allclose(floats(KERNELS[name]), np.outer(column, row), atol=FLOAT64)

    def test_savgol_surface(self):
        y, x = (axis.ravel() for axis in np.mgrid[-2:3, -2:3])
        surface = np.stack([np.ones(25), x, y, x * x, x * y, y * y], axis=1)
        value = np.linalg.pinv(surface)[0].reshape(5, 5)
        np.testing.assert_allclose(floats(KERNELS["savgol5_surface"]), value, atol=FLOAT64)

    def test_central_differences(self):
        """`numpy.gradient` inside, and `numpy.diff`."""
        ours = ndimage.correlate(NOISE, floats(KERNELS["central_difference_x"]))
        assert np.array_equal(ours[:, 1:-1], np.gradient(NOISE, axis=1)[:, 1:-1])
        forward = run_kernel(NOISE.astype(np.uint8), load("forward_difference_y"), depth=Depth.I16)
        assert np.array_equal(forward[:-1], np.diff(NOISE, axis=0))
        backward = run_kernel(
            NOISE.astype(np.uint8), load("backward_difference_x"), depth=Depth.I16
        )
        assert np.array_equal(backward[:, 1:], np.diff(NOISE, axis=1))

    def test_higher_order_difference(self):
        """Four samples of a cubic determine its slope: the fourth-order rule is exact on x**4."""
        x = np.arange(-2.0, 3)
        rule = np.linalg.solve(np.vander(x, increasing=True).T, [0, 1, 0, 0, 0])
        np.testing.assert_allclose(floats(KERNELS["central5_x"])[0], rule, atol=FLOAT64)

    @pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 12])
    def test_binomial_is_a_power_of_a_pair(self, size):
        row = np.ones(1)
        for _ in range(size - 1):
            row = signal.convolve(row, [0.5, 0.5], method="direct")
        assert np.array_equal(floats(load(f"binomial:{size}")), np.outer(row, row))


class TestScikitImage:
    @pytest.mark.parametrize("axis", [0, 1])
    @pytest.mark.parametrize(
        # skimage divides by the sum of the weights on one side, which is half the slope factor.
        ("name", "kernel", "divisor"),
        [
            ("sobel", "sobel", 4),
            ("scharr", "scharr", 16),
            ("prewitt", "prewitt", 3),
            ("farid", "farid5", 1),
        ],
    )
    def test_gradients(self, name, kernel, divisor, axis):
        ours = floats(KERNELS[f"{kernel}_{'yx'[axis]}"]) / divisor
        answer = getattr(filters, name)(IMPULSE, axis=axis, mode="constant")
        size = len(ours)
        corner = 5 - size // 2
        wanted = answer[::-1, ::-1][corner : corner + size, corner : corner + size]
        # Farid: 15 digits of the authors' code against the six of the paper.
        np.testing.assert_allclose(ours, wanted, atol=1e-6 if name == "farid" else FLOAT64)

    @pytest.mark.parametrize("name", ["sobel", "scharr", "prewitt", "roberts", "farid"])
    def test_magnitudes(self, name):
        divisor = {"sobel": 4, "scharr": 16, "prewitt": 3}.get(name, 1) * np.sqrt(2)
        ours = run_set(NOISE.astype(np.uint8), load(name), depth=Depth.F32) / divisor
        wanted = getattr(filters, name)(NOISE)
        inside = np.s_[3:-3, 3:-3]
        # Pixels of 8 bits in float32 (1e-7), and 1e-6 of them for Farid's digits.
        np.testing.assert_allclose(ours[inside], wanted[inside], atol=1e-3, rtol=1e-6)

    def test_roberts(self):
        for name, function in (
            ("roberts_x", filters.roberts_pos_diag),
            ("roberts_y", filters.roberts_neg_diag),
        ):
            answer = function(IMPULSE)
            # It convolves, so its answer to an impulse is its weights, not turned.
            rows, columns = np.nonzero(answer)
            found = answer[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
            assert np.array_equal(found, floats(KERNELS[name]))

    @pytest.mark.parametrize("sigmas", [(1, 1.6), (2, 3)])
    def test_difference_of_gaussians(self, sigmas):
        kernel = floats(load("dog:{},{}".format(*sigmas)))
        reach = len(kernel) // 2
        image = np.zeros((8 * reach + 1,) * 2)
        image[4 * reach, 4 * reach] = 1
        wanted = filters.difference_of_gaussians(image, *sigmas, truncate=3 * sigmas[1])
        wanted = wanted[3 * reach : 5 * reach + 1, 3 * reach : 5 * reach + 1]
        # skimage reaches further, ours ends at 3 sigma: exp(-4.5) of the wide one's centre.
        assert np.abs(kernel - wanted).max() <= 0.0111 * wanted.max()

    def test_unsharp_mask(self):
        ours = ndimage.correlate(NOISE, floats(load("unsharp:sigma=1,amount=1.5,size=9")))
        wanted = filters.unsharp_mask(NOISE, radius=1, amount=1.5, preserve_range=True)
        # 2**-16 for each of 9 taps, twice, times the amount and 255, doubled for both axes.
        np.testing.assert_allclose(ours, wanted, atol=1.5 * 255 * 4 * 9 * 2.0**-16)


PRESETS = {
    name: getattr(ImageFilter, name.upper())
    for name in (
        *("blur", "contour", "detail", "edge_enhance", "edge_enhance_more"),
        *("emboss", "find_edges", "sharpen", "smooth", "smooth_more"),
    )
}


class TestPillow:
    def test_every_preset_is_here(self):
        presets = {
            name.lower()
            for name, value in vars(ImageFilter).items()
            if isinstance(value, type)
            and issubclass(value, ImageFilter.BuiltinFilter)
            and hasattr(value, "filterargs")
        }
        ours = {name.removeprefix("pil_") for name in KERNELS if name.startswith("pil_")}
        assert ours == presets == set(PRESETS)

    @pytest.mark.parametrize("name", PRESETS)
    def test_weights(self, name):
        (columns, rows), scale, offset, weights = PRESETS[name].filterargs
        # Pillow's documentation: the kernel is flipped vertically before it is used.
        wanted = np.reshape(weights, (rows, columns))[::-1] / scale
        kernel = KERNELS[f"pil_{name}"]
        assert np.array_equal(floats(kernel), wanted)
        assert kernel.offset == offset

    @pytest.mark.parametrize("name", PRESETS)
    def test_picture(self, name):
        image = NOISE.astype(np.uint8)
        theirs = np.array(Image.fromarray(image).filter(PRESETS[name]))
        ours = run_kernel(
            image, KERNELS[f"pil_{name}"], border=Border.REPLICATE, rounding=Rounding.HALF_UP
        )
        inside = np.s_[2:-2, 2:-2]  # Pillow copies the border
        difference = np.abs(theirs[inside].astype(int) - ours[inside])
        # Pillow sums in float32: exact halves (thirteenths and sixths have them) may fall.
        assert difference.max() <= 1
        assert np.count_nonzero(difference) <= 0.1 * difference.size


class TestFormulas:
    """For families that no tool here ships: what their authors' definitions give."""

    @pytest.mark.parametrize("family", ["kirsch", "robinson3", "robinson5", "prewitt_compass"])
    def test_compass_kernels_are_one_ring_turned(self, family):
        ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
        north = floats(KERNELS[f"{family}_n"])
        values = [north[at] for at in ring]
        for step, direction in enumerate(("n", "ne", "e", "se", "s", "sw", "w", "nw")):
            turned = north.copy()
            for i, at in enumerate(ring):
                turned[at] = values[(i - step) % 8]
            assert np.array_equal(floats(KERNELS[f"{family}_{direction}"]), turned)

    def test_robinson_is_sobel_and_prewitt(self):
        for robinson, gradient in (("robinson5", "sobel"), ("robinson3", "prewitt")):
            for direction, axis in (("e", "x"), ("s", "y")):
                assert KERNELS[f"{robinson}_{direction}"].weights == (
                    KERNELS[f"{gradient}_{axis}"].weights
                )

    def test_line_detectors_are_one_line_turned(self):
        lines = {name: floats(KERNELS[f"line_{name}"]) for name in ("horizontal", "vertical")}
        assert np.array_equal(lines["vertical"], lines["horizontal"].T)
        assert np.array_equal(lines["horizontal"], 3 * np.outer([0, 1, 0], [1, 1, 1]) - 1)
        down, up = (floats(KERNELS[f"line_diagonal_{name}"]) for name in ("down", "up"))
        assert np.array_equal(down, 3 * np.eye(3) - 1)
        assert np.array_equal(up, down[::-1])

    @pytest.mark.parametrize(
        ("name", "sigma", "tolerance"),
        # How far the integer tables are from the Gaussian that they are said to be.
        [("gaussian_canny", 1.4, 0.0031), ("binomial_5", 1, 0.022), ("binomial_7", 1.5**0.5, 0.01)],
    )
    def test_gaussian_tables(self, name, sigma, tolerance):
        row = signal.windows.gaussian(len(floats(KERNELS[name])), sigma)
        row /= row.sum()
        np.testing.assert_allclose(floats(KERNELS[name]), np.outer(row, row), atol=tolerance)

    def test_gaussian_273_is_the_gaussian_averaged_over_pixels(self):
        row = np.diff(special.ndtr(np.arange(6) - 2.5))
        # Scaled by 281 it rounds to whole numbers whose sum is 273.
        table = np.rint(281 * np.outer(row, row))
        assert table.sum() == 273
        assert np.array_equal(table / 273, floats(KERNELS["gaussian_273"]))

    def test_log_9_is_the_laplacian_of_a_gaussian(self):
        y, x = np.mgrid[-4:5, -4:5]
        r = (x * x + y * y) / 1.4**2
        wanted = (r - 2) * np.exp(-r / 2)
        match = np.corrcoef(wanted.ravel(), floats(KERNELS["log_9"]).ravel())[0, 1]
        assert match > 0.998

    def test_laplacian_alpha_meets_the_tables(self):
        assert np.array_equal(floats(load("laplacian_alpha:0")), floats(KERNELS["laplacian"]))
        # fspecial('laplacian', 0.2), as MATLAB's documentation prints it to four decimals.
        corner, side, centre = 0.1667, 0.6667, -3.3333
        printed = [[corner, side, corner], [side, centre, side], [corner, side, corner]]
        np.testing.assert_allclose(floats(load("laplacian_alpha:0.2")), printed, atol=5e-5)
        third = floats(load("laplacian_alpha:1/3"))
        np.testing.assert_allclose(third, floats(KERNELS["laplacian_oono_puri"]), atol=FLOAT64)

    def test_haar_at_size_2_is_the_table(self):
        for kind in ("edge_x", "edge_y", "checker"):
            table = floats(KERNELS[f"haar_{kind}"])
            assert np.array_equal(floats(load(f"haar:{kind},2")) * 2, table)

    @pytest.mark.parametrize("size", [3, 5, 7])
    @pytest.mark.parametrize("axis", ["x", "y"])
    def test_farid_derivative_is_the_table(self, size, axis):
        ours = load(f"farid_derivative:{size},{axis}")
        assert np.array_equal(floats(ours), floats(KERNELS[f"farid{size}_{axis}"]))
