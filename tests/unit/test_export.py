"""Exports are read back by the tool that they name, where it is here, and parsed where not."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from fractions import Fraction

import cv2
import numpy as np
import pytest

from imgconv.io.kernels.bank import read_bank_file
from imgconv.io.kernels.matrix_text import parse_matrix
from imgconv.io.kernels.spec import load_kernel
from imgconv.model.errors import KernelError
from imgconv.model.export import FORMATS, export
from imgconv.model.kernel import Kernel
from imgconv.ops.linear.correlate import correlate

SPECS = ["sharpen", "sobel_x", "gaussian_canny", "emboss_128", "roberts_x", "1/3 -2; 3 4"]


def exact(kernel):
    return [[kernel.scale * weight for weight in row] for row in kernel.weights]


@pytest.mark.parametrize("spec", [*SPECS, "gaussian:sigma=0.8", "farid7_x"])
def test_yaml(tmp_path, spec):
    kernel = load_kernel(spec)
    path = tmp_path / "bank.yaml"
    path.write_text(export(kernel, "yaml"))
    (entry,) = read_bank_file(path).values()
    assert exact(entry.kernel) == exact(kernel)
    assert (entry.kernel.anchor, entry.kernel.offset) == (kernel.anchor, kernel.offset)


@pytest.mark.parametrize("spec", SPECS)
def test_opencv(camera, spec):
    kernel = load_kernel(spec)
    names = {"image": camera}
    exec(export(kernel, "opencv"), names)  # it is Python, and this is what a user does with it
    ours = correlate(camera, kernel)
    assert np.abs(ours.astype(int) - names["result"]).max() <= 1


@pytest.mark.parametrize("spec", SPECS)
def test_numpy(spec):
    kernel = load_kernel(spec)
    names = {}
    exec(export(kernel, "numpy"), names)
    np.testing.assert_array_equal(names["kernel"], np.array(exact(kernel), float))


def test_imagemagick_by_its_grammar():
    text = export(load_kernel("roberts_x"), "imagemagick")
    columns, rows, x, y, values = re.fullmatch(r"(\d+)x(\d+)\+(\d+)\+(\d+): (.*)", text).groups()
    assert (columns, rows, x, y) == ("2", "2", "0", "0")
    assert [[float(v) for v in row.split(",")] for row in values.split()] == [[1, 0], [0, -1]]


def imagemagick():
    """Give the program, if it is the real one."""
    for name in ("magick", "convert"):
        program = shutil.which(name)
        if program:
            said = subprocess.run(
                [program, "-version"], capture_output=True, text=True, check=False
            )
            if "morphology" in said.stdout or "Version: ImageMagick" in said.stdout:
                return program
    return None


@pytest.mark.parametrize("spec", ["sharpen", "1 2 3; 4 5 6; 7 8 10", "emboss", "emboss_128"])
def test_imagemagick_itself_where_it_is_here(camera, tmp_path, spec):
    program = imagemagick()
    if program is None:
        return  # the grammar is tested above
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    cv2.imwrite(str(source), camera)
    kernel = export(load_kernel(spec), "imagemagick")
    way = shlex.split(kernel) if kernel[0] == "-" else ["-morphology", "Correlate", kernel]
    command = [program, str(source), "-virtual-pixel", "edge", *way]
    subprocess.run([*command, "-depth", "8", str(target)], check=True)
    theirs = cv2.imread(str(target), cv2.IMREAD_GRAYSCALE)
    ours = correlate(camera, load_kernel(spec), border="replicate")
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_vips_by_its_grammar():
    lines = export(load_kernel("sharpen_mild"), "vips").splitlines()
    assert lines[0] == "3 3 24 0"
    assert parse_matrix("\n".join(lines[1:])) == Kernel([[-1] * 3, [-1, 32, -1], [-1] * 3])
    with pytest.raises(KernelError, match="anchor at the centre"):
        export(load_kernel("roberts_x"), "vips")


def test_gmic_by_its_grammar():
    text = export(load_kernel("emboss_128"), "gmic")
    rows = re.fullmatch(r"correlate \((.*)\),1 add 128", text)[1]
    assert [[Fraction(v) for v in row.split(",")] for row in rows.split(";")] == exact(
        load_kernel("emboss_128")
    )


def test_every_format_has_a_command():
    from imgconv.cli.kernels.export import _TOOLS

    assert list(FORMATS) == _TOOLS
