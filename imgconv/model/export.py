"""A kernel written for another tool."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from imgconv.model.errors import KernelError
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational


def export(kernel: Kernel, tool: str) -> str:
    """Write a kernel in the form that another tool reads; the direction is kept.

    Parameters
    ----------
    kernel : Kernel
    tool : {"yaml", "opencv", "numpy", "imagemagick", "vips", "gmic"}
        ``yaml`` is a bank file; ``opencv`` and ``numpy`` are Python; ``imagemagick`` is an
        argument of ``-morphology Correlate``, or with an offset all the arguments that it takes;
        ``vips`` a matrix file for ``vips conv``; ``gmic`` a command.

    Returns
    -------
    str
        What `imgconv.io.kernels.spec.load_kernel` reads back, from a file where it is one. Weights
        are exact in ``yaml``, ``opencv``, ``numpy`` and ``vips``, and have 17 digits elsewhere, as
        have all offsets but those of ``yaml``.

    Raises
    ------
    KernelError
        When the tool has no such thing as the kernel's anchor.

    Examples
    --------
    >>> print(export(Kernel([[1, 2, 1]], scale="1/4"), "imagemagick"))
    3x1+1+0: 0.25,0.5,0.25
    """
    return FORMATS[tool](kernel)


def _yaml(kernel: Kernel) -> str:
    name = "".join(c if c.isalnum() or c == "_" else "_" for c in kernel.name).strip("_")
    if not name[:1].isalpha():
        name = f"kernel_{name}".rstrip("_")
    rows = [", ".join(_yaml_number(weight) for weight in row) for row in kernel.weights]
    about = f"{kernel.name or 'A matrix'}, written by imgconv"
    description = '"' + about.replace("\\", "\\\\").replace('"', '\\"') + '"'
    lines = ["kernels:", f"  {name}:", f"    description: {description}", "    weights:"]
    lines += [f"      - [{row}]" for row in rows]
    lines += [
        f"    scale: {kernel.scale}",
        f"    offset: {kernel.offset}",
        f"    anchor: [{kernel.anchor[0]}, {kernel.anchor[1]}]",
        f"    sum: {kernel.sum}",
    ]
    return "\n".join(lines)


def _yaml_number(value: Rational) -> str:
    return str(value) if value.denominator == 1 else f'"{value}"'


def _numpy(kernel: Kernel) -> str:
    lines = [_array(kernel)]
    if kernel.anchor != (kernel.shape[0] // 2, kernel.shape[1] // 2):
        lines.append(f"anchor = ({kernel.anchor[0]}, {kernel.anchor[1]})  # row, column")
    if kernel.offset:
        lines.append(f"offset = {_decimal(kernel.offset)}  # added to the sum")
    return "\n".join(lines)


def _array(kernel: Kernel) -> str:
    whole, divisor = _whole(kernel)
    rows = ",\n    ".join("[" + ", ".join(map(str, row)) + "]" for row in whole)
    division = f" / {divisor}" if divisor != 1 else ".astype(float)"
    return f"import numpy as np\n\nkernel = np.array([\n    {rows},\n]){division}"


def _opencv(kernel: Kernel) -> str:
    row, column = kernel.anchor
    call = (
        f"result = cv2.filter2D(image, -1, kernel, anchor=({column}, {row}), "
        f"delta={_decimal(kernel.offset)}, borderType=cv2.BORDER_REFLECT_101)"
    )
    return f"import cv2\n{_array(kernel)}\n{call}"


def _imagemagick(kernel: Kernel) -> str:
    rows, columns = kernel.shape
    values = " ".join(",".join(_decimal(kernel.scale * w) for w in row) for row in kernel.weights)
    matrix = f"{columns}x{rows}+{kernel.anchor[1]}+{kernel.anchor[0]}: {values}"
    if not kernel.offset:
        return matrix
    # Versions 6.9 and 7 take no bias with the kernel; a percent of it is one of 65536, a gray
    # level 257 of 65535.
    percent = _decimal(kernel.offset * Fraction(257 * 100, 65536))
    return f"-define convolve:bias={percent}% -morphology Correlate '{matrix}'"


def _vips(kernel: Kernel) -> str:
    if kernel.anchor != (kernel.shape[0] // 2, kernel.shape[1] // 2):
        raise KernelError("a vips matrix has its anchor at the centre", hint="pad it with zeros")
    whole, divisor = _whole(kernel)
    rows, columns = kernel.shape
    head = f"{columns} {rows} {divisor} {_decimal(kernel.offset)}"
    return "\n".join([head, *(" ".join(map(str, row)) for row in whole)])


def _gmic(kernel: Kernel) -> str:
    if kernel.anchor != (kernel.shape[0] // 2, kernel.shape[1] // 2):
        raise KernelError("a G'MIC kernel has its anchor at the centre", hint="pad it with zeros")
    rows = ";".join(",".join(_decimal(kernel.scale * w) for w in row) for row in kernel.weights)
    add = f" add {_decimal(kernel.offset)}" if kernel.offset else ""
    return f"correlate ({rows}),1{add}"


def _whole(kernel: Kernel) -> tuple[list[list[int]], int]:
    """Return whole weights and the number to divide them by."""
    scaled = [[Fraction(kernel.scale * weight) for weight in row] for row in kernel.weights]
    divisor = math.lcm(*(value.denominator for row in scaled for value in row))
    return [[int(value * divisor) for value in row] for row in scaled], divisor


def _decimal(value: Rational) -> str:
    return str(value) if value.denominator == 1 else repr(float(value))


FORMATS: dict[str, Callable[[Kernel], str]] = {
    "yaml": _yaml,
    "opencv": _opencv,
    "numpy": _numpy,
    "imagemagick": _imagemagick,
    "vips": _vips,
    "gmic": _gmic,
}
