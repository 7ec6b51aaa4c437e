"""The hash of everything that decides what an output is, beside the input."""

from __future__ import annotations

import hashlib

from imgconv.io.config.recipes import format_recipe
from imgconv.io.images.picture import Encoding, Reading
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Filter
from imgconv.model.numbers import format_number
from imgconv.model.recipe import Recipe

_READING, _ENCODING = Reading(), Encoding()


def recipe_hash(
    recipe: Recipe,
    format: str | None,
    reading: Reading = _READING,
    encoding: Encoding = _ENCODING,
) -> str:
    """Return a hash of all that happens to a picture: the weights of each kernel, not its name.

    Examples
    --------
    >>> from imgconv.io.config.recipes import recipe_from
    >>> one, other = recipe_from({"kernels": ["blur"]}), recipe_from({"kernels": ["1 1"]})
    >>> recipe_hash(one, None) == recipe_hash(other, None)
    False
    """
    from dataclasses import replace

    lines = [format_recipe(replace(recipe, kernels=())), f"format {format}"]
    lines += [f"page {reading.page}, salvage {reading.salvage}", repr(encoding)]
    lines += [line for kernel in recipe.kernels for line in _kernel_lines(kernel)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _kernel_lines(kernel: Filter) -> list[str]:
    if not isinstance(kernel, Kernel):
        members = [line for member in kernel.kernels for line in _kernel_lines(member)]
        return [f"{kernel.combine.value} {kernel.output.value}", *members, "end"]
    rows = "; ".join(" ".join(map(format_number, row)) for row in kernel.weights)
    numbers = f"{format_number(kernel.scale)} {format_number(kernel.offset)}"
    return [f"{rows} | {numbers} | {kernel.anchor[0]},{kernel.anchor[1]}"]
