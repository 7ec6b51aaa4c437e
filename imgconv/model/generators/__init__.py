"""Kernels that are computed from parameters: the same weights on every machine.

Each generator is a function of checked parameters; names, ranges and defaults stand in the bank's
YAML files.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from imgconv.model.kernel import Kernel

_HOMES = {
    "windows": ("box", "disk", "motion", "binomial", "haar"),
    "gaussians": ("gaussian", "log", "dog", "unsharp", "high_boost", "gabor"),
    "derivatives": ("savgol", "laplacian_alpha", "farid_derivative"),
}
GENERATORS = {name: home for home, names in _HOMES.items() for name in names}
"""Every generator, and the module of this package that it stands in."""

WHOLE = {"size", "length", "order"}
"""Parameters that are whole numbers."""

_PYTHON_NAMES = {"lambda": "wavelength"}


def generate(name: str, parameters: dict[str, Any]) -> Kernel:
    """Make the kernel of a generator.

    Raises
    ------
    ArgumentError
        For parameters that do not go together.
    """
    arguments = {_PYTHON_NAMES.get(key, key): value for key, value in parameters.items()}
    kernel: Kernel = getattr(import_module(f"{__name__}.{GENERATORS[name]}"), name)(**arguments)
    return kernel
