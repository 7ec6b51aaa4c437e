"""What the tests of the bank share: its entries, and kernels as plain numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import yaml

from imgconv import load_kernel
from imgconv.io.kernels.bank import KernelBank, built_in_directory
from imgconv.model.settings import Settings
from imgconv.ops.linear.kernel_set import apply_set
from imgconv.ops.linear.single import apply_kernel

BANK = KernelBank([built_in_directory()])
ENTRIES = {entry.name: entry for entry in BANK.entries()}
KERNELS = {name: entry.kernel for name, entry in ENTRIES.items() if entry.kernel is not None}
SETS = [name for name, entry in ENTRIES.items() if entry.kind == "set"]
GENERATED = [name for name, entry in ENTRIES.items() if entry.kind == "generator"]

# What stands in the files, every scalar as its text.
RAW = {
    path.stem: yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)["kernels"]
    for path in sorted(built_in_directory().glob("*.yaml"))
}
RAW_ENTRIES = {name: raw for family in RAW.values() for name, raw in family.items()}

NORTH_FIRST = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


def load(spec):
    """Give the kernel of a spec, from the built-in bank alone."""
    return load_kernel(spec, BANK)


def exact(kernel):
    """Give scale times weights, as rows of fractions."""
    return [[Fraction(kernel.scale) * weight for weight in row] for row in kernel.weights]


def floats(kernel):
    """Give scale times weights, each rounded to float64."""
    return np.array([[float(weight) for weight in row] for row in exact(kernel)])


def total(kernel):
    """Sum scale times weights."""
    return sum((weight for row in exact(kernel) for weight in row), Fraction(0))


def turned(kernel):
    """Give the eight turned and mirrored forms of a matrix."""
    rows = [list(row) for row in kernel]
    forms = []
    for _ in range(4):
        rows = [list(column) for column in zip(*rows[::-1], strict=True)]
        forms += [rows, rows[::-1]]
    return forms


def run_kernel(image, kernel, **settings):
    """Correlate, and give the pixels."""
    return apply_kernel(image, kernel, Settings(**settings)).image


def run_set(image, kernels, **settings):
    """Apply a set, and give the pixels."""
    return apply_set(image, kernels, Settings(**settings)).image
