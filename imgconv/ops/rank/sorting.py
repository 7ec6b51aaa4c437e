"""Order statistics by sorting networks, tile by tile: small windows of any shape and type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from imgconv.ops.rank.network import Network, Wire
from imgconv.ops.rank.windows import Image, Windows
from imgconv.system.threads import run_each

_TILE_ROWS = 128
_TILE_BYTES_ACROSS = 512
"""Tiles in which the values that are alive together stay near the core, as measured."""


class Operand(NamedTuple):
    """A stretch of a buffer; buffer 0 is the tile."""

    buffer: int
    start: int


class Operation(NamedTuple):
    """One node of a network over a flat tile."""

    function: Callable[..., Any]
    first: Operand
    second: Operand
    buffer: int
    length: int


class Program(NamedTuple):
    """A network as operations over flat tiles.

    Attributes
    ----------
    operations : list of Operation
    buffers : int
        How many there are, the tile included.
    size : int
        Values in the longest one.
    output : Operand
        Where the first output stands.
    """

    operations: list[Operation]
    buffers: int
    size: int
    output: Operand


def compile_network(network: Network, pitch: int, channels: int, count: int) -> Program:
    """Return the operations that compute a network over a flat tile.

    Parameters
    ----------
    network : Network
    pitch, channels : int
        Values from a row of the tile to the next, and from a pixel to the next.
    count : int
        Values that are wanted of the output.
    """

    def place(wire: Wire) -> int:
        return wire.row * pitch + wire.column * channels

    starts, stops, last_users = _extents(network, place, count)
    buffer_of = [0] * (len(network.nodes) + 1)
    free: list[int] = []
    buffers = 1
    operations = []
    for number, node in enumerate(network.nodes, 1):
        if free:
            buffer_of[number] = free.pop()
        else:
            buffer_of[number] = buffers
            buffers += 1
        first, second = (
            Operand(buffer_of[wire.node], starts[number] + place(wire) - starts[wire.node])
            for wire in (node.first, node.second)
        )
        function = np.maximum if node.greater else np.minimum
        length = stops[number] - starts[number]
        operations.append(Operation(function, first, second, buffer_of[number], length))
        # Freed only after the node has its own: what it reads may lie ahead of what it writes.
        used = {node.first.node, node.second.node} - {0}
        free += [buffer_of[read] for read in used if last_users[read] == number]
    wire = network.outputs[0]
    size = max((operation.length for operation in operations), default=0)
    output = Operand(buffer_of[wire.node], place(wire) - starts[wire.node])
    return Program(operations, buffers, size, output)


def _extents(
    network: Network, place: Callable[[Wire], int], count: int
) -> tuple[list[int], list[int], list[int]]:
    """Return from where to where each node is needed, and which node reads it last."""
    nodes = len(network.nodes)
    starts, stops, last_users = [0] * (nodes + 1), [0] * (nodes + 1), [0] * (nodes + 1)

    def need(wire: Wire, start: int, stop: int, user: int) -> None:
        start, stop, number = start + place(wire), stop + place(wire), wire.node
        known = last_users[number] > 0
        starts[number] = min(starts[number], start) if known else start
        stops[number] = max(stops[number], stop) if known else stop
        last_users[number] = max(last_users[number], user)

    need(network.outputs[0], 0, count, nodes + 1)
    for number in range(nodes, 0, -1):
        for wire in network.nodes[number - 1][1:]:
            need(wire, starts[number], stops[number], number)
    starts[0] = 0  # the tile is there as a whole
    return starts, stops, last_users


def run_program(program: Program, tile: Image, buffers: Image) -> Image:
    """Compute all nodes over a flat tile, and return the output from its first value on."""
    for function, first, second, buffer, length in program.operations:
        one = buffers[first.buffer] if first.buffer else tile
        other = buffers[second.buffer] if second.buffer else tile
        function(
            one[first.start : first.start + length],
            other[second.start : second.start + length],
            out=buffers[buffer][:length],
        )
    output = program.output
    return buffers[output.buffer][output.start :] if output.buffer else tile[output.start :]


def by_network(windows: Windows, network: Network) -> Image:
    """Return the first output of a network for each window, by NumPy."""
    rows, columns, channels = windows.out_shape
    height, width = windows.footprint.shape
    itemsize = windows.pixels.dtype.itemsize
    high = min(rows, _TILE_ROWS)
    wide = min(columns, max(1, _TILE_BYTES_ACROSS // (itemsize * channels)))
    pitch = (wide + width - 1) * channels
    program = compile_network(network, pitch, channels, (high - 1) * pitch + wide * channels)
    result = np.empty(windows.out_shape, windows.pixels.dtype)
    strides = (pitch * itemsize, channels * itemsize, itemsize)

    def fill(tops: list[int]) -> None:
        buffers = np.empty((program.buffers, program.size), result.dtype)
        for top in tops:
            read = slice(top, top + high + height - 1)
            for left in _starts(columns, wide):
                tile = windows.pixels[read, left : left + wide + width - 1]
                flat = run_program(program, np.ascontiguousarray(tile).reshape(-1), buffers)
                result[top : top + high, left : left + wide] = as_strided(
                    flat, (high, wide, channels), strides, writeable=False
                )

    tops = _starts(rows, high)
    shares = [tops[part :: windows.threads] for part in range(min(windows.threads, len(tops)))]
    run_each(fill, shares, windows.threads)
    return result


def _starts(whole: int, length: int) -> list[int]:
    """Return where tiles of one length begin that cover a whole; the last one may overlap."""
    return [min(start, whole - length) for start in range(0, whole, length)]
