"""Published kernel matrices, typed a second time from their sources and not from the bank's YAML.

A test holds the bank against this table: name -> (rows, scale, offset), in correlation orientation
(not flipped), x to the right, y down. Sources, by family:

- small_blur, large_blur, sharpen, laplacian, sobel, emboss: the project's source documents.
- pil_*: PIL/ImageFilter.py of Pillow 13.0.0; it flips kernels top to bottom, hence our pil_emboss.
- Kirsch: Wikipedia, Kirsch operator; Robinson: Wikipedia, Robinson compass mask, whose names follow
  the line of zeros, while ours say where it gets brighter; Prewitt compass: ImageMagick.
- Frei-Chen W1 to W9: Wikipedia, Frei-Chen operator, with the norms 1/(2 sqrt 2), 1/2, 1/6 and 1/3.
- Farid-Simoncelli: the six decimals in Kovesi's derivative5 and derivative7 and Rais's derivative3.
- Laws: Khoros and MVTec HALCON manuals; SRM kernels (kv, srm_3): public steganalysis code.
- Wide Sobel, Scharr: OpenVX 1.1 (Canny) and cv2.getDerivKernels of OpenCV 5.0.0.
- log_5, log_9, laplacian_im_*: ImageMagick's magick/morphology.c (opposite sign for log_9).
- unsharp_5, identity: Wikipedia, Kernel (image processing); blur_*, motion_*, emboss_128, emboss_5,
  sharpen_5, sharpen_excess: Lode's Computer Graphics Tutorial; sharpen_mild: libvips and sharp.
- Savitzky-Golay: the 1964 tables (over 35 and over 10) and the least-squares surface.
- The others: the textbooks and tools that the bank names.
"""

from collections.abc import Sequence
from fractions import Fraction as F
from math import isqrt

Number = int | F
Rows = Sequence[Sequence[Number]]
Table = tuple[Rows, F, F]


def table(rows: Rows, scale: Number = 1, offset: Number = 0) -> Table:
    """Make a kernel whose answer is scale * (sum of rows * pixels) + offset."""
    return rows, F(scale), F(offset)


def outer(column: Sequence[Number], row: Sequence[Number], scale: Number = 1) -> Table:
    """Multiply a column (down) by a row (across)."""
    return table([[a * b for b in row] for a in column], scale)


def transposed(kernel: Table) -> Table:
    """Exchange x and y."""
    rows, scale, offset = kernel
    return [list(column) for column in zip(*rows, strict=True)], scale, offset


def decimals(text: str) -> list[F]:
    """Read numbers as they are printed, exactly."""
    return [F(word) for word in text.split()]


BLUR: dict[str, Table] = {
    "blur": table([[1] * 3] * 3, F(1, 9)),
    "small_blur": table([[1] * 7] * 7, F(1, 49)),
    "large_blur": table([[1] * 21] * 21, F(1, 441)),
    "blur_cross": table([[0, 1, 0], [1, 1, 1], [0, 1, 0]], F(2, 10)),
    "blur_diamond": table(
        [[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]],
        F(1, 13),
    ),
    "motion_diagonal": table([[int(r == c) for c in range(9)] for r in range(9)], F(1, 9)),
    "binomial_3": table([[1, 2, 1], [2, 4, 2], [1, 2, 1]], F(1, 16)),
    "binomial_5": outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1], F(1, 256)),
    "binomial_7": outer([1, 6, 15, 20, 15, 6, 1], [1, 6, 15, 20, 15, 6, 1], F(1, 64**2)),
    "gaussian_canny": table(
        [[2, 4, 5, 4, 2], [4, 9, 12, 9, 4], [5, 12, 15, 12, 5], [4, 9, 12, 9, 4], [2, 4, 5, 4, 2]],
        F(1, 159),
    ),
    "gaussian_273": table(
        [
            [1, 4, 7, 4, 1],
            [4, 16, 26, 16, 4],
            [7, 26, 41, 26, 7],
            [4, 16, 26, 16, 4],
            [1, 4, 7, 4, 1],
        ],
        F(1, 273),
    ),
    # a = 0.4: 1/4 - a/2, 1/4, a, 1/4, 1/4 - a/2 = 0.05, 0.25, 0.4, 0.25, 0.05, in twentieths
    "burt_adelson": outer([1, 5, 8, 5, 1], [1, 5, 8, 5, 1], F(1, 20) ** 2),
    "savgol5_smooth": outer([-3, 12, 17, 12, -3], [-3, 12, 17, 12, -3], F(1, 35) ** 2),
    "savgol5_surface": table(
        [
            [-13, 2, 7, 2, -13],
            [2, 17, 22, 17, 2],
            [7, 22, 27, 22, 7],
            [2, 17, 22, 17, 2],
            [-13, 2, 7, 2, -13],
        ],
        F(1, 175),
    ),
}

