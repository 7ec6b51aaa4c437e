"""The public functions that take names of kernels: each resolves them and calls its twin in `ops`.

They stand above `io`, which knows the bank, so that `ops` needs no files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast

from numpy.typing import ArrayLike

from imgconv.io.config.call_options import (
    KernelLike,
    RecipeLike,
    RecipeOptions,
    recipe_and_masks,
    recipe_of,
)
from imgconv.io.config.ready import READY, call_job, kernel_of, key_of, lasts, recipe_job
from imgconv.io.kernels.spec import load_kernel
from imgconv.model.explanation import Explanation
from imgconv.model.steps.base import Step
from imgconv.ops.compare import compare as _compare
from imgconv.ops.explain import explain as _explain
from imgconv.ops.image import Image, as_image
from imgconv.ops.linear import correlate as _correlate
from imgconv.ops.pipeline import run as _run

if TYPE_CHECKING:
    from dask.array import Array

    from imgconv.jobs.golden.result import CaseResult
    from imgconv.ops.recover.result import Recovery

_F = TypeVar("_F", bound=Callable[..., object])


def _by_name(function: _F, *, flips: bool) -> _F:
    """Return a function of an image and a kernel that takes the kernel's name too.

    What it has found out for a call is kept for the next one.
    """
    name = function.__name__

    @wraps(function)
    def call(image: ArrayLike, kernel: KernelLike, **options: Any) -> object:
        threads = options.pop("threads", None)
        key = key_of(name, kernel, options)
        found = READY.result(key, image, threads)
        if found is not None:
            return found
        if isinstance(kernel, Step):
            chosen: Step = kernel
        else:
            chosen = load_kernel(kernel) if isinstance(kernel, str) else kernel_of(kernel)
        result = function(image, chosen, threads=threads, **options)
        if key is not None and lasts(kernel, options):
            READY.keep(key, kernel, image, call_job(image, chosen, options, flips=flips))
        return result

    return cast(_F, call)


correlate = _by_name(_correlate.correlate, flips=False)
convolve = _by_name(_correlate.convolve, flips=True)


def filter_image(
    image: ArrayLike,
    recipe: RecipeLike = None,
    *,
    threads: int | None = None,
    **options: Unpack[RecipeOptions],
) -> Image:
    """Filter an image by a recipe, or by the options of one.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32, RGB or RGBA, gray or gray and alpha.
    recipe : Recipe, str, Step or list of these, optional
        ``"median:5"`` and ``["gray", "sobel"]`` are the steps of a recipe, to which options may be
        added; a `Recipe` has its own.
    threads : int, optional
        Default the CPUs that this process may use. The result does not depend on it.
    **options
        The keys of a recipe with ``_`` for ``-``: ``steps``, ``border``, ... Masks may be arrays.

    Returns
    -------
    ndarray

    Raises
    ------
    ImgconvError
        For an option, a kernel or an image that is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 20, 60], [10, 20, 60], [10, 20, 60]], np.uint8)
    >>> filter_image(image, "sobel_x", depth="i16")
    array([[  0, 200,   0],
           [  0, 200,   0],
           [  0, 200,   0]], dtype=int16)
    """
    key = key_of("filter_image", recipe, options)
    found = READY.result(key, image, threads)
    if found is not None:
        return found
    chosen, masks = recipe_and_masks(recipe, options)
    pixels = as_image(image, chosen.settings.depth)
    result = _run.run_recipe(pixels, chosen, threads=threads, masks=masks).image
    if key is not None and lasts(recipe, options):
        READY.keep(key, recipe, image, recipe_job(image, chosen))
    return result


def compare(
    image: ArrayLike,
    recipe: RecipeLike = None,
    *,
    against: str = "opencv",
    tolerance: float | Mapping[str, object] | None = None,
    threads: int | None = None,
    **options: Unpack[RecipeOptions],
) -> _compare.Comparison:
    """Run a recipe here and through ``cv2.filter2D``, and say how and why the results differ.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32.
    recipe : Recipe, str, Step or list of these, optional
    against : {"opencv", "naive"}, default "opencv"
        "naive" is the script of the source documents.
    tolerance : float or mapping, optional
        In grey levels, or limits by name as in golden.yaml; default 1 for integers, 1e-5 of the
        range for float32.
    threads : int, optional
        Of our engine; default the CPUs that this process may use.
    **options
        As for `filter_image`.

    Returns
    -------
    Comparison

    Raises
    ------
    ImgconvError
        For an option, a kernel or an image that is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> compare(image, kernels=["small_blur"], padding="replicate").difference.max_abs_diff
    0.0
    """
    from imgconv.model.tolerance import parse_tolerance

    chosen, masks = recipe_and_masks(recipe, options)
    pixels = as_image(image, chosen.settings.depth)
    limits = parse_tolerance(tolerance) if isinstance(tolerance, Mapping) else tolerance
    return _compare.compare(
        pixels,
        chosen,
        against=against,
        tolerance=limits,
        threads=threads,
        masks=masks,
    )


def diff(
    a: ArrayLike | str | os.PathLike[str],
    b: ArrayLike | str | os.PathLike[str],
    *,
    tolerance: str | Mapping[str, object] | None = None,
    ignore: Sequence[Sequence[int] | str | os.PathLike[str]] = (),
    alpha: str = "look",
) -> CaseResult:
    """Compare two pictures: where they differ, by how much, and why.

    Parameters
    ----------
    a, b : array_like or path
        What is expected, and what is there: images of shape (rows, columns[, channels]) and type
        uint8, uint16, int16 or float32, or files; of a file with pages, all are compared.
    tolerance : str or mapping, optional
        As in golden.yaml: "exact" (default), "loose", "any", or limits by name.
    ignore : sequence, optional
        Rectangles (row, column, rows, columns), and files of masks.
    alpha : {"look", "data"}, default "look"
        Compare as it looks over black and over white, or alpha as a channel.

    Returns
    -------
    CaseResult
        Its ``exit_code`` is 0 when the two are the same within the tolerance, and 1 when not.

    Raises
    ------
    ImgconvError
        When a file cannot be read, or an option is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> result = diff(image, image[:, ::-1])
    >>> result.exit_code, result.causes[0].name, result.change.differing
    (1, 'flip', 256)
    """
    from pathlib import Path

    from imgconv.io.images.image_files import read_picture
    from imgconv.io.images.picture import Picture
    from imgconv.jobs.diff.compare import DiffOptions, compare_pages
    from imgconv.model.tolerance import parse_tolerance
    from imgconv.ops.compare.difference import Rectangle

    given = {"preset": tolerance} if isinstance(tolerance, str) else dict(tolerance or {})
    parts = [
        Path(part) if isinstance(part, str | os.PathLike) else Rectangle(*part) for part in ignore
    ]
    options = DiffOptions(parse_tolerance({"alpha": alpha, **given}), parts)
    one, other = (
        read_picture(side)
        if isinstance(side, str | os.PathLike)
        else Picture((_flat(as_image(side)),))
        for side in (a, b)
    )
    return compare_pages("B", one, other, options).result


def recover(before: ArrayLike, after: ArrayLike, *, budget: float = 10.0) -> Recovery:
    """Find the recipe that made one picture from another.

    Parameters
    ----------
    before, after : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32.
    budget : float, default 10
        Seconds of the search.

    Returns
    -------
    Recovery
        Its ``equality`` is measured by running its ``recipe`` on the whole of `before`.

    Raises
    ------
    NothingMatchedError
        When nothing plausible was found; the message says why.
    ArgumentError
        For an array that is no image, or a budget that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> before = np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8)
    >>> found = recover(before, correlate(before, "sharpen", border="wrap"))
    >>> found.name, found.equality.equal_share, found.recipe.settings.border.value
    ('sharpen', 1.0, 'wrap')
    """
    from imgconv.jobs.recover import recover_images

    return recover_images(as_image(before), as_image(after), budget=budget)


def explain(
    image: ArrayLike,
    recipe: RecipeLike = None,
    *,
    at: Sequence[int],
    **options: Unpack[RecipeOptions],
) -> Explanation:
    """Describe how a recipe makes one pixel: every tap, the exact sum, what became of it.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 1 or 3)
        uint8, uint16, int16 or float32, gray or RGB.
    recipe : Recipe, str, Step or list of these, optional
    at : (int, int)
        Row and column in the output.
    **options
        As for `filter_image`.

    Returns
    -------
    Explanation
        Checked against what the engine wrote.

    Raises
    ------
    ImgconvError
        For a place outside the output, or an option, a kernel or an image that is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[93, 139, 101], [26, 252, 196], [135, 230, 18]], np.uint8)
    >>> explanation = explain(image, kernels=["blur"], at=(1, 1))
    >>> explanation.value, explanation.stages[0].windows[0].sums
    (132, (1190,))
    """
    chosen, masks = recipe_and_masks(recipe, options)
    return _explain.explain(as_image(image, chosen.settings.depth), chosen, at, masks=masks)


def filter_dask_array(
    array: Array,
    recipe: RecipeLike = None,
    *,
    rows: int | None = None,
    **options: Unpack[RecipeOptions],
) -> Array:
    """Filter a Dask array lazily, with the values that `filter_image` gives.

    Parameters
    ----------
    array : dask.array.Array, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32.
    recipe : Recipe, str, Step or list of these, optional
        Of steps that do not look at the whole image first: a threshold is a number, and the range
        is not ``rescale``.
    rows : int, optional
        Output rows in a chunk; default those of the first chunk of `array`.
    **options
        The keys of a recipe, as for `filter_image`.

    Returns
    -------
    dask.array.Array
        A chunk has all columns, and is made of the rows that its windows touch and no others.

    Raises
    ------
    ArgumentError
        For an array of unknown size, or a wrong option.
    LimitError
        When the recipe has a step that needs the whole image.
    MissingDependencyError
        When Dask is not installed (``pip install 'imgconv[cluster]'``).
    """
    from imgconv.jobs.apply.dask_arrays import filter_rows

    return filter_rows(array, recipe_of(recipe, options), rows=rows)


def _flat(image: Image) -> Image:
    """Return a gray image of one channel as files have it."""
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
