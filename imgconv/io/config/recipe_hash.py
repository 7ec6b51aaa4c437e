"""The hash of a recipe: what decides whether a picture of a folder is done again."""

from __future__ import annotations

import hashlib
import re

from imgconv.io.config.recipes import settings_texts, yaml_lines
from imgconv.io.images.picture import Encoding, Reading
from imgconv.model.recipe import Recipe

_READING, _ENCODING = Reading(), Encoding()
_LETTERS = {
    "gray": "g",
    "binarize": "b",
    "invert": "i",
    "linear": "l",
    "encode": "e",
    "convert": "c",
    "kernel": "k",
    "set": "k",
}
_BEFORE = re.compile(r"g?b?i?(?:k*|lk*e)")
_AFTER = re.compile(r"g?(?:k+|lk*e|c)bi?")
"""Orders that recipes had before steps could stand in any: with tone before or after kernels."""


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
    >>> one, other = recipe_from({"steps": ["blur"]}), recipe_from({"steps": ["1 1"]})
    >>> recipe_hash(one, None) == recipe_hash(other, None)
    False
    """
    order = "".join(_LETTERS.get(step.kind, "-") for step in recipe.steps)
    texts = settings_texts(recipe)
    steps = [step for step in recipe.steps if _LETTERS.get(step.kind) == "k"]
    if _BEFORE.fullmatch(order) or _AFTER.fullmatch(order):
        texts = _with_places(recipe, order, texts)
        lines = [yaml_lines(texts), f"format {format}"]
    else:
        steps = list(recipe.steps)
        lines = [yaml_lines(texts), f"format {format}", "in this order"]
    lines += [f"page {reading.page}, salvage {reading.salvage}", repr(encoding)]
    lines += [line for step in steps for line in step.exact]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _with_places(recipe: Recipe, order: str, texts: dict[str, object]) -> dict[str, object]:
    """Return the texts with the keys that stood for steps, where these keys stood."""
    words = {step.kind: step for step in recipe.steps}
    around = {
        "linear": "l" in order or None,
        "gray": words["gray"].words.removeprefix("gray ") if "g" in order else None,
        "binarize": str(words["binarize"]) if "b" in order else None,
        "binarize-after": _AFTER.fullmatch(order) is not None or None,
        "invert": "i" in order or None,
    }
    before = ("convolve", "fuse", "alpha")
    return {
        **{key: texts[key] for key in before},
        **around,
        **{key: value for key, value in texts.items() if key not in before},
    }
