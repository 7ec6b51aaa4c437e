"""Kernels as other tools write them: what `export` makes, and lists after ``ffmpeg:``, ``gimp:``.

A list that begins with ``convolution=`` is ffmpeg's without a prefix.

Python code is matched against the forms that `export` writes and NumPy prints; nothing is run.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from imgconv.io.kernels.matrix_text import nested_rows, parse_geometry, quoted
from imgconv.model.errors import ArgumentError, KernelError
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational, parse_number

_NUMBER = r"[+-]?[\d.]+(?:[eE][+-]?\d+)?(?:/\d+)?"
_PYTHON = re.compile(
    rf"""\s*(?:import\ [\w.]++(?:\ as\ \w++)?\s++)*+(?:\w+\s*=\s*)?
    (?:np\.|numpy\.)?array\(\s*(?P<rows>\[.*\])\s*,?\s*(?:dtype=[\w.]+\s*)?\)
    (?:\s*/\s*(?P<divisor>{_NUMBER})|\.astype\(float\))?
    (?:\s+anchor\s*=\s*\((?P<row>\d+),\s*(?P<column>\d+)\)[^\n]*)?
    (?:\s+offset\s*=\s*(?P<offset>{_NUMBER})[^\n]*)?
    (?:\s+\w+\s*=\s*cv2\.filter2D\(\w+,\s*-1,\s*\w+,\s*anchor=\((?P<x>-?\d+),\s*(?P<y>-?\d+)\),
        \s*delta=(?P<delta>{_NUMBER})[^\n]*)?\s*""",
    re.DOTALL | re.VERBOSE,
)
_GMIC = re.compile(
    rf"\s*(?:gmic\s+)?-?correlate\s+\((?P<rows>[^()]*)\),1(?:\s+-?add\s+(?P<offset>{_NUMBER}))?\s*"
)
_MAGICK = re.compile(
    rf"""\s*(?:-define\s+convolve:bias=(?P<bias>{_NUMBER})%\s+)?
    -morphology\s+(?P<way>Correlate|Convolve)\s+(?P<quote>['"]?)
    (?P<width>\d+)x(?P<height>\d+)\+(?P<x>\d+)\+(?P<y>\d+):\s*(?P<values>[^'"]*)(?P=quote)\s*""",
    re.VERBOSE | re.IGNORECASE,
)
LEVELS_OF_A_PERCENT = Fraction(65536, 257 * 100)
"""ImageMagick counts a bias in percent of 65536; a gray level is 257 of those."""

_PLANES = "0123"
_FFMPEG_FIELDS = [f"{plane}{key}" for key in ("m", "rdiv", "bias", "mode") for plane in _PLANES]
_FFMPEG_HINT = "write ffmpeg:0m=0 -1 0 -1 5 -1 0 -1 0:0rdiv=1:0bias=0"
_MAGICK_HINT = "write im:3x3: 0,-1,0 -1,5,-1 0,-1,0"
_GIMP_HINT = "write gimp:0 -1 0 -1 5 -1 0 -1 0:DIVISOR:OFFSET, 9 or 25 numbers"
_WITH_DIVISOR = re.compile(r"[-+\d.,|]+(?:[ ,|]+[-+\d.]+)+(?::[-+\d. ,|/]+)+")
_MAGICK_NUMBERS = re.compile(r"im:\s*[\d.+-]", re.IGNORECASE)
_MAGICK_PREFIX = re.compile(
    r"im:\s*(?:(\d{1,9})(?:x(\d{1,9}))?(?:\+(\d{1,9})\+(\d{1,9}))?\s*:)?(.*)",
    re.DOTALL | re.IGNORECASE,
)


def read_form(text: str) -> Kernel | None:
    """Read a kernel that stands in a form of another tool: exactly what its digits say.

    Returns
    -------
    Kernel or None
        None when the text has none of the forms.

    Raises
    ------
    KernelError
        When the form is wrong.

    Examples
    --------
    >>> read_form("correlate (0,1;2,3),1 add 128").offset
    128
    >>> read_form("np.array([[1, 2, 1]]) / 4").sum
    1
    >>> read_form("sharpen") is None
    True
    """
    prefix = text.partition(":")[0].lower()
    try:
        if text.startswith("convolution="):
            return parse_ffmpeg(text)
        if _WITH_DIVISOR.fullmatch(text):
            tool = "gimp" if text.count(":") < 3 else "ffmpeg"
            raise KernelError(
                "numbers with a divisor are a list of ffmpeg or of GIMP",
                hint=f"write {tool}: before them",
            )
        if prefix in _LISTS:
            return _LISTS[prefix](text.partition(":")[2])
        if _MAGICK_NUMBERS.match(text):
            return parse_magick(text)
        for form, read in ((_PYTHON, _python), (_GMIC, _gmic), (_MAGICK, _magick)):
            if found := form.fullmatch(text):
                return read(found)
    except KernelError as error:
        raise KernelError(f"{quoted(text)}: {error.message}", error.hint) from None
    return None


def parse_ffmpeg(text: str) -> Kernel:
    """Read the options of ffmpeg's filter ``convolution``: ``0m=1 2 1 ...:0rdiv=1/16``.

    A matrix is 9, 25 or 49 whole numbers, or a row or column of an odd number of them; ``rdiv``
    multiplies the sum, 0 or nothing meaning one over the sum of the matrix; ``bias`` is added.

    Raises
    ------
    KernelError
        When ffmpeg would not take it, or filters its planes in different ways.

    Examples
    --------
    >>> parse_ffmpeg("1 1 1 1 1 1 1 1 1").sum
    1
    """
    given = _ffmpeg_fields(text)
    planes = [plane for plane in _PLANES if f"{plane}m" in given]
    if not planes:
        raise KernelError("the matrix is missing", hint=_FFMPEG_HINT)
    kernels = [_ffmpeg_plane(given, plane) for plane in planes]
    others = {key[0] for key in given} - set(planes)
    if others or any(kernel != kernels[0] for kernel in kernels):
        raise KernelError(
            "the planes have different kernels; one kernel for all planes is read",
            hint=_FFMPEG_HINT,
        )
    return kernels[0]


def parse_gimp(text: str) -> Kernel:
    """Read GIMP's convolution matrix: ``NUMBERS[:DIVISOR[:OFFSET]]``, 9 or 25 numbers.

    Raises
    ------
    KernelError
        For another count of numbers, a divisor of 0, or an offset that may be a fraction of white.

    Examples
    --------
    >>> parse_gimp("-1 0 0 0 1 0 0 0 0:1:128").offset
    128
    """
    numbers, *after = text.split(":")
    values = numbers.replace(",", " ").split()
    if len(values) not in (9, 25) or len(after) > 2:
        raise KernelError(
            "GIMP's list is 9 or 25 numbers, a divisor and an offset", hint=_GIMP_HINT
        )
    keyed = [part.strip().removeprefix(key) for part, key in zip(after, _GIMP_KEYS, strict=False)]
    divisor, offset = _read([*keyed, *("1", "0")[len(keyed) :]])
    if divisor == 0:
        raise KernelError("the divisor is 0", hint=_GIMP_HINT)
    if -1 <= offset <= 1 and offset != 0:
        raise KernelError(
            "the offset counts gray levels from -255 to 255 here",
            hint="multiply an offset of GIMP 2.10 by 255",
        )
    return Kernel(_square(values), scale=Fraction(1) / divisor, offset=offset)


_GIMP_KEYS = ("divisor=", "offset=")


def parse_magick(text: str) -> Kernel:
    """Read ``im:5x3: ...``: width first, the origin before the centre, as ImageMagick does.

    The weights are those that are written, as with ``-morphology Correlate``.

    Raises
    ------
    KernelError
        For what ImageMagick would refuse, lists of kernels, and ``nan``.
    """
    found = _MAGICK_PREFIX.fullmatch(text)
    if found is None:
        raise KernelError("a size and numbers must follow", hint=_MAGICK_HINT)
    width, height, x, y, values = found.groups()
    if width is None:
        count = len(values.replace(",", " ").split())
        width = str(math.isqrt(count))
        if int(width) ** 2 != count or count % 2 == 0:
            raise KernelError(
                f"a kernel without a size has 9, 25, 49 or more numbers in a square, not {count}",
                hint=_MAGICK_HINT,
            )
    origin = (int(x), int(y)) if x is not None else None
    return parse_geometry(int(width), int(height or width), origin, values)


def _gmic(found: re.Match[str]) -> Kernel:
    rows = [row.split(",") for row in found["rows"].split(";")]
    return Kernel(rows, offset=found["offset"] or 0)


def _magick(found: re.Match[str]) -> Kernel:
    width, height, x, y = (int(found[key]) for key in ("width", "height", "x", "y"))
    kernel = parse_geometry(width, height, (x, y), found["values"])
    (percent,) = _read([found["bias"] or "0"])
    kernel = Kernel(kernel.weights, offset=percent * LEVELS_OF_A_PERCENT, anchor=kernel.anchor)
    return kernel if found["way"].lower() == "correlate" else kernel.flipped()


def _python(found: re.Match[str]) -> Kernel:
    anchor: tuple[int, int] | None = None
    if found["row"] is not None:
        anchor = int(found["row"]), int(found["column"])
    elif found["x"] is not None and int(found["x"]) >= 0:  # -1 is the centre
        anchor = int(found["y"]), int(found["x"])
    rows = nested_rows(found["rows"])
    divisor, offset = _read([found["divisor"] or "1", found["offset"] or found["delta"] or "0"])
    if divisor == 0:
        raise KernelError("the divisor is 0")
    return Kernel(rows, scale=Fraction(1) / divisor, offset=offset, anchor=anchor)


def _ffmpeg_fields(text: str) -> dict[str, str]:
    options = text.strip().removeprefix("convolution=").strip("'\"")
    given: dict[str, str] = {}
    for position, part in enumerate(options.split(":")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            key, value = _FFMPEG_FIELDS[min(position, len(_FFMPEG_FIELDS) - 1)], key
        if key not in _FFMPEG_FIELDS or key in given:
            raise KernelError(
                f"{quoted(key)} is given twice, or is not an option of convolution",
                hint=_FFMPEG_HINT,
            )
        given[key] = value.strip("'\"")
    return given


def _ffmpeg_plane(given: dict[str, str], plane: str) -> Kernel:
    numbers = re.split(r"[ |]+", given[f"{plane}m"].strip(" |"))
    mode = given.get(f"{plane}mode", "square")
    counts = (9, 25, 49) if mode in ("square", "0") else range(1, 50, 2)
    whole = all(re.fullmatch(r"[+-]?\d{1,9}", number) for number in numbers)
    if (
        mode not in ("square", "row", "column", "0", "1", "2")
        or len(numbers) not in counts
        or not whole
    ):
        raise KernelError(
            f"plane {plane} takes 9, 25 or 49 whole numbers, or an odd number of "
            "them with mode=row or column",
            hint=_FFMPEG_HINT,
        )
    values = list(map(int, numbers))
    rdiv, bias = _read([given.get(f"{plane}{key}", "0") for key in ("rdiv", "bias")])
    if rdiv < 0 or bias < 0:
        raise KernelError("ffmpeg takes no negative rdiv or bias", _FFMPEG_HINT)
    scale = rdiv or Fraction(1, sum(values) or 1)
    if mode in ("row", "1"):
        return Kernel([values], scale=scale, offset=bias)
    if mode in ("column", "2"):
        return Kernel([[value] for value in values], scale=scale, offset=bias)
    return Kernel(_square(values), scale=scale, offset=bias)


def _square(values: list[str] | list[int]) -> list[list[object]]:
    side = math.isqrt(len(values))
    return [list(values[at : at + side]) for at in range(0, len(values), side)]


def _read(numbers: list[str]) -> list[Rational]:
    try:
        return [parse_number(number) for number in numbers]
    except ArgumentError as error:
        raise KernelError(error.message, error.hint) from None


_LISTS = {"ffmpeg": parse_ffmpeg, "gimp": parse_gimp}
