"""What a golden was made of, and what of that has changed since."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from imgconv.io.config.recipe_hash import recipe_hash
from imgconv.io.config.recipes import format_recipe
from imgconv.io.images import image_files
from imgconv.io.images.decode import read_file
from imgconv.io.images.masks import find_mask, key_of
from imgconv.io.storage import files
from imgconv.jobs.golden.case import Case
from imgconv.jobs.golden.environment import inexact_steps
from imgconv.jobs.golden.golden_record import GoldenRecord, InputRecord, RecipeRecord
from imgconv.jobs.golden.pixel_hash import pixel_hash
from imgconv.ops.compare.cause import Cause
from imgconv.ops.image import form_of

_LONGEST = 200


class Origin(NamedTuple):
    """What a case's picture is made of.

    Attributes
    ----------
    recipe : RecipeRecord, optional
    input : InputRecord, optional
    inexact : dict of str to str
        Steps that are not exact, and the libraries that computed them, with their versions.
    """

    recipe: RecipeRecord | None = None
    input: InputRecord | None = None
    inexact: Mapping[str, str] = MappingProxyType({})


def origin_of(case: Case) -> Origin:
    """Return what a case's picture is made of now.

    Raises
    ------
    ImageReadError
        When the input cannot be read.
    """
    if case.command:
        words = "\0".join(case.command).encode("utf-8", "surrogateescape")
        text = shlex.join(case.command)
        return Origin(RecipeRecord(hashlib.sha256(words).hexdigest()[:32], text))
    if case.input is None:
        return Origin()
    recipe = RecipeRecord(_hash_of(case, case.input), format_recipe(case.recipe))
    data = files.read_bytes(case.input)
    image = image_files.decode(data, str(case.input), case.recipe.settings.depth)
    path = Path(os.path.relpath(case.input, case.folder)).as_posix()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    steps = case.recipe.planned(form_of(image)).steps
    used = {p.step.kind: p.step.computed_by(p.before) for p in steps}
    return Origin(recipe, InputRecord(path, digest, pixel_hash(image)), inexact_steps(used))


def _hash_of(case: Case, source: Path) -> str:
    """Return the hash of a case's recipe, and of the masks that it names."""
    plain = recipe_hash(case.recipe, None)
    names = [name for name in (case.recipe.selection.mask, case.recipe.nodata.valid) if name]
    if not names:
        return plain
    masks = [read_file(find_mask(name, key_of(source), case.folder)) for name in names]
    digests = b"".join(hashlib.sha256(mask).digest() for mask in masks)
    return hashlib.sha256(plain.encode() + digests).hexdigest()[:32]


def origin_changes(
    record: GoldenRecord, case: Case, environment: tuple[str, ...], pixels: int
) -> list[Cause]:
    """Return what has changed of that which a golden was made of, before any pixel is looked at.

    Parameters
    ----------
    record : GoldenRecord
    case : Case
    environment : tuple of str
        What is not as it was at the recording.
    pixels : int
        How many differ.

    Returns
    -------
    list of Cause
        "recipe changed", "input changed", "input decoded differently"; where all of these are
        known to be as they were, "environment changed". Empty for records that do not say.

    Raises
    ------
    ImageReadError
        When the input cannot be read.
    """
    if record.recipe is None and record.input is None:
        return []
    now, found = origin_of(case), []
    if record.recipe and now.recipe and record.recipe.hash != now.recipe.hash:
        found.append(("recipe changed", _recipe_words(record.recipe.text, now.recipe.text)))
    elif (record.recipe is None) != (now.recipe is None):
        found.append(("recipe changed", "the case was made in another way"))
    then = record.input
    if then and now.input and then.pixels != now.input.pixels:
        same_file = then.file == now.input.file
        name = "input decoded differently" if same_file else "input changed"
        words = f"{then.path} has the same bytes, and other pixels" if same_file else now.input.path
        found.append((name, words))
    if not found and environment:
        found.append(("environment changed", ", ".join(environment)))
    return [Cause(name, pixels, words) for name, words in found]


def _recipe_words(then: str, now: str) -> str:
    """Describe which keys of a recipe changed.

    Examples
    --------
    >>> _recipe_words("kernels: [sharpen]", "kernels: [blur]")
    'kernels: sharpen to blur'
    """
    before, after = _pairs(then), _pairs(now)
    if not before or not after:
        return f"{then} to {now}"[:_LONGEST]
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    said = [f"{key}: {before.get(key, 'default')} to {after.get(key, 'default')}" for key in keys]
    return ", ".join(said)[:_LONGEST] or "the weights of a kernel"


def _pairs(text: str) -> dict[str, str]:
    lines = [line.partition(": ") for line in text.splitlines()]
    return {key: value.strip("[]") for key, mark, value in lines if mark}
