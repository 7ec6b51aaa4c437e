"""What a picture's profile says of light, beside a recipe that works in linear light."""

from __future__ import annotations

from imgconv.io.images.shared import icc
from imgconv.model.recipe import Recipe


def about_light(recipe: Recipe, profile: bytes | None) -> tuple[str, ...]:
    """Return a note where a recipe takes values for sRGB, and the profile says otherwise."""
    if profile is None or not any(step.opens_light for step in recipe.steps):
        return ()
    if icc.is_srgb(profile):
        return ()
    name = icc.name_of(profile)
    named = f" is {name!r}, which" if name else ""
    return (
        f"linear light: the values are converted as those of sRGB; the ICC profile{named} says "
        "that they are not",
    )
