"""Kernels by other tools' names. The tables are what ImageMagick 6.9.11 prints and applies."""

from __future__ import annotations

import math
import re

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter

from imgconv import correlate
from imgconv.io.kernels.spec import load_kernel
from imgconv.model.errors import KernelError

SHOWN = {  # by -define morphology:showKernel=1; Convolve applies them turned by 180 degrees
    "Sobel": "1 0 -1; 2 0 -2; 1 0 -1",
    "Sobel:45": "2 1 0; 1 0 -1; 0 -1 -2",
    "Sobel:90": "1 2 1; 0 0 0; -1 -2 -1",
    "Prewitt:180": "-1 0 1; -1 0 1; -1 0 1",
    "Roberts:90": "0 1 0; 0 -1 0; 0 0 0",
    "Compass:45": "1 1 1; 1 -2 -1; 1 -1 -1",
    "Kirsch:135": "-3 5 5; -3 0 5; -3 -3 -3",
    "FreiChen:15": "0 -1/2 0; 1/2 0 1/2; 0 -1/2 0",
    "FreiChen:17": "1/6 -1/3 1/6; -1/3 2/3 -1/3; -1/6 -1/3 1/6",
    "Laplacian:5": "-4 -1 0 -1 -4; -1 2 3 2 -1; 0 3 4 3 0; -1 2 3 2 -1; -4 -1 0 -1 -4",
    "Binomial:2": "1 4 6 4 1; 4 16 24 16 4; 6 24 36 24 6; 4 16 24 16 4; 1 4 6 4 1",
    "Unity:3": "3",
}


def exact(kernel):
    return [[kernel.scale * weight for weight in row] for row in kernel.weights]


@pytest.mark.parametrize("name", SHOWN)
def test_imagemagick_turns_what_it_shows(name):
    kernel = load_kernel(f"im:{name}")
    assert exact(kernel) == exact(load_kernel(SHOWN[name]).flipped())
    assert load_kernel(kernel.name) == kernel
    assert "ImageMagick 7, MagickCore/morphology.c" in kernel.source


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("im:Sobel", "sobel_x"),
        ("IM:sobel:90", "sobel_y"),
        ("im:Prewitt", "prewitt_x"),
        ("im:Laplacian", "outline"),
        ("im:Laplacian:0", "outline"),
        ("im:Kirsch:405", "im:Kirsch:45"),
        ("im:Sobel:-45", "im:Sobel:315"),
        ("im:FreiChen:45", "im:FreiChen:0,45"),
        ("im:Unity", "1"),
        ("im:Sobel + im:Sobel:90", "sobel_x + sobel_y"),
        ("im:Sobel.T", "sobel_y"),
        ("pil:emboss", "pil_emboss"),
        ("pil:ImageFilter.SMOOTH_MORE", "pil_smooth_more"),
    ],
)
def test_names_mean_kernels_of_the_bank(name, known):
    assert exact(load_kernel(name)) == exact(load_kernel(known))


def test_frei_chen_has_the_root_of_a_double():
    assert float(load_kernel("im:FreiChen").weights[1][2]) == math.sqrt(2)


@pytest.mark.parametrize(
    "name",
    ["BLUR", "CONTOUR", "DETAIL", "EDGE_ENHANCE", "EDGE_ENHANCE_MORE", "EMBOSS", "FIND_EDGES",
     "SHARPEN", "SMOOTH", "SMOOTH_MORE"],
)  # fmt: skip
def test_pillow_filters_as_pillow_does(camera, name):
    theirs = np.asarray(Image.fromarray(camera).filter(getattr(ImageFilter, name)))
    ours = correlate(camera, load_kernel(f"pil:{name}"))
    inside = (slice(2, -2),) * 2  # Pillow leaves the border as it is
    assert cv2.absdiff(ours[inside].copy(), theirs[inside].copy()).max() <= 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("im:Gaussian:0x1", "is sampled"),
        ("im:LoG", "is sampled"),
        ("im:DoG:0,1,2", "is sampled"),
        ("im:Blur:0x2", "is sampled"),
        ("im:Comet", "is sampled"),
        ("im:Disk:3", "a shape for morphology"),
        ("im:Octagon", "a shape for morphology"),
        ("im:Euclidean", "a table of distances"),
        ("im:Skeleton", "a pattern to be found"),
        ("im:FreiChen:11", "manual and program differ"),
        ("im:Laplacian:4", "has no type 4"),
        ("im:Sobel:30", "a multiple of 45"),
        ("im:Sobel:1,2", "at most 1 number"),
        ("im:Sobel:x9y", "'9y' is not a number"),
        ("im:Sobel:>", "a list of turned kernels"),
        ("im:Binomial:11", "from 1 to 10"),
        ("im:Sharpen", "ImageMagick has no such kernel"),
        ("pil:GaussianBlur(2)", "not a fixed kernel"),
        ("pil:MedianFilter", "not a fixed kernel"),
        ("pil:SHARP", "Pillow has no such filter"),
        ("vips:sobel", "joins two kernels"),
        ("vips:gaussmat", "libvips has no kernels by name"),
        ("vips:" + "x" * 500, "libvips has no kernels by name"),
    ],
)
def test_what_is_no_exact_kernel_is_refused_by_name(name, said):
    with pytest.raises(KernelError, match=said) as caught:
        load_kernel(name)
    assert len(caught.value.message) < 200


REPLACEMENTS = [
    "im:Gaussian", "im:LoG", "im:DoG", "im:Comet", "im:Disk", "im:Square", "im:Diamond",
    "pil:GaussianBlur", "pil:UnsharpMask", "vips:sobel", "vips:prewitt", "vips:scharr",
    "im:FreiChen:11",
]  # fmt: skip


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_what_a_hint_says_to_use_can_be_used(name):
    with pytest.raises(KernelError, match=re.escape(repr(name))) as caught:
        load_kernel(name)
    found = re.match(r"use (\S+?),?(?: or (\S+))?(?: |$)", caught.value.hint + " ")
    for spec in filter(None, found.groups()):
        load_kernel(spec)