SHARPEN: dict[str, Table] = {
    "sharpen": table([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "sharpen_8": table([[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]]),
    "sharpen_diagonal": table([[1, -2, 1], [-2, 5, -2], [1, -2, 1]]),
    "sharpen_mild": table([[-1, -1, -1], [-1, 32, -1], [-1, -1, -1]], F(1, 24)),
    "sharpen_5": table(
        [
            [-1, -1, -1, -1, -1],
            [-1, 2, 2, 2, -1],
            [-1, 2, 8, 2, -1],
            [-1, 2, 2, 2, -1],
            [-1, -1, -1, -1, -1],
        ],
        F(1, 8),
    ),
    "sharpen_excess": table([[1, 1, 1], [1, -7, 1], [1, 1, 1]]),
    "unsharp_5": table(
        [
            [1, 4, 6, 4, 1],
            [4, 16, 24, 16, 4],
            [6, 24, -476, 24, 6],
            [4, 16, 24, 16, 4],
            [1, 4, 6, 4, 1],
        ],
        F(-1, 256),
    ),
}

GRADIENTS: dict[str, Table] = {
    "sobel_x": table([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel_y": table([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "scharr_x": table([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]),
    "scharr_y": table([[-3, -10, -3], [0, 0, 0], [3, 10, 3]]),
    "scharr_optimal_x": table([[-47, 0, 47], [-162, 0, 162], [-47, 0, 47]], F(1, 256)),
    "scharr_optimal_y": table([[-47, -162, -47], [0, 0, 0], [47, 162, 47]], F(1, 256)),
    "prewitt_x": table([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]),
    "prewitt_y": table([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]),
    "roberts_x": table([[1, 0], [0, -1]]),
    "roberts_y": table([[0, 1], [-1, 0]]),
}

# The name is the direction in which it gets brighter, so the positive weights lie there.
COMPASS: dict[str, Table] = {
    "kirsch_n": table([[5, 5, 5], [-3, 0, -3], [-3, -3, -3]]),
    "kirsch_nw": table([[5, 5, -3], [5, 0, -3], [-3, -3, -3]]),
    "kirsch_w": table([[5, -3, -3], [5, 0, -3], [5, -3, -3]]),
    "kirsch_sw": table([[-3, -3, -3], [5, 0, -3], [5, 5, -3]]),
    "kirsch_s": table([[-3, -3, -3], [-3, 0, -3], [5, 5, 5]]),
    "kirsch_se": table([[-3, -3, -3], [-3, 0, 5], [-3, 5, 5]]),
    "kirsch_e": table([[-3, -3, 5], [-3, 0, 5], [-3, -3, 5]]),
    "kirsch_ne": table([[-3, 5, 5], [-3, 0, 5], [-3, -3, -3]]),
    "robinson3_n": table([[1, 1, 1], [0, 0, 0], [-1, -1, -1]]),
    "robinson3_nw": table([[1, 1, 0], [1, 0, -1], [0, -1, -1]]),
    "robinson3_w": table([[1, 0, -1], [1, 0, -1], [1, 0, -1]]),
    "robinson3_sw": table([[0, -1, -1], [1, 0, -1], [1, 1, 0]]),
    "robinson3_s": table([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]),
    "robinson3_se": table([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]]),
    "robinson3_e": table([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]),
    "robinson3_ne": table([[0, 1, 1], [-1, 0, 1], [-1, -1, 0]]),
    "robinson5_n": table([[1, 2, 1], [0, 0, 0], [-1, -2, -1]]),
    "robinson5_nw": table([[2, 1, 0], [1, 0, -1], [0, -1, -2]]),
    "robinson5_w": table([[1, 0, -1], [2, 0, -2], [1, 0, -1]]),
    "robinson5_sw": table([[0, -1, -2], [1, 0, -1], [2, 1, 0]]),
    "robinson5_s": table([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "robinson5_se": table([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]),
    "robinson5_e": table([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "robinson5_ne": table([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]),
    "prewitt_compass_n": table([[1, 1, 1], [1, -2, 1], [-1, -1, -1]]),
    "prewitt_compass_nw": table([[1, 1, 1], [1, -2, -1], [1, -1, -1]]),
    "prewitt_compass_w": table([[1, 1, -1], [1, -2, -1], [1, 1, -1]]),
    "prewitt_compass_sw": table([[1, -1, -1], [1, -2, -1], [1, 1, 1]]),
    "prewitt_compass_s": table([[-1, -1, -1], [1, -2, 1], [1, 1, 1]]),
    "prewitt_compass_se": table([[-1, -1, 1], [-1, -2, 1], [1, 1, 1]]),
    "prewitt_compass_e": table([[-1, 1, 1], [-1, -2, 1], [-1, 1, 1]]),
    "prewitt_compass_ne": table([[1, 1, 1], [-1, -2, 1], [-1, -1, 1]]),
}

# 1/(2 sqrt 2) and 1/2 in units of 2^-15: sqrt(2^27) = 11585.24 is rounded to 11585, 2^14 is exact.
A, B = isqrt(2**27), 2**14
FREI_CHEN: dict[str, Table] = {
    "frei_chen_w1": table([[A, B, A], [0, 0, 0], [-A, -B, -A]], F(1, 2**15)),
    "frei_chen_w2": table([[A, 0, -A], [B, 0, -B], [A, 0, -A]], F(1, 2**15)),
    "frei_chen_w3": table([[0, -A, B], [A, 0, -A], [-B, A, 0]], F(1, 2**15)),
    "frei_chen_w4": table([[B, -A, 0], [-A, 0, A], [0, A, -B]], F(1, 2**15)),
    "frei_chen_w5": table([[0, 1, 0], [-1, 0, -1], [0, 1, 0]], F(1, 2)),
    "frei_chen_w6": table([[-1, 0, 1], [0, 0, 0], [1, 0, -1]], F(1, 2)),
    "frei_chen_w7": table([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], F(1, 6)),
    "frei_chen_w8": table([[-2, 1, -2], [1, 4, 1], [-2, 1, -2]], F(1, 6)),
    "frei_chen_w9": table([[1, 1, 1], [1, 1, 1], [1, 1, 1]], F(1, 3)),
}

# The printed derivative taps are for convolution (+ first); correlation turns their sign.
FARID3 = outer(decimals("0.229879 0.540242 0.229879"), decimals("-0.425287 0 0.425287"))
FARID5 = outer(
    decimals("0.037659 0.249153 0.426375 0.249153 0.037659"),
    decimals("-0.109604 -0.276691 0 0.276691 0.109604"),
)
FARID7 = outer(
    decimals("0.004711 0.069321 0.245410 0.361117 0.245410 0.069321 0.004711"),
    decimals("-0.018708 -0.125376 -0.193091 0 0.193091 0.125376 0.018708"),
)
SOBEL5: Rows = [
    [-1, -2, 0, 2, 1],
    [-4, -8, 0, 8, 4],
    [-6, -12, 0, 12, 6],
    [-4, -8, 0, 8, 4],
    [-1, -2, 0, 2, 1],
]
SOBEL7: Rows = [
    [-1, -4, -5, 0, 5, 4, 1],
    [-6, -24, -30, 0, 30, 24, 6],
    [-15, -60, -75, 0, 75, 60, 15],
    [-20, -80, -100, 0, 100, 80, 20],
    [-15, -60, -75, 0, 75, 60, 15],
    [-6, -24, -30, 0, 30, 24, 6],
    [-1, -4, -5, 0, 5, 4, 1],
]
DERIVATIVES: dict[str, Table] = {
    "central_difference_x": table([[-1, 0, 1]], F(1, 2)),
    "central_difference_y": table([[-1], [0], [1]], F(1, 2)),
    "forward_difference_x": table([[-1, 1]]),
    "forward_difference_y": table([[-1], [1]]),
    "backward_difference_x": table([[-1, 1]]),
    "backward_difference_y": table([[-1], [1]]),
    "central5_x": table([[1, -8, 0, 8, -1]], F(1, 12)),
    "central5_y": table([[1], [-8], [0], [8], [-1]], F(1, 12)),
    "second_difference_x": table([[1, -2, 1]]),
    "second_difference_y": table([[1], [-2], [1]]),
    "second_difference_xy": table([[1, 0, -1], [0, 0, 0], [-1, 0, 1]], F(1, 4)),
    "sobel5_x": table(SOBEL5),
    "sobel5_y": transposed(table(SOBEL5)),
    "sobel7_x": table(SOBEL7),
    "sobel7_y": transposed(table(SOBEL7)),
    "farid3_x": FARID3,
    "farid3_y": transposed(FARID3),
    "farid5_x": FARID5,
    "farid5_y": transposed(FARID5),
    "farid7_x": FARID7,
    "farid7_y": transposed(FARID7),
    "savgol5_x": table([[-2, -1, 0, 1, 2]] * 5, F(1, 50)),
    "savgol5_y": table([[-2] * 5, [-1] * 5, [0] * 5, [1] * 5, [2] * 5], F(1, 50)),
}

LAPLACIAN: dict[str, Table] = {
    "laplacian": table([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "laplacian_inverted": table([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]),
    "laplacian_8": table([[1, 1, 1], [1, -8, 1], [1, 1, 1]]),
    "laplacian_9": table([[1, 4, 1], [4, -20, 4], [1, 4, 1]], F(1, 6)),
    "laplacian_oono_puri": table([[1, 2, 1], [2, -12, 2], [1, 2, 1]], F(1, 4)),
    "laplacian_cv2_3": table([[2, 0, 2], [0, -8, 0], [2, 0, 2]]),
    "laplacian_cv2_5": table(
        [[2, 4, 4, 4, 2], [4, 0, -8, 0, 4], [4, -8, -24, -8, 4], [4, 0, -8, 0, 4], [2, 4, 4, 4, 2]]
    ),
    "laplacian_im_5": table(
        [
            [-4, -1, 0, -1, -4],
            [-1, 2, 3, 2, -1],
            [0, 3, 4, 3, 0],
            [-1, 2, 3, 2, -1],
            [-4, -1, 0, -1, -4],
        ]
    ),
    "laplacian_im_7": table(
        [
            [-10, -5, -2, -1, -2, -5, -10],
            [-5, 0, 3, 4, 3, 0, -5],
            [-2, 3, 6, 7, 6, 3, -2],
            [-1, 4, 7, 8, 7, 4, -1],
            [-2, 3, 6, 7, 6, 3, -2],
            [-5, 0, 3, 4, 3, 0, -5],
            [-10, -5, -2, -1, -2, -5, -10],
        ]
    ),
    "log_5": table(
        [
            [0, 0, -1, 0, 0],
            [0, -1, -2, -1, 0],
            [-1, -2, 16, -2, -1],
            [0, -1, -2, -1, 0],
            [0, 0, -1, 0, 0],
        ]
    ),
    "log_9": table(
        [
            [0, 1, 1, 2, 2, 2, 1, 1, 0],
            [1, 2, 4, 5, 5, 5, 4, 2, 1],
            [1, 4, 5, 3, 0, 3, 5, 4, 1],
            [2, 5, 3, -12, -24, -12, 3, 5, 2],
            [2, 5, 0, -24, -40, -24, 0, 5, 2],
            [2, 5, 3, -12, -24, -12, 3, 5, 2],
            [1, 4, 5, 3, 0, 3, 5, 4, 1],
            [1, 2, 4, 5, 5, 5, 4, 2, 1],
            [0, 1, 1, 2, 2, 2, 1, 1, 0],
        ]
    ),
}

EMBOSS: dict[str, Table] = {
    "emboss": table([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
    "emboss_soft": table([[-1, -1, 0], [-1, 1, 1], [0, 1, 1]]),
    "emboss_128": table([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]], offset=128),
    "emboss_5": table(
        [
            [-1, -1, -1, -1, 0],
            [-1, -1, -1, 0, 1],
            [-1, -1, 0, 1, 1],
            [-1, 0, 1, 1, 1],
            [0, 1, 1, 1, 1],
        ],
        offset=128,
    ),
}

LAWS = {
    "l": [1, 4, 6, 4, 1],
    "e": [-1, -2, 0, 2, 1],
    "s": [-1, 0, 2, 0, -1],
    "w": [-1, 2, 0, -2, 1],
    "r": [1, -4, 6, -4, 1],
}
TEXTURE: dict[str, Table] = {
    **{f"laws_{a}5{b}5": outer(LAWS[a], LAWS[b]) for a in LAWS for b in LAWS},
    "kv": table(
        [
            [-1, 2, -2, 2, -1],
            [2, -6, 8, -6, 2],
            [-2, 8, -12, 8, -2],
            [2, -6, 8, -6, 2],
            [-1, 2, -2, 2, -1],
        ],
        F(1, 12),
    ),
    "srm_3": table([[-1, 2, -1], [2, -4, 2], [-1, 2, -1]], F(1, 4)),
    "immerkaer": table([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]),
    "haar_edge_x": table([[-1, 1], [-1, 1]]),
    "haar_edge_y": table([[-1, -1], [1, 1]]),
    "haar_checker": table([[1, -1], [-1, 1]]),
}

LINES: dict[str, Table] = {
    "line_horizontal": table([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]]),
    "line_vertical": table([[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]]),
    "line_diagonal_down": table([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]),
    "line_diagonal_up": table([[-1, -1, 2], [-1, 2, -1], [2, -1, -1]]),
}

PASS: dict[str, Table] = {
    "identity": table([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "low_pass_10": table([[1, 1, 1], [1, 2, 1], [1, 1, 1]], F(1, 10)),
    "high_pass_3": table([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], F(1, 9)),
    "high_pass_5": table(
        [
            [-1, -1, -1, -1, -1],
            [-1, 1, 2, 1, -1],
            [-1, 2, 4, 2, -1],
            [-1, 1, 2, 1, -1],
            [-1, -1, -1, -1, -1],
        ]
    ),
    "high_pass_binomial_5": table(
        [
            [-1, -4, -6, -4, -1],
            [-4, -16, -24, -16, -4],
            [-6, -24, 256 - 36, -24, -6],
            [-4, -16, -24, -16, -4],
            [-1, -4, -6, -4, -1],
        ],
        F(1, 256),
    ),
    "band_pass_5": table(
        [
            [-1, -4, -6, -4, -1],
            [-4, 16 - 16, 32 - 24, 16 - 16, -4],
            [-6, 32 - 24, 64 - 36, 32 - 24, -6],
            [-4, 16 - 16, 32 - 24, 16 - 16, -4],
            [-1, -4, -6, -4, -1],
        ],
        F(1, 256),
    ),
}

PRESETS: dict[str, Table] = {
    "outline": table([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "edge_enhance": table([[0, 0, 0], [-1, 1, 0], [0, 0, 0]]),
    "pil_blur": table(
        [[1, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 0, 0, 0, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]],
        F(1, 16),
    ),
    "pil_contour": table([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], offset=255),
    "pil_detail": table([[0, -1, 0], [-1, 10, -1], [0, -1, 0]], F(1, 6)),
    "pil_edge_enhance": table([[-1, -1, -1], [-1, 10, -1], [-1, -1, -1]], F(1, 2)),
    "pil_edge_enhance_more": table([[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]]),
    "pil_emboss": table([[0, 0, 0], [0, 1, 0], [-1, 0, 0]], offset=128),
    "pil_find_edges": table([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "pil_sharpen": table([[-2, -2, -2], [-2, 32, -2], [-2, -2, -2]], F(1, 16)),
    "pil_smooth": table([[1, 1, 1], [1, 5, 1], [1, 1, 1]], F(1, 13)),
    "pil_smooth_more": table(
        [[1, 1, 1, 1, 1], [1, 5, 5, 5, 1], [1, 5, 44, 5, 1], [1, 5, 5, 5, 1], [1, 1, 1, 1, 1]],
        F(1, 100),
    ),
}

PUBLISHED: dict[str, Table] = {
    **(BLUR | SHARPEN | GRADIENTS | COMPASS | FREI_CHEN | DERIVATIVES),
    **(LAPLACIAN | EMBOSS | TEXTURE | LINES | PASS | PRESETS),
}
