"""Weights of a layer from a file of arrays: which array, which bias, which order of the axes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from imgconv.io.layers.arrays import SUFFIXES, StoredArrays, open_arrays
from imgconv.model.errors import KernelError

Array = NDArray[Any]
NO_BIAS = "none"

_SPEC = re.compile(r"(?P<path>.+?\.(?:npy|npz|safetensors))(?:#(?P<name>.*))?", re.IGNORECASE)
_PARTNERS = (("weight", "bias"), ("kernel", "bias"), ("weights", "biases"))
_AXES = (3, 4, 5)
_MOST_NAMES = 12


def is_array_spec(text: str) -> bool:
    """Return whether a spec names a file of arrays: ``net.safetensors#conv1.weight``."""
    return _SPEC.fullmatch(text) is not None


def load_weights(
    spec: str, bias: str | None = None, folder: Path | None = None
) -> tuple[Array, Array | None]:
    """Read the weights of a layer, and the bias that belongs to them.

    Parameters
    ----------
    spec : str
        ``FILE`` or ``FILE#NAME``; NAME may leave out a last ``.weight``. Without it the file must
        hold one array of 3, 4 or 5 axes.
    bias : str, optional
        ``FILE#NAME`` or ``none``. By default the array is taken that is called as the weights are,
        with ``bias`` in place of ``weight`` or ``kernel``, where there is one.
    folder : Path, optional
        What relative paths start from.

    Raises
    ------
    KernelError
        When a file cannot be read or is damaged, or there is no such array.
    """
    path, stored, name = _opened(spec, folder)
    chosen = _named(stored, name, path) if name else _only(stored, path)
    weights = stored.read(chosen)
    if bias == NO_BIAS:
        return weights, None
    if bias is not None:
        return weights, load_bias(bias, folder)
    partner = _partner(chosen)
    return weights, stored.read(partner) if partner and partner in stored.shapes else None


def load_bias(spec: str, folder: Path | None = None) -> Array:
    """Read an array of one axis (see `load_weights`)."""
    path, stored, name = _opened(spec, folder)
    if not name and len(stored.shapes) != 1:
        raise _several(stored, path, "say which one is the bias")
    bias = stored.read(_named(stored, name, path) if name else next(iter(stored.shapes)))
    if bias.ndim != 1:
        raise KernelError(f"{spec}: a bias has one axis, this array has shape {bias.shape}")
    return bias


def _opened(spec: str, folder: Path | None) -> tuple[Path, StoredArrays, str | None]:
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise KernelError(
            f"{spec[:80]!r} is not a weights file", hint="its name ends in " + ", ".join(SUFFIXES)
        )
    path = (folder or Path()) / match["path"]
    return path, open_arrays(path, KernelError), match["name"]


def _named(stored: StoredArrays, name: str, path: Path) -> str:
    for candidate in (name, *(f"{name}{mark}{end}" for mark in "./" for end, _ in _PARTNERS)):
        if candidate in stored.shapes:
            return candidate
    import difflib

    close = difflib.get_close_matches(name, stored.shapes, n=1)
    hint = f"did you mean {close[0]}?" if close else _listed(stored)
    raise KernelError(f"{path}: no array is called {name[:80]!r}", hint)


def _only(stored: StoredArrays, path: Path) -> str:
    fitting = [name for name, shape in stored.shapes.items() if len(shape) in _AXES]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise KernelError(
            f"{path}: no array in it has 3, 4 or 5 axes, as the weights of a layer do",
            hint=_listed(stored),
        )
    raise _several(stored, path, "say which one holds the weights")


def _several(stored: StoredArrays, path: Path, rule: str) -> KernelError:
    first = next(iter(stored.shapes), "NAME")
    return KernelError(
        f"{path} holds {len(stored.shapes)} arrays; {rule}: {path.name}#{first}", _listed(stored)
    )


def _listed(stored: StoredArrays) -> str:
    said = [f"{name or 'one array'} {shape}" for name, shape in stored.shapes.items()]
    more = f" and {len(said) - _MOST_NAMES} more" if len(said) > _MOST_NAMES else ""
    return "the file holds " + (", ".join(said[:_MOST_NAMES]) + more or "no array")


def _partner(name: str) -> str:
    for end, partner in _PARTNERS:
        if name == end or name.endswith((f".{end}", f"/{end}", f"_{end}")):
            return name.removesuffix(end) + partner
    return ""
