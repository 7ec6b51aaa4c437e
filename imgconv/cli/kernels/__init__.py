"""`imgconv kernels`: the bank, seen from the shell."""

from __future__ import annotations

from imgconv.cli.lazy import LazyGroup

command = LazyGroup(
    "kernels",
    package="imgconv.cli.kernels",
    commands={
        "list": "List the bank by family, or search it.",
        "show": "Show one kernel: weights, sum, symmetry, range, source.",
        "check": "Check a bank file.",
        "plot": "Draw weights and frequency response.",
        "identify": "Describe a matrix: known kernels, separable, sum.",
        "export": "Write a kernel for another tool.",
    },
    epilog="Example: imgconv kernels list edge",
    help="List, show, check, plot, identify and export kernels.",
)
