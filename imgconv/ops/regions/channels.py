"""Channels of an image that are filtered by themselves, the others kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from imgconv.engines.rounding import clamped
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.region import COLOURS
from imgconv.model.steps.base import Form
from imgconv.model.steps.methods import Gray
from imgconv.ops.color.gray import to_gray
from imgconv.ops.image import Image, has_alpha
from imgconv.ops.regions.lightness import lightness_of, with_lightness


class Plane(ABC):
    """A gray image that is taken out of another, filtered, and put back."""

    @abstractmethod
    def gray(self, image: Image) -> Image:
        """Return the plane of an image, shape (rows, columns)."""

    @abstractmethod
    def put(self, made: Image, image: Image, plane: Image, before: Image) -> None:
        """Write what a filtered plane, which was another before, makes of an image into `made`."""

    weighs = True
    """Whether the plane is a colour, which alpha weighs."""

    def take(self, image: Image) -> Image:
        """Return the plane of an image, with its alpha where it has any."""
        gray = self.gray(image)
        if has_alpha(image) and self.weighs:
            return np.stack([gray, image[..., -1]], axis=2)
        return gray

    def form(self, form: Form) -> Form:
        """Return what kind of image the plane of another is."""
        return form._replace(channels=2 if form.has_alpha and self.weighs else None)


class Channel(Plane):
    """One channel as it is; -1 is the last, alpha."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.weighs = number >= 0

    def gray(self, image: Image) -> Image:
        """Return the channel."""
        return image[..., self._number] if image.ndim == 3 else image

    def put(self, made: Image, image: Image, plane: Image, before: Image) -> None:
        """Replace the channel."""
        del image, before
        (made[..., self._number] if made.ndim == 3 else made)[...] = plane


class Luma(Plane):
    """A weighted mean of the colours; all of them are moved by what it changes."""

    def __init__(self, method: Gray) -> None:
        self._method = method

    def gray(self, image: Image) -> Image:
        """Return the mean, rounded to the depth."""
        return to_gray(image, self._method)

    def put(self, made: Image, image: Image, plane: Image, before: Image) -> None:
        """Add the change to every colour."""
        colours = _colours(image)
        with np.errstate(all="ignore"):
            wide = np.float64 if image.dtype == np.float32 else np.int32
            change = plane.astype(wide) - before.astype(wide)
            moved = colours.astype(wide) + change[..., None]
        if image.dtype == np.float32:
            found = moved.astype(np.float32)
        else:
            found, _ = clamped(moved, Depth.of(image.dtype))
        _put_colours(made, np.where(change[..., None] == 0, colours, found))


class Value(Plane):
    """The greatest of the colours, V of HSV; all of them are scaled by what it changes."""

    def gray(self, image: Image) -> Image:
        """Return the greatest colour."""
        if image.dtype == np.int16:
            raise ArgumentError("value needs a u8, u16 or f32 image, not i16")
        return np.asarray(_colours(image).max(axis=2))

    def put(self, made: Image, image: Image, plane: Image, before: Image) -> None:
        """Scale the colours; black becomes gray."""
        colours, before, after = _colours(image), before[..., None], plane[..., None]
        if image.dtype == np.float32:
            with np.errstate(all="ignore"):
                wide = colours.astype(np.float64) * after.astype(np.float64) / before
            found = np.where(before > 0, wide, after).astype(np.float32)
        else:
            # Exact: quotients of 32 by 16 bits are ties in float64 where they are, and only there.
            wide = colours.astype(np.float64) * after / np.maximum(before, 1)
            scaled, _ = clamped(np.rint(wide), Depth.of(image.dtype))
            found = np.where(before > 0, scaled, after)
        _put_colours(made, np.where(after == before, colours, found))


class Lightness(Plane):
    """CIE L*, 0 to 100 in the range of the depth; a* and b* stay."""

    def gray(self, image: Image) -> Image:
        """Return the lightness."""
        return lightness_of(_colours(image))

    def put(self, made: Image, image: Image, plane: Image, before: Image) -> None:
        """Return the image with the new lightness of every pixel."""
        changed = (plane != before) & ~(np.isnan(plane) & np.isnan(before))
        colours = _colours(image).copy()
        change = plane[changed].astype(np.float64) - before[changed].astype(np.float64)
        colours[changed] = with_lightness(colours[changed], change)
        _put_colours(made, colours)


def _colours(image: Image) -> Image:
    """Return the colours, shape (rows, columns, channels); gray is one."""
    if image.ndim == 2:
        return image[..., None]
    return image[..., :-1] if has_alpha(image) else image


def _put_colours(made: Image, colours: Image) -> None:
    if made.ndim == 2:
        made[...] = colours[..., 0]
    else:
        made[..., : colours.shape[2]] = colours


_OF_COLOUR: dict[str, Callable[[], Plane]] = {
    "luma": lambda: Luma(Gray.BT601),
    "luma:bt709": lambda: Luma(Gray.BT709),
    "lightness": Lightness,
    "value": Value,
}


def planes_of(channels: Sequence[str], form: Form) -> list[Plane]:
    """Return the planes that channels of an image are.

    Raises
    ------
    ArgumentError
        For a channel that the image does not have.
    """
    planes: list[Plane] = []
    for name in channels:
        if name == "alpha":
            if not form.has_alpha:
                raise ArgumentError("the image has no alpha channel to filter")
            planes.append(Channel(-1))
        elif name in COLOURS:
            if form.channels not in (3, 4):
                raise ArgumentError(
                    f"the image has no channel {name}: it is not in colour",
                    hint="leave out channels, or choose luma",
                )
            planes.append(Channel(COLOURS.index(name)))
        else:
            if form.values > 4:
                raise ArgumentError(
                    f"{name} needs colour, and the image has other bands ({form.values})"
                )
            planes.append(_OF_COLOUR[name]())
    return planes


def put_back(
    image: Image, planes: Sequence[Plane], made: Sequence[Image], taken: Sequence[Image] = ()
) -> Image:
    """Return an image with planes replaced by what was made of them.

    Parameters
    ----------
    image : ndarray
    planes : sequence of Plane
    made : sequence of ndarray
        What was made of each.
    taken : sequence of ndarray, optional
        What each was; default taken again.
    """
    result = image.copy()
    before = taken or [plane.gray(image) for plane in planes]
    for plane, found, was in zip(planes, made, before, strict=True):
        plane.put(result, image, _first(found), _first(was))
    return result


def _first(plane: Image) -> Image:
    return plane if plane.ndim == 2 else plane[..., 0]
