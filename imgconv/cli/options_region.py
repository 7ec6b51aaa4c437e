"""Options that say where a filter acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgconv.cli import output
from imgconv.cli.command import option, together

if TYPE_CHECKING:
    from imgconv.io.storage.locations import Place
    from imgconv.model.recipe import Recipe
    from imgconv.ops.regions.masks import Masks

_HEADING = "Where it acts"

selection_options = together(
    option("--region", "regions", metavar="RECT", multiple=True, heading=_HEADING,
           help="Filter only a rectangle: ROW,COL,ROWS,COLS, or WxH+X+Y. May be repeated."),
    option("--mask", metavar="FILE", heading=_HEADING,
           help="Filter only where this picture is white; gray mixes. For a batch also a folder "
           "that mirrors the sources."),
    option("--mask-invert", is_flag=True, default=None, heading=_HEADING,
           help="Filter where the mask is black."),
    option("--feather", metavar="N", heading=_HEADING,
           help="Fade the effect over N pixels inside the edge.  [default: 0]"),
    option("--channels", metavar="NAMES", heading=_HEADING,
           help="Filter only these: red,blue or alpha, or luma (luma:bt709), lightness, value; the "
           "others are kept."),
    option("--sees", metavar="WHAT", heading=_HEADING,
           help="all|region: whether pixels that are not selected take part in the sums.  "
           "[default: all]"),
    option("--nodata", metavar="VALUE", heading=_HEADING,
           help="Pixels with this value do not count: nan, a number, or tag for what a TIFF says; "
           "holes that a window reaches are filled."),
    option("--valid", metavar="FILE", heading=_HEADING,
           help="Pixels that are black in this picture do not count."),
    option("--min-valid", metavar="SHARE", heading=_HEADING,
           help="Least share of a window, by weight, that must count, 0 to 1.  [default: 0]"),
    option("--nodata-keep", is_flag=True, default=None, heading=_HEADING,
           help="Leave holes as they are."),
)  # fmt: skip


def selection_values(parameters: Mapping[str, Any]) -> dict[str, object]:
    """Return what the options of a command say of the selection, by the keys of a recipe."""
    return {
        "region": list(parameters.get("regions", ())) or None,
        "mask": parameters.get("mask"),
        "mask-invert": parameters.get("mask_invert"),
        "feather": parameters.get("feather"),
        "channels": parameters.get("channels"),
        "sees": parameters.get("sees"),
        "nodata": parameters.get("nodata"),
        "valid": parameters.get("valid"),
        "min-valid": parameters.get("min_valid"),
        "nodata-keep": parameters.get("nodata_keep"),
    }


def masks_of(source: Place, recipe: Recipe) -> Masks:
    """Read the pictures that a recipe names, for a command that only looks at its picture."""
    from imgconv.io.images.masks import key_of, read_masks

    (masks,) = read_masks(recipe, "stdin" if output.is_stream(source) else key_of(source))
    return masks
