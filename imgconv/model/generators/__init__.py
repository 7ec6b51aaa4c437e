"""Kernels that are computed from parameters: the same weights on every machine.

Each generator is a function of checked parameters. What they may be stands here; defaults, and
perhaps narrower ranges, stand in the bank's YAML files.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational, parse_number

_HOMES = {
    "windows": ("box", "disk", "motion", "binomial", "haar"),
    "gaussians": ("gaussian", "log", "dog", "unsharp", "high_boost", "gabor"),
    "derivatives": ("savgol", "laplacian_alpha", "farid_derivative"),
}
GENERATORS = {name: home for home, names in _HOMES.items() for name in names}
"""Every generator, and the module of this package that it stands in."""

WHOLE = {"size", "length", "order"}
"""Parameters that are whole numbers."""

Allowed = tuple[Rational, Rational] | tuple[str, ...]
"""The least and the greatest value, or the choices."""


def _from(low: str, high: str) -> tuple[Rational, Rational]:
    return parse_number(low), parse_number(high)


_SIGMA, _SIZE, _ANGLE, _AMOUNT = _from("0.1", "100"), (1, 1023), (-360, 360), (0, 100)
LIMITS: dict[str, dict[str, Allowed]] = {
    "box": {"size": _SIZE},
    "disk": {"radius": _from("0.5", "255")},
    "motion": {"length": (1, 511), "angle": _ANGLE},
    "binomial": {"size": (1, 63)},
    "haar": {"kind": ("edge_x", "edge_y", "line_x", "line_y", "checker"), "size": (2, 256)},
    "gaussian": {
        "sigma": _SIGMA,
        "size": _SIZE,
        "rule": ("3sigma", "4sigma", "opencv"),
        "precision": ("standard", "fine"),
    },
    "log": {"sigma": _from("0.3", "50"), "size": (3, 1023)},
    "dog": {"sigma1": _SIGMA, "sigma2": _SIGMA, "size": (3, 1023)},
    "unsharp": {"sigma": _SIGMA, "amount": _AMOUNT, "size": _SIZE},
    "high_boost": {"amount": _AMOUNT},
    "gabor": {
        "sigma": _from("0.3", "100"),
        "theta": _ANGLE,
        "lambda": _from("0.5", "1000"),
        "gamma": _from("0.05", "20"),
        "psi": _ANGLE,
        "size": (1, 255),
    },
    "savgol": {"size": (3, 31), "order": (0, 6), "derivative": ("none", "x", "y")},
    "laplacian_alpha": {"alpha": (0, 1)},
    "farid_derivative": {"size": ("3", "5", "7"), "derivative": ("x", "y")},
}
"""What each parameter of each generator may be."""

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
