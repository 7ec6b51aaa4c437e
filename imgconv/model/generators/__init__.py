"""Kernels that are computed from parameters: the same weights on every machine.

Each generator is a function of checked parameters; names, ranges and defaults stand in the bank's
YAML files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgconv.model.generators import derivatives, gaussians, windows
from imgconv.model.kernel import Kernel

GENERATORS: dict[str, Callable[..., Kernel]] = {
    function.__name__: function
    for function in (
        windows.box,
        windows.disk,
        windows.motion,
        windows.binomial,
        windows.haar,
        gaussians.gaussian,
        gaussians.log,
        gaussians.dog,
        gaussians.unsharp,
        gaussians.high_boost,
        gaussians.gabor,
        derivatives.savgol,
        derivatives.laplacian_alpha,
        derivatives.farid_derivative,
    )
}

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
    return GENERATORS[name](**arguments)
