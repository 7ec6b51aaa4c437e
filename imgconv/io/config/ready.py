"""Calls that need nothing but pixels any more: what they were last time is kept.

A small image is filtered in a few microseconds; to read the kernel and its options, to plan and to
check takes ten times that. So the outcome of all this is kept by what was given, as it was given,
and by shape and type of the image.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from imgconv.engines.base import Correlation, Engine
from imgconv.engines.native import NativeEngine
from imgconv.engines.select import select_engine
from imgconv.io.kernels.bank import ENVIRONMENT_VARIABLE
from imgconv.io.kernels.spec import is_built_in
from imgconv.model.border import Border
from imgconv.model.kernel import Kernel, WeightsLike
from imgconv.model.output import OutputRange
from imgconv.model.recipe import Recipe
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Step
from imgconv.ops.image import Image, checked_threads, form_of, has_alpha
from imgconv.ops.linear.correlate import settings_of
from imgconv.ops.linear.single import plan

_MOST_KEPT = 256
_MOST_BYTES = 64 << 20
_MOST_WEIGHTS = 4096
_NUMBERS = frozenset({int, float, str, Fraction})
_PLAIN = frozenset({int, bool, str, type(None)})
_FROM_FILES = frozenset({"mask", "valid"})

Filter = Callable[[Image, int], Image]
"""Makes the result of an image of the shape and type that it was made for, by some threads."""


class _Kept(NamedTuple):
    """A filter, the engine that it belongs to, and what must live as long as its key."""

    run: Filter
    engine: Engine
    given: object


class ReadyCalls:
    """The last calls, by their arguments. Threads may share it."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()
        self._bytes = 0

    def result(self, key: Hashable | None, image: object, threads: int | None) -> Image | None:
        """Return what a call like an earlier one yields, or None where there was none.

        Parameters
        ----------
        key : hashable, optional
            As `key_of` gives it.
        image : array_like
        threads : int, optional
        """
        if key is None or type(image) is not np.ndarray:
            return None
        kept = self._kept.get((key, image.shape, image.dtype))
        if kept is None or kept.engine is not select_engine() or not image.flags.aligned:
            return None
        return kept.run(image, checked_threads(threads))

    def keep(self, key: Hashable, given: object, image: object, job: Correlation | None) -> None:
        """Keep how a call is done.

        Parameters
        ----------
        key : hashable
        given : object
            What the key was made of.
        image : array_like
        job : Correlation, optional
            None where the call is more than one correlation.
        """
        engine = select_engine()
        if job is None or not isinstance(engine, NativeEngine) or not _is_read(image):
            return
        run, size = engine.repeated(job)
        if run is None or size > _MOST_BYTES // 16:
            return
        self._bytes += size
        if len(self._kept) >= _MOST_KEPT or self._bytes > _MOST_BYTES:
            self.clear()
            self._bytes = size
        plane = run if image.ndim == 3 else _of_gray(run)
        self._kept[key, image.shape, image.dtype] = _Kept(plane, engine, given)


READY = ReadyCalls()
"""Those of this process."""


def key_of(call: str, given: object, options: Mapping[str, Any]) -> Hashable | None:
    """Return what two calls have in common that differ in their images alone.

    Parameters
    ----------
    call : str
        Name of the function.
    given : object
        A kernel or a recipe.
    options : mapping

    Returns
    -------
    hashable or None
        None where the same words may mean something else the next time, or could be mistaken for
        others: ``1`` and ``True`` are equal.
    """
    kind = type(given)
    if kind is str or given is None:  # a name, or one among the options
        if os.environ.get(ENVIRONMENT_VARIABLE):
            return None
        what: Hashable = given
    elif kind is Kernel or kind is Recipe:
        what = id(given)
    else:
        what = _weights_key(given)
        if what is None:
            return None
    if not options:
        return call, what
    types = tuple(map(type, options.values()))
    for each in types:
        if each not in _PLAIN and not issubclass(each, Enum):
            return None
    return call, what, types, tuple(options.items())


def _weights_key(given: object) -> tuple[Any, tuple[int, ...], np.dtype[Any] | None] | None:
    """Return the numbers of a matrix, where they are all that it is."""
    if type(given) is np.ndarray:
        if given.dtype.kind not in "iuf" or given.size > _MOST_WEIGHTS:
            return None
        return given.tobytes(), given.shape, given.dtype
    if type(given) is not list or not all(type(row) is list for row in given):
        return None
    rows = tuple(map(tuple, given))
    if not _NUMBERS.issuperset([type(weight) for row in rows for weight in row]):
        return None
    return (rows, (), None) if sum(map(len, rows)) <= _MOST_WEIGHTS else None


def kernel_of(weights: WeightsLike) -> Kernel:
    """Return the kernel of a matrix: the same one for the same numbers, with all that it knows."""
    key = _weights_key(weights)
    return Kernel(weights) if key is None else _same_kernel(*key)


@lru_cache(maxsize=64)
def _same_kernel(numbers: Any, shape: tuple[int, ...], dtype: np.dtype[Any] | None) -> Kernel:
    if dtype is None:
        return Kernel(numbers)
    return Kernel(np.frombuffer(numbers, dtype).reshape(shape))


def call_job(
    image: object, kernel: Step, options: Mapping[str, Any], *, flips: bool
) -> Correlation | None:
    """Return the correlation that `correlate` makes; None where it takes more than one.

    Parameters
    ----------
    image : array_like
    kernel : Step
    options : mapping
        Those that have a key.
    flips : bool
        Whether the kernel is turned first: what `convolve` does.
    """
    if not isinstance(kernel, Kernel):
        return None
    settings = settings_of(**{key: value for key, value in options.items() if key != "anchor"})
    return _single_job(image, kernel.flipped() if flips else kernel, settings)


def recipe_job(image: object, recipe: Recipe) -> Correlation | None:
    """Return the correlation that a recipe makes of an image; None where it makes more."""
    if recipe.everywhere is not recipe or recipe.has_holes or not _is_read(image):
        return None
    if has_alpha(image):
        return None
    steps = recipe.planned(form_of(image)).steps
    if len(steps) != 1 or steps[0].light is not None or not isinstance(steps[0].step, Kernel):
        return None
    return _single_job(image, steps[0].step, steps[0].settings)


def lasts(given: object, options: Mapping[str, Any]) -> bool:
    """Return whether a call means the same the next time: whether it names no files."""
    texts = [given, *(options.get(key) for key in ("steps", "kernels"))]
    named = all(is_built_in(text) for text in texts if isinstance(text, str))
    return named and _FROM_FILES.isdisjoint(options)


def _single_job(image: object, kernel: Kernel, settings: Settings) -> Correlation | None:
    ignores = settings.border is Border.IGNORE and kernel.shape != (1, 1)
    if ignores or settings.output_range is OutputRange.RESCALE or not _is_read(image):
        return None
    return plan(image, kernel, settings, None)


def _is_read(image: object) -> TypeGuard[Image]:
    """Return whether engines read an array, of which a result was made, as it is."""
    return type(image) is np.ndarray and image.dtype.isnative and image.dtype != np.float64


def _of_gray(run: Filter) -> Filter:
    """Return a filter of images without an axis of channels."""

    def filtered(image: Image, threads: int) -> Image:
        return run(image[..., None], threads)[..., 0]

    return filtered
