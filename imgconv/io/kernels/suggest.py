"""Suggestions for a kernel or step that is not there: by meaning, then by letters."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MEANT = {
    "average": "box:3",
    "avg": "box:3",
    "boxblur": "box:3",
    "box_blur": "box:3",
    "mean_filter": "box:3",
    "gauss": "gaussian:sigma=1",
    "gaussian_blur": "gaussian:sigma=1",
    "gaussianblur": "gaussian:sigma=1",
    "soften": "gaussian:sigma=1",
    "smooth": "gaussian:sigma=1",
    "motion_blur": "motion:length=9,angle=0",
    "motionblur": "motion:length=9,angle=0",
    "bokeh": "disk:5",
    "lens_blur": "disk:5",
    "sharp": "sharpen",
    "sharpening": "sharpen",
    "unsharp_mask": "unsharp",
    "unsharpmask": "unsharp",
    "usm": "unsharp",
    "edge": "sobel",
    "edges": "sobel",
    "edge_detect": "sobel",
    "edge_detection": "sobel",
    "find_edges": "sobel",
    "gradient": "sobel",
    "laplace": "laplacian",
    "laplacian_of_gaussian": "log:sigma=1.4",
    "difference_of_gaussians": "dog",
    "relief": "emboss",
    "negate": "invert",
    "negative": "invert",
    "grey": "gray",
    "grayscale": "gray",
    "greyscale": "gray",
    "grey_scale": "gray",
    "gray_scale": "gray",
    "monochrome": "gray",
    "threshold": "binarize:128",
    "binarise": "binarize:otsu",
    "binary": "binarize:otsu",
    "black_and_white": "binarize:otsu",
    "otsu": "binarize:otsu",
    "sauvola": "binarize:sauvola",
    "despeckle": "median:3",
    "denoise": "median:3",
    "median_filter": "median:3",
    "medianblur": "median:3",
    "median_blur": "median:3",
    "erosion": "erode",
    "minimum_filter": "min",
    "maximum_filter": "max",
    "dilation": "dilate",
    "opening": "open",
    "closing": "close",
    "bilateral_filter": "bilateral",
    "non_local_means": "nlmeans",
    "canny_edges": "canny",
    "curve": "convert",
}
"""What other words mean here."""

_NOT_HERE = {
    "wiener": "a Wiener filter needs the spectrum of the noise",
    "richardson_lucy": "deconvolution is not a filter with one kernel",
    "lucy_richardson": "deconvolution is not a filter with one kernel",
    "deconvolution": "deconvolution is not a filter with one kernel",
    "deblur": "deconvolution is not a filter with one kernel",
    "kalman": "a Kalman filter is for sequences",
    "anisotropic_diffusion": "diffusion is not a filter with one kernel",
    "butterworth": "filters by frequency are not there",
    "fft": "filters by frequency are not there",
    "resize": "pictures are not resized",
    "rotate": "pictures are not rotated",
    "crop": "pictures are not cropped",
}
"""Filters that imgconv does not have, and why nothing near can be suggested."""

_CALL = re.compile(
    r"(?P<name>[A-Za-z_]\w*)\s*(?:\((?P<inside>[^()]*)\)|[\s=](?P<after>[\w.,=\s]+))"
)


def known_form(name: str) -> str:
    """Return a name as the bank writes names.

    Examples
    --------
    >>> known_form("Small-Blur")
    'small_blur'
    """
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def meant(name: str, known: Iterable[str]) -> list[str]:
    """Return what may be meant by a name: by its meaning, or with nearly its letters."""
    import difflib

    names = list(known)
    form = known_form(name)
    by_meaning = _MEANT.get(form)
    if by_meaning and by_meaning.partition(":")[0] in names:
        return [by_meaning]
    if form in _NOT_HERE:
        return []
    return difflib.get_close_matches(form, names, n=1, cutoff=0.75)


def hint(name: str, known: Iterable[str]) -> str:
    """Return the hint for a name that is not there.

    Examples
    --------
    >>> hint("gauss", ["gaussian"])
    'did you mean: gaussian:sigma=1'
    >>> hint("butterworth", ["blur"])
    'imgconv has none: filters by frequency are not there'
    """
    close = meant(name, known)
    if close:
        return f"did you mean: {' or '.join(close)}"
    why = _NOT_HERE.get(known_form(name))
    return f"imgconv has none: {why}" if why else "see: imgconv kernels list"


def as_spec(text: str) -> tuple[str, str] | None:
    """Return the name and the spec of what is written as a call or with a space.

    Examples
    --------
    >>> as_spec("gaussian(2)"), as_spec("gaussian 2"), as_spec("Box(size = 5)"), as_spec("blur")
    (('gaussian', 'gaussian:2'), ('gaussian', 'gaussian:2'), ('box', 'box:size=5'), None)
    """
    found = _CALL.fullmatch(text.strip())
    if found is None:
        return None
    name = known_form(found["name"])
    values = found["inside"] if found["inside"] is not None else found["after"]
    values = re.sub(r"\s*([=,])\s*", r"\1", values.strip())
    values = re.sub(r"\s+", ",", values)
    return name, f"{name}:{values}" if values else name
