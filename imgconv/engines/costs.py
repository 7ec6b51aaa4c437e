"""What the paths cost on one core, in nanoseconds per output value, by instruction set.

Measured on one machine with AVX-512; what matters is which path costs less.
"""

PER_TAP = {
    "v4": {"taps16": 0.011, "dot8": 0.0051, "dot16": 0.0102, "fma32": 0.0225, "fma64": 0.038},
    "v3": {"taps16": 0.0145, "dot8": 1e9, "dot16": 0.0148, "fma32": 0.031, "fma64": 0.047},
    "v2": {"taps16": 0.016, "dot8": 1e9, "dot16": 0.07, "fma32": 0.12, "fma64": 0.25},
    "plain": {"taps16": 1e9, "dot8": 1e9, "dot16": 0.1, "fma32": 0.12, "fma64": 0.25},
}
PER_VALUE = {
    "v4": {"taps16": 0.07, "dot8": 0.22, "dot16": 0.2, "fma32": 0.25, "fma64": 0.45},
    "v3": {"taps16": 0.1, "dot8": 0.25, "dot16": 0.42, "fma32": 0.5, "fma64": 0.8},
    "v2": {"taps16": 0.1, "dot8": 0.25, "dot16": 0.35, "fma32": 0.4, "fma64": 0.75},
    "plain": {"taps16": 0.1, "dot8": 0.25, "dot16": 0.35, "fma32": 0.4, "fma64": 0.75},
}
LISTED = 8.0
"""For each tap, once in a call: making the list of what a block adds up."""
FIXED = 0.05
"""What finishing fixed-point sums takes more than whole ones."""
PAIRS = {"v4": (0.1, 0.028), "v3": (0.19, 0.04)}
"""What fixed point takes where rows go in pairs: a value, and each column of a pair of rows."""
MOST_PAIRS = 15
"""Columns of pairs of rows up to which that is done."""
SIDES = 1.2
"""For each tap of an output that sees the border, where rows go in pairs."""
BOX = {"v4": 0.39, "v3": 0.46, "v2": 1.8, "plain": 2.2}
FFT = {"v4": 0.33, "v3": 0.46, "v2": 1.0, "plain": 1.2}
"""For each number of a tile, and each bit of their count."""
