"""Sorting networks over windows: what neighbouring windows share is computed once.

A node is the minimum or the maximum of two values, each read at an offset. Two nodes that differ
only in their offset are one node: the sorted column of one window is that of the next, one pixel
on. A footprint is cut into columns and columns into runs of powers of two, so that nearly all of
the sorting is shared, as in Adams (2021), "Fast median filters using separable sorting networks".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

Offset = tuple[int, int]
"""Rows and columns."""


class Wire(NamedTuple):
    """A node's value at an offset from the output pixel; node 0 is the image."""

    node: int
    row: int
    column: int


class Node(NamedTuple):
    """The minimum or maximum of two wires."""

    greater: bool
    first: Wire
    second: Wire


class Network(NamedTuple):
    """Nodes in an order in which they can be computed; the first node has number 1.

    Attributes
    ----------
    nodes : tuple of Node
    outputs : tuple of Wire
        The values of the sorted window that were asked for, in the order of `ranks`.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[Wire, ...]


@lru_cache(maxsize=64)
def sorting_network(taps: tuple[Offset, ...], ranks: tuple[int, ...]) -> Network:
    """Return the network that finds some order statistics of a window.

    Parameters
    ----------
    taps : tuple of (int, int)
        Row and column of each pixel of the window.
    ranks : tuple of int
        Which values of the sorted window are wanted; 0 is the least.

    Examples
    --------
    >>> len(sorting_network(((0, 0), (0, 1), (0, 2)), (1,)).nodes)
    4
    """
    builder = _Builder()
    columns: dict[int, list[int]] = {}
    for row, column in taps:
        columns.setdefault(column, []).append(row)
    ordered = [
        builder.column(column, tuple(sorted(rows))) for column, rows in sorted(columns.items())
    ]
    merged = builder.merged_all(ordered)
    return _pruned(builder.nodes, [merged[rank] for rank in ranks])


class _Builder:
    """Nodes so far, and the number of each."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._numbers: dict[Node, int] = {}

    def column(self, column: int, rows: tuple[int, ...]) -> list[Wire]:
        """Return the sorted values of the taps of one column."""
        return self.merged_all([[Wire(0, row, column)] for row in rows])

    def merged_all(self, lists: Sequence[list[Wire]]) -> list[Wire]:
        """Merge sorted lists: a power of two of them first, so that neighbours do the same."""
        if len(lists) == 1:
            return lists[0]
        first = 1 << ((len(lists) - 1).bit_length() - 1)
        return self._merged(self.merged_all(lists[:first]), self.merged_all(lists[first:]))

    def _merged(self, one: list[Wire], other: list[Wire]) -> list[Wire]:
        """Merge two sorted lists by Batcher's odd-even merge (Knuth, volume 3, 5.3.4)."""
        if not one or not other:
            return one or other
        if len(one) == len(other) == 1:
            return [self._node(False, one[0], other[0]), self._node(True, one[0], other[0])]
        firsts = self._merged(one[::2], other[::2])
        seconds = self._merged(one[1::2], other[1::2])
        result = firsts[:1]
        for low, high in zip(seconds, firsts[1:], strict=False):
            result += [self._node(False, low, high), self._node(True, low, high)]
        done = len(result) // 2
        return result + seconds[done:] + firsts[done + 1 :]

    def _node(self, greater: bool, one: Wire, other: Wire) -> Wire:
        first, second = (one, other) if one <= other else (other, one)
        moved = second._replace(row=second.row - first.row, column=second.column - first.column)
        node = Node(greater, Wire(first.node, 0, 0), moved)
        number = self._numbers.get(node)
        if number is None:
            self.nodes.append(node)
            number = self._numbers[node] = len(self.nodes)
        return Wire(number, first.row, first.column)


def _pruned(nodes: list[Node], outputs: list[Wire]) -> Network:
    """Leave out the nodes that no output needs."""
    needed = {wire.node for wire in outputs}
    for number in range(len(nodes), 0, -1):
        if number in needed:
            needed |= {nodes[number - 1].first.node, nodes[number - 1].second.node}
    kept = [number for number in range(1, len(nodes) + 1) if number in needed]
    renumbered = {0: 0} | {number: place for place, number in enumerate(kept, 1)}

    def moved(wire: Wire) -> Wire:
        return wire._replace(node=renumbered[wire.node])

    kept_nodes = (nodes[number - 1] for number in kept)
    return Network(
        tuple(Node(node.greater, moved(node.first), moved(node.second)) for node in kept_nodes),
        tuple(moved(wire) for wire in outputs),
    )
