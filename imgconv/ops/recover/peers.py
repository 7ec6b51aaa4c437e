"""Calls of other tools whose results no recipe makes exactly: each is run, and none is imitated.

They round between passes, count in fixed point, leave the border as it is or wrap around.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.kernel import Kernel
from imgconv.ops.image import Image
from imgconv.ops.recover.fit import Fit
from imgconv.ops.recover.generated import near_numbers, side_of, sigma_of
from imgconv.ops.recover.result import as_floats

_ANY_SIGMA = ("0.5", "0.8", "1", "1.5", "2", "2.5", "3", "4", "5")
_PERCENT = (50, 75, 100, 120, 150, 200, 300)
_PILLOW = {
    "BLUR": "pil_blur",
    "CONTOUR": "pil_contour",
    "DETAIL": "pil_detail",
    "EDGE_ENHANCE": "pil_edge_enhance",
    "EDGE_ENHANCE_MORE": "pil_edge_enhance_more",
    "EMBOSS": "pil_emboss",
    "FIND_EDGES": "pil_find_edges",
    "SHARPEN": "pil_sharpen",
    "SMOOTH": "pil_smooth",
    "SMOOTH_MORE": "pil_smooth_more",
}
_PASSES = "Pillow blurs with three boxes and rounds after each pass"
_SCIPY_MODES = {
    "reflect": "reflect",
    "mirror": "reflect101",
    "nearest": "replicate",
    "wrap": "wrap",
    "constant": "constant",
}


class Call(NamedTuple):
    """A call of another tool.

    Attributes
    ----------
    words : str
        The call in Python, without the picture.
    make : callable
    steps : str or Kernel
        The step, or its spec, that comes nearest.
    border : str
        The border mode that comes nearest.
    habit : str
        Why no recipe has the same bits.
    """

    words: str
    make: Callable[[Image], Image]
    steps: str | Kernel
    border: str
    habit: str


def calls(fit: Fit | None, kernel: Kernel | None) -> Iterator[Call]:
    """Yield the calls that may have made a picture of bytes.

    Parameters
    ----------
    fit : Fit or None
        Weights of the best linear filter, which tell about how wide a bell is.
    kernel : Kernel or None
        The kernel that comes nearest.
    """
    sigma = None if fit is None else sigma_of(fit.weights.sum(axis=0), include_centre=True)
    bells = near_numbers(sigma, 0.15) if sigma else list(_ANY_SIGMA)
    side = 5 if fit is None else side_of(fit)
    yield from _opencv(bells, side)
    yield from _scipy(bells, side, kernel)
    yield from _pillow(bells, kernel)
    yield from _scikit(bells)
    yield from _unsharp_masks()


def _pillow(bells: list[str], kernel: Kernel | None) -> Iterator[Call]:
    from PIL import ImageFilter

    copied = "Pillow copies the border pixels unfiltered and rounds halves up"
    for name, spec in _PILLOW.items():
        chosen = getattr(ImageFilter, name)
        yield Call(f"PIL.ImageFilter.{name}", _by_pillow(chosen), spec, "replicate", copied)
    if kernel is not None and kernel.shape in {(3, 3), (5, 5)}:
        whole = kernel.integer_form
        weights = [float(w) for row in whole.weights[::-1] for w in row]
        made = ImageFilter.Kernel(
            (kernel.shape[1], kernel.shape[0]), weights, float(1 / whole.gain), float(whole.bias)
        )
        flipped = copied + ", and it reads weights from the bottom row to the top one"
        yield Call("PIL.ImageFilter.Kernel", _by_pillow(made), kernel, "replicate", flipped)
    for text in bells:
        blur = ImageFilter.GaussianBlur(float(text))
        spec = f"gaussian:sigma={text}"
        yield Call(f"PIL.ImageFilter.GaussianBlur({text})", _by_pillow(blur), spec,
                   "replicate", _PASSES)  # fmt: skip
    for half in range(1, 21):
        box = ImageFilter.BoxBlur(half / 2)
        spec = f"box:size={2 * -(-half // 2) + 1}"
        words = f"PIL.ImageFilter.BoxBlur({half / 2:g})"
        yield Call(words, _by_pillow(box), spec, "replicate",
                   "Pillow rounds after each of two passes")  # fmt: skip


def _unsharp_masks() -> Iterator[Call]:
    from PIL import ImageFilter

    for radius, percent, threshold in product((1, 2, 3, 4, 5), _PERCENT, (0, 1, 2, 3, 5, 10)):
        mask = ImageFilter.UnsharpMask(radius, percent, threshold)
        words = f"PIL.ImageFilter.UnsharpMask({radius}, {percent}, {threshold})"
        spec = f"unsharp:sigma={radius},amount={percent / 100:g}"
        yield Call(words, _by_pillow(mask), spec, "replicate", _PASSES)


def _by_pillow(chosen: Any) -> Callable[[Image], Image]:
    def make(image: Image) -> Image:
        from PIL import Image as Pillow

        return np.asarray(Pillow.fromarray(np.ascontiguousarray(image)).filter(chosen))

    return make


def _opencv(bells: list[str], side: int) -> Iterator[Call]:
    cv2 = load_cv2()
    habit = (
        "OpenCV blurs bytes with weights in fixed point of 8 bits, one direction after the other"
    )

    def blur(size: int, sigma: float) -> Callable[[Image], Image]:
        return lambda image: np.asarray(
            cv2.GaussianBlur(np.ascontiguousarray(image), (size, size), sigma)
        )

    sizes = [0, *range(max(side - 4, 3) | 1, side + 6, 2)]
    for size, text in product(sizes, bells):
        spec = f"gaussian:sigma={text}," + (f"size={size}" if size else "rule=opencv")
        words = f"cv2.GaussianBlur(({size}, {size}), {text})"
        yield Call(words, blur(size, float(text)), spec, "reflect101", habit)
    for size in range(3, 32, 2):
        sigma = round(0.3 * ((size - 1) * 0.5 - 1) + 0.8, 2)
        spec = f"gaussian:sigma={sigma:g},size={size}"
        yield Call(f"cv2.GaussianBlur(({size}, {size}), 0)", blur(size, 0), spec,
                   "reflect101", habit)  # fmt: skip


def _scipy(bells: list[str], side: int, kernel: Kernel | None) -> Iterator[Call]:
    from scipy import ndimage

    def each(name: str, *given: Any, **named: Any) -> Callable[[Image], Image]:
        function = getattr(ndimage, name)

        def made(plane: Image) -> Image:
            return np.asarray(function(plane, *given, **named))

        return partial(_by_channel, made)

    passes = "SciPy cuts off decimals after each direction, since its results are bytes too"
    wraps = "SciPy cuts off decimals, and values outside 0 to 255 wrap around"
    for text, (mode, border) in product(bells, _SCIPY_MODES.items()):
        more = "" if mode == "reflect" else f", mode={mode!r}"
        made = each("gaussian_filter", float(text), mode=mode)
        spec = f"gaussian:sigma={text},rule=4sigma"
        words = f"scipy.ndimage.gaussian_filter({text}{more})"
        yield Call(words, made, spec, border, passes)
    for size in sorted({*range(2, 12), *range(max(side - 1, 2), side + 2)}):
        yield Call(f"scipy.ndimage.uniform_filter({size})", each("uniform_filter", size),
                   f"box:size={size}", "reflect", passes)  # fmt: skip
    for name, axis in product(("sobel", "prewitt"), (0, 1)):
        yield Call(f"scipy.ndimage.{name}(axis={axis})", each(name, axis=axis),
                   f"{name}_{'yx'[axis]}", "reflect", wraps)  # fmt: skip
    yield Call("scipy.ndimage.laplace()", each("laplace"), "laplacian_4", "reflect", wraps)
    if kernel is not None:
        weights = as_floats(kernel)
        for mode, border in _SCIPY_MODES.items():
            made = each("correlate", weights, mode=mode)
            yield Call(f"scipy.ndimage.correlate(weights, mode={mode!r})", made, kernel,
                       border, wraps)  # fmt: skip


def _by_channel(make: Callable[[Image], Image], image: Image) -> Image:
    if image.ndim == 2:
        return make(image)
    return np.stack([make(image[..., c]) for c in range(image.shape[2])], axis=2)


def _scikit(bells: list[str]) -> Iterator[Call]:
    from skimage import filters

    def ready(make: Callable[[Image], Any]) -> Callable[[Image], Image]:
        """Return a function of bytes: what `img_as_ubyte` makes of values from 0 to 1."""

        def plane(image: Image) -> Image:
            return np.asarray(np.clip(np.rint(255 * make(image)), 0, 255).astype(np.uint8))

        return partial(_by_channel, plane)

    floats = "scikit-image counts in floating point from 0 to 1"
    for text in bells:
        blur = ready(partial(filters.gaussian, sigma=float(text)))
        yield Call(f"skimage.filters.gaussian({text})", blur,
                   f"gaussian:sigma={text},rule=4sigma", "replicate", floats)  # fmt: skip
    for radius, amount in product((1, 2, 3, 5), (0.5, 1, 1.5, 2)):
        sharpen = ready(partial(filters.unsharp_mask, radius=radius, amount=amount))
        yield Call(f"skimage.filters.unsharp_mask({radius}, {amount:g})", sharpen,
                   f"unsharp:sigma={radius},amount={amount:g}", "reflect", floats)  # fmt: skip
    divided = "scikit-image divides weights by the sum of the positive ones"
    for name in ("sobel", "scharr", "prewitt", "farid", "roberts"):
        yield Call(f"skimage.filters.{name}()", ready(getattr(filters, name)), name,
                   "reflect", f"{divided}, and the gradient by the root of 2")  # fmt: skip
    for name, way in product(("sobel", "scharr", "prewitt", "farid"), "hv"):
        edges = ready(getattr(filters, f"{name}_{way}"))
        spec = f"{name}_{'y' if way == 'h' else 'x'}" if name != "farid" else f"farid5_{way}"
        yield Call(f"skimage.filters.{name}_{way}()", edges, spec, "reflect", divided)
