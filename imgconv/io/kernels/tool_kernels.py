"""Kernels by the names that other tools have for them: ``im:Sobel:90``, ``pil:EMBOSS``.

ImageMagick's are those of its function ``AcquireKernelBuiltIn``, tried with its option
``-define morphology:showKernel=1``, and mean what ``-morphology Convolve NAME`` makes of a picture:
since Convolve turns a kernel by 180 degrees, so are these. Whatever is not known exactly, or is no
linear filter, is refused with what to use instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction

from imgconv.model.errors import ArgumentError, KernelError
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational, parse_number

_SOURCE = "ImageMagick 7, MagickCore/morphology.c, AcquireKernelBuiltIn, kernel "
_NAMED = re.compile(r"im:\s*(?P<name>[A-Za-z]+)\s*(?::(?P<options>.*))?", re.IGNORECASE)

_ROOT2 = Fraction(math.sqrt(2))  # ImageMagick's MagickSQ2, a double
_TURNED = {  # by a multiple of 45 degrees that may follow the name
    "sobel": ("Sobel", ((1, 0, -1), (2, 0, -2), (1, 0, -1))),
    "roberts": ("Roberts", ((0, 0, 0), (1, -1, 0), (0, 0, 0))),
    "prewitt": ("Prewitt", ((1, 0, -1), (1, 0, -1), (1, 0, -1))),
    "compass": ("Compass", ((1, 1, -1), (1, -2, -1), (1, 1, -1))),
    "kirsch": ("Kirsch", ((5, -3, -3), (5, 0, -3), (5, -3, -3))),
}
_LAPLACIANS = {  # by the type that may follow the name; each is the same turned by 180 degrees
    0: "-1 -1 -1; -1 8 -1; -1 -1 -1",
    1: "0 -1 0; -1 4 -1; 0 -1 0",
    2: "-2 1 -2; 1 4 1; -2 1 -2",
    3: "1 -2 1; -2 4 -2; 1 -2 1",
    5: "-4 -1 0 -1 -4; -1 2 3 2 -1; 0 3 4 3 0; -1 2 3 2 -1; -4 -1 0 -1 -4",
    7: "-10 -5 -2 -1 -2 -5 -10; -5 0 3 4 3 0 -5; -2 3 6 7 6 3 -2; -1 4 7 8 7 4 -1; "
    "-2 3 6 7 6 3 -2; -5 0 3 4 3 0 -5; -10 -5 -2 -1 -2 -5 -10",
    15: "0 0 -1 0 0; 0 -1 -2 -1 0; -1 -2 16 -2 -1; 0 -1 -2 -1 0; 0 0 -1 0 0",
    19: "0 -1 -1 -2 -2 -2 -1 -1 0; -1 -2 -4 -5 -5 -5 -4 -2 -1; -1 -4 -5 -3 0 -3 -5 -4 -1; "
    "-2 -5 -3 12 24 12 -3 -5 -2; -2 -5 0 24 40 24 0 -5 -2; -2 -5 -3 12 24 12 -3 -5 -2; "
    "-1 -4 -5 -3 0 -3 -5 -4 -1; -1 -2 -4 -5 -5 -5 -4 -2 -1; 0 -1 -1 -2 -2 -2 -1 -1 0",
}
_FREI_CHEN: dict[int, tuple[tuple[tuple[Rational, ...], ...], Rational]] = {
    0: (((1, 0, -1), (_ROOT2, 0, -_ROOT2), (1, 0, -1)), 1),
    15: (((0, -1, 0), (1, 0, 1), (0, -1, 0)), Fraction(1, 2)),
    16: (((1, 0, -1), (0, 0, 0), (-1, 0, 1)), Fraction(1, 2)),
    17: (((1, -2, 1), (-2, 4, -2), (-1, -2, 1)), Fraction(1, 6)),  # -1 as in ImageMagick
    18: (((-2, 1, -2), (1, 4, 1), (-2, 1, -2)), Fraction(1, 6)),
    19: (((1, 1, 1), (1, 1, 1), (1, 1, 1)), Fraction(1, 3)),
}
_LARGEST_BINOMIAL = 10  # above, ImageMagick's factorials overflow 64 bits

_SHAPE = "a shape for morphology, not a weighted sum"
_DISTANCE = "a table of distances, not a weighted sum"
_PATTERN = "a pattern to be found, not a weighted sum"
_SAMPLED = "sampled with the floating-point functions of ImageMagick's machine"
_REFUSED = {  # lower-case name: why, and what to use
    "gaussian": (_SAMPLED, "gaussian:sigma=1.4"),
    "log": (_SAMPLED, "log:sigma=1.4"),
    "dog": (_SAMPLED, "dog"),
    "blur": (_SAMPLED, "gaussian:sigma=1.4, which blurs both ways at once"),
    "comet": (_SAMPLED, "motion"),
    "square": (_SHAPE, "box:3 for the mean over a square"),
    "rectangle": (_SHAPE, "box:3 for the mean over a square"),
    "diamond": (_SHAPE, "disk:1.5 for the mean over a disk"),
    "octagon": (_SHAPE, "disk:3.5 for the mean over a disk"),
    "disk": (_SHAPE, "disk:3.5 for the mean over a disk"),
    **dict.fromkeys(("plus", "cross", "ring"), (_SHAPE, "a matrix of zeros and ones")),
    **dict.fromkeys(
        ("chebyshev", "manhattan", "octagonal", "euclidean"),
        (_DISTANCE, "ImageMagick's -morphology Distance"),
    ),
    **dict.fromkeys(
        (
            *("peak", "peaks", "edges", "corners", "diagonals", "lineends", "linejunctions"),
            *("ridges", "convexhull", "skeleton", "thinse"),
        ),
        (_PATTERN, "ImageMagick's -morphology HitAndMiss"),
    ),
}
_SIGMA = re.compile(r"\s*[\d.]*[x,]\s*(\d{0,2}[1-9](?:\.\d{1,6})?|0?\.\d{0,5}[1-9])\s*")
_KNOWN = "Unity, Laplacian, Sobel, Roberts, Prewitt, Compass, Kirsch, FreiChen and Binomial"
_PILLOW = (
    *("blur", "contour", "detail", "edge_enhance", "edge_enhance_more", "emboss", "find_edges"),
    *("sharpen", "smooth", "smooth_more"),
)
_PILLOW_REFUSED = {
    "gaussianblur": ("three means over boxes", "gaussian:sigma=2"),
    "boxblur": ("a class with a radius R", "box:N with N = 2R+1"),
    "unsharpmask": ("a sharpening with a threshold", "unsharp:sigma=1"),
    **dict.fromkeys(
        ("medianfilter", "minfilter", "maxfilter", "modefilter", "rankfilter"),
        ("not a weighted sum", "Pillow itself"),
    ),
}
_VIPS = {
    "sobel": "sobel:combine=sum_abs or sobel",
    "prewitt": "prewitt:combine=sum_abs or prewitt",
    "scharr": "scharr:combine=sum_abs or scharr",
}


def imagemagick_kernel(text: str) -> Kernel:
    """Return the kernel of ``im:NAME`` or ``im:NAME:OPTIONS``.

    Raises
    ------
    KernelError
        For a name that ImageMagick does not have, that is no linear filter or whose weights are
        not known exactly, and for an option that it does not take.

    Examples
    --------
    >>> imagemagick_kernel("im:Sobel").weights
    ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
    >>> imagemagick_kernel("im:Laplacian:1").sum
    0
    """
    found = _NAMED.fullmatch(text)
    name = found["name"].lower() if found else ""
    options = found["options"] or "" if found else ""
    if name in _TURNED:
        known, rows = _TURNED[name]
        (angle,) = _numbers(text, options, 1)
        return _described(known, _turned(rows, angle, text), 1, options)
    if name in _REFUSED:
        why, instead = _REFUSED[name]
        if sigma := _SIGMA.fullmatch(options):
            instead = instead.replace("sigma=1.4", f"sigma={sigma[1]}")
        raise KernelError(f"{text[:80]!r} is {why}", hint=f"use {instead}")
    made = {"laplacian": _laplacian, "freichen": _frei_chen, "unity": _unity, "binomial": _binomial}
    if name not in made:
        raise KernelError(f"{text[:80]!r}: ImageMagick has no such kernel", f"known: {_KNOWN}")
    return made[name](text, options)


def pillow_name(text: str) -> str:
    """Return the name in the bank of a filter of Pillow's: ``pil:EMBOSS`` is ``pil_emboss``.

    Raises
    ------
    KernelError
        For a name that Pillow does not have, or a filter that has no fixed kernel.
    """
    name = text.partition(":")[2].strip().removeprefix("ImageFilter.").lower()
    if name in _PILLOW:
        return f"pil_{name}"
    plain = name.partition("(")[0].replace("_", "")
    if plain in _PILLOW_REFUSED:
        why, instead = _PILLOW_REFUSED[plain]
        raise KernelError(f"{text[:80]!r} is {why}, not a fixed kernel", hint=f"use {instead}")
    known = ", ".join(_PILLOW).upper()
    raise KernelError(f"{text[:80]!r}: Pillow has no such filter", hint=f"known: {known}")


def vips_error(text: str) -> KernelError:
    """Return the error for ``vips:NAME``: libvips has operations, but no kernels by name."""
    name = text.partition(":")[2].strip().lower()
    if name in _VIPS:
        return KernelError(
            f"{text[:80]!r} joins two kernels into one value; libvips names no kernel",
            hint=f"use {_VIPS[name]}",
        )
    return KernelError(
        f"{text[:80]!r}: libvips has no kernels by name",
        hint="read its matrix file: -k ./kernel.mat",
    )


def _laplacian(text: str, options: str) -> Kernel:
    (kind,) = _numbers(text, options, 1)
    if kind not in _LAPLACIANS:
        known = ", ".join(map(str, _LAPLACIANS))
        raise KernelError(f"{text[:80]!r}: Laplacian has no type {kind}", f"its types: {known}")
    rows = [row.split() for row in _LAPLACIANS[int(kind)].split(";")]
    return _described("Laplacian", rows, 1, options)


def _frei_chen(text: str, options: str) -> Kernel:
    kind, angle = _numbers(text, options, 2)
    if not -30 <= kind <= 30 and angle == 0:  # ImageMagick takes a large type for the angle
        kind, angle = 0, kind
    if kind not in _FREI_CHEN:
        raise KernelError(
            f"{text[:80]!r}: ImageMagick's manual and program differ about this type",
            hint="use im:FreiChen, which has no scale, or types 15 to 19",
        )
    rows, scale = _FREI_CHEN[int(kind)]
    return _described("FreiChen", _turned(rows, angle, text), scale, options)


def _unity(text: str, options: str) -> Kernel:
    (factor,) = _numbers(text, options or "1", 1)
    return _described("Unity", [[factor]], 1, options)


def _binomial(text: str, options: str) -> Kernel:
    (radius,) = _numbers(text, options or "1", 1)
    if radius not in range(1, _LARGEST_BINOMIAL + 1):
        raise KernelError(
            f"{text[:80]!r}: the radius is a whole number from 1 to {_LARGEST_BINOMIAL}"
        )
    line = [math.comb(2 * int(radius), at) for at in range(2 * int(radius) + 1)]
    return _described("Binomial", [[a * b for b in line] for a in line], 1, options)


def _numbers(text: str, options: str, most: int) -> list[Rational]:
    """Read up to `most` numbers apart by commas; those that are missing are 0."""
    parts = [part for part in re.split(r"[,x\s]+", options.strip()) if part]
    if options.strip().endswith(("@", ">", "<")):
        raise KernelError(
            f"{text[:80]!r} is a list of turned kernels", hint="use a set: sobel, prewitt or kirsch"
        )
    if len(parts) > most:
        raise KernelError(f"{text[:80]!r} takes at most {most} number{'s' * (most > 1)}")
    try:
        return [parse_number(part) for part in parts] + [0] * (most - len(parts))
    except ArgumentError as error:
        raise KernelError(f"{text[:80]!r}: {error.message}", error.hint) from None


def _turned(
    rows: tuple[tuple[Rational, ...], ...], angle: Rational, text: str
) -> list[list[Rational]]:
    """Turn a 3 x 3 kernel by multiples of 45 degrees, as ImageMagick does, then by 180."""
    steps, rest = divmod(angle, 45)
    if rest:
        raise KernelError(f"{text[:80]!r}: the angle is a multiple of 45 degrees")
    around = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    turned = [list(row) for row in rows]
    for at, (row, column) in enumerate(around):
        source = around[(at - int(steps) - 4) % 8]  # 4 steps are the 180 degrees of Convolve
        turned[row][column] = rows[source[0]][source[1]]
    return turned


def _described(
    name: str, rows: Sequence[Sequence[object]], scale: Rational, options: str
) -> Kernel:
    called = f"im:{name}" + (f":{options.strip()}" if options.strip() else "")
    kernel = Kernel(rows, scale=scale)
    words = f"What ImageMagick's -morphology Convolve {called[3:]} applies."
    return kernel.described(called, words, "", _SOURCE + called[3:])
