"""What a plan depends on besides the kernel: the job's types and sizes, and the instruction set."""

from __future__ import annotations

from typing import NamedTuple

from imgconv.model.output import Depth


class Capabilities(NamedTuple):
    """What an instruction set of the core can do; the core's structure has the same fields.

    Attributes
    ----------
    vector_bytes : int
        Width of its vectors.
    fused : bool
        Whether it multiplies and adds floats in one step.
    taps16, dot8 : bool
        Whether it has `Algorithm.TAPS16` and `Algorithm.DOT8`.
    word_pairs : bool
        Whether small kernels of 16-bit weights go in pairs of rows.
    symmetric : bool
        Whether small symmetric separable kernels on bytes have a path of their own.
    """

    vector_bytes: int = 16
    fused: bool = False
    taps16: bool = False
    dot8: bool = False
    word_pairs: bool = False
    symmetric: bool = False


class Request(NamedTuple):
    """A correlation but for its kernel.

    Attributes
    ----------
    depth_in : Depth
    depth_out : Depth, optional
        None for the exact sums of an integer image, in float64.
    absolute : bool
    channels : int
    stride, dilation : (int, int)
    size : (int, int)
        Rows and columns of the output, roughly.
    capabilities : Capabilities
        Of the instruction set that will run the plan.
    """

    depth_in: Depth
    depth_out: Depth | None
    absolute: bool
    channels: int
    stride: tuple[int, int]
    dilation: tuple[int, int]
    size: tuple[int, int]
    capabilities: Capabilities
