"""The shapes of a layer: sizes with the formula filled in, parameters, multiply-adds, memory."""

from __future__ import annotations

import math
from typing import NamedTuple

from imgconv.model.errors import ArgumentError, LimitError
from imgconv.model.geometry import Axis
from imgconv.model.layer import AutoPadding, Steps, written

AXIS_NAMES = {1: ("length",), 2: ("rows", "columns"), 3: ("depth", "rows", "columns")}
_MOST_VALUES = 1 << 30
_FARTHEST = 1 << 20
_FLOAT32 = 4  # bytes


class PlacedAxis(NamedTuple):
    """One axis of a layer: where its windows lie, and the padding after the image.

    Attributes
    ----------
    axis : Axis
    after : int
    ceil : bool
        Whether the number of windows was rounded up.
    """

    axis: Axis
    after: int
    ceil: bool = False

    def formula(self, name: str) -> str:
        """Write the output length with its numbers filled in.

        Examples
        --------
        >>> place_axis("rows", 224, 7, 2, (3, 3), 1).formula("rows")
        'rows: (224 + 2*3 - 7)/2 + 1 = floor(111.5) + 1 = 112'
        >>> place_axis("rows", 5, 3, 1, (0, 0), 2).formula("rows")
        'rows: (5 - 5)/1 + 1 = 1, where Ke = (3 - 1)*2 + 1 = 5'
        >>> place_axis("rows", 2, 1, 2, (0, 0), 1, ceil=True).formula("rows")
        'rows: (2 - 1)/2 + 1 = ceil(0.5) + 1 = 2, less 1 that begins beyond the image = 1'
        """
        n, k, before, out, stride, dilation = self.axis
        reach = (k - 1) * dilation + 1
        pads = f" + 2*{before}" if before == self.after else f" + {before} + {self.after}"
        pads = "" if before == self.after == 0 else pads
        room = n + before + self.after - reach
        whole = "ceil" if self.ceil else "floor"
        rounded = "" if room % stride == 0 else f" = {whole}({room / stride:g}) + 1"
        found = (-(-room // stride) if self.ceil else room // stride) + 1
        less = "" if found == out else f" = {found}, less 1 that begins beyond the image"
        ke = "" if dilation == 1 else f", where Ke = ({k} - 1)*{dilation} + 1 = {reach}"
        return f"{name}: ({n}{pads} - {reach})/{stride} + 1{rounded}{less} = {out}{ke}"

    def counted(self, *, padding: bool) -> list[int]:
        """Return how many taps of each window lie on the image, or on its padding too."""
        n, taps, before, out, stride, dilation = self.axis
        low, high = (-before, n + self.after) if padding else (0, n)
        counts = []
        for first in range(-before, -before + out * stride, stride):
            start = max(-((first - low) // dilation), 0)
            stop = min(-((first - high) // dilation), taps)
            counts.append(max(stop - start, 0))
        return counts


class LayerShapes(NamedTuple):
    """The sizes of one step of a network.

    Attributes
    ----------
    name : str
    what : str
        ``64 filters of 3 x 7 x 7``, ``max pool 2x2``, ``relu``.
    axes : tuple of PlacedAxis
        Empty for a step that changes no size.
    batch : int
    sizes_in, sizes_out : tuple of int
        Spatial.
    channels_in, channels_out : int
    taps : int
        Weights that meet in one output value; 0 where there are none.
    biases : int
    parameters, multiply_adds : int
    groups : int
    """

    name: str
    what: str
    axes: tuple[PlacedAxis, ...]
    batch: int
    sizes_in: tuple[int, ...]
    sizes_out: tuple[int, ...]
    channels_in: int
    channels_out: int
    taps: int = 0
    biases: int = 0
    groups: int = 1

    @property
    def parameters(self) -> int:
        """``(w * h * Din + 1) * k``, or without the 1 where there is no bias."""
        return self.taps * self.channels_out + self.biases

    @property
    def multiply_adds(self) -> int:
        """Output values times the weights that meet in one."""
        return self.batch * math.prod(self.sizes_out) * self.channels_out * self.taps

    @property
    def bytes_in(self) -> int:
        """Size of the input as float32."""
        return _FLOAT32 * self.batch * math.prod(self.sizes_in) * self.channels_in

    @property
    def bytes_out(self) -> int:
        """Size of the output as float32."""
        return _FLOAT32 * self.batch * math.prod(self.sizes_out) * self.channels_out

    def lines(self) -> list[str]:
        """Return the description in words, one fact a line."""
        into = written((*self.sizes_in, self.channels_in))
        out = written((*self.sizes_out, self.channels_out))
        batch = f" ({self.batch} images)" if self.batch > 1 else ""
        said = [f"{self.name}: {into} -> {out}{batch}, {self.what}"]
        if not self.axes:
            return said
        for name, placed in zip(AXIS_NAMES[len(self.axes)], self.axes, strict=True):
            said.append(f"  {placed.formula(name)}")
        if self.taps:
            said.append(f"  parameters: {self._parameter_formula()}")
            outputs = written((*self.sizes_out, self.channels_out)).replace(" x ", "*")
            many = f"{self.batch}*" if self.batch > 1 else ""
            said.append(f"  multiply-adds: {many}{outputs}*{self.taps} = {self.multiply_adds}")
        memory = [f"in {in_bytes(self.bytes_in)}", f"out {in_bytes(self.bytes_out)}"]
        if self.taps:
            memory.append(f"parameters {in_bytes(_FLOAT32 * self.parameters)}")
        said.append(f"  memory as float32: {', '.join(memory)}")
        return said

    def _parameter_formula(self) -> str:
        kernel = [str(placed.axis.taps) for placed in reversed(self.axes)]
        product = "*".join([*kernel, str(self.channels_in // self.groups)])
        per_filter = f"({product} + 1)" if self.biases else product
        without = "" if self.biases else " (no bias)"
        return f"{per_filter}*{self.channels_out} = {self.parameters}{without}"

    def as_dict(self) -> dict[str, object]:
        """Return the same facts as plain data."""
        return {
            "name": self.name,
            "what": self.what,
            "input": [*self.sizes_in, self.channels_in],
            "output": [*self.sizes_out, self.channels_out],
            "batch": self.batch,
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
        }


def place_axes(
    sizes: tuple[int, ...], kernel: tuple[int, ...], steps: Steps, *, ceil: bool = False
) -> tuple[PlacedAxis, ...]:
    """Place the windows along every axis.

    Raises
    ------
    ArgumentError
        When no output value would be left.
    LimitError
        When a window would reach over more than 2**20 positions.
    """
    names = AXIS_NAMES[len(sizes)]
    pads = steps.padding
    return tuple(
        place_axis(
            names[a],
            sizes[a],
            kernel[a],
            steps.stride[a],
            pads if isinstance(pads, AutoPadding) else pads[a],
            steps.dilation[a],
            ceil=ceil,
        )
        for a in range(len(sizes))
    )


def place_axis(
    name: str,
    n: int,
    k: int,
    stride: int,
    padding: AutoPadding | tuple[int, int],
    dilation: int,
    *,
    ceil: bool = False,
) -> PlacedAxis:
    """Place the windows along one axis of `n` positions: ``(n + before + after - Ke)/s + 1``.

    Rounded up, a last window may reach beyond the padding; one that would begin there is left out.

    Examples
    --------
    >>> placed = place_axis("rows", 5, 4, 1, AutoPadding.SAME, 1)
    >>> placed.axis.before, placed.after, placed.axis.out
    (1, 2, 5)
    >>> [place_axis("rows", 4, 3, 2, (0, 0), 1, ceil=ceil).axis.out for ceil in (False, True)]
    [1, 2]
    """
    reach = (k - 1) * dilation + 1
    if reach > _FARTHEST:
        raise LimitError(f"the kernel reaches over {reach} {name}; the limit is {_FARTHEST}")
    before, after = _amounts(n, reach, stride, padding)
    ceil = ceil and not isinstance(padding, AutoPadding)
    room = n + before + after - reach
    out = (-(-room // stride) if ceil else room // stride) + 1
    if out < 1:
        padded = f" + {before} + {after} of padding" if before or after else ""
        far = f" (Ke = ({k} - 1)*{dilation} + 1)" if dilation > 1 else ""
        raise ArgumentError(
            f"{name}: a kernel of {reach}{far} does not fit into {n}{padded}: "
            f"({n} + {before + after} - {reach})/{stride} + 1 is less than 1",
            hint="pad more (--pad same), or take a smaller kernel or a larger image",
        )
    if ceil and (out - 1) * stride >= n + before:
        out -= 1
    return PlacedAxis(Axis(n, k, before, out, stride, dilation), after, ceil)


def _amounts(
    n: int, reach: int, stride: int, padding: AutoPadding | tuple[int, int]
) -> tuple[int, int]:
    """Return the padding before and after."""
    if not isinstance(padding, AutoPadding):
        return padding
    if padding is AutoPadding.VALID:
        return 0, 0
    total = max((-(-n // stride) - 1) * stride + reach - n, 0)
    less, more = total // 2, total - total // 2
    return (less, more) if padding is AutoPadding.SAME else (more, less)


def check_size(shapes: LayerShapes) -> None:
    """Check that the output is not beyond what is computed.

    Raises
    ------
    LimitError
        When it has more than 2**30 values.
    """
    values = shapes.bytes_out // _FLOAT32
    if values > _MOST_VALUES:
        out = written((shapes.batch, *shapes.sizes_out, shapes.channels_out))
        raise LimitError(
            f"{shapes.name}: the output would have {out} = {values} values; the limit is 2**30",
            hint="use a larger stride, less padding or fewer filters",
        )


def in_bytes(count: int) -> str:
    """Write a number of bytes.

    Examples
    --------
    >>> in_bytes(640), in_bytes(37632), in_bytes(3211264)
    ('640 bytes', '36.8 KiB', '3.1 MiB')
    """
    if count < 1024:
        return f"{count} bytes"
    if count < 1 << 20:
        return f"{count / 1024:.1f} KiB"
    return f"{count / (1 << 20):.1f} MiB"
