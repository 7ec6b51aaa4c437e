"""What `kernels export` writes is read back: every entry of the bank in every format."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.bank_tools import BANK

from imgconv.io.kernels.spec import load_kernel
from imgconv.model.errors import KernelError
from imgconv.model.export import FORMATS, export
from imgconv.model.kernel import Kernel

KERNELS = {name: kernel for name, kernel in BANK.items() if isinstance(kernel, Kernel)}
SUFFIXES = {"yaml": ".yaml", "vips": ".mat", "opencv": ".py", "numpy": ".py"}
CENTRED = ("vips", "gmic")  # formats that have no anchor
EXACT = ("yaml", "opencv", "numpy", "vips")


def exact(kernel):
    return [[kernel.scale * weight for weight in row] for row in kernel.weights]


def floats(rows):
    return [[float(value) for value in row] for row in rows]


def centred(kernel):
    return kernel.anchor == (kernel.shape[0] // 2, kernel.shape[1] // 2)


def check_round_trip(kernel, tool, folder):
    if tool in CENTRED and not centred(kernel):
        with pytest.raises(KernelError, match="anchor at the centre"):
            export(kernel, tool)
        return
    text = export(kernel, tool)
    if tool in SUFFIXES:
        path = folder / f"kernel{SUFFIXES[tool]}"
        path.write_text(text)
        read = load_kernel(str(path))
    else:
        read = load_kernel(text)
    if tool in EXACT:
        assert exact(read) == exact(kernel)
    assert floats(exact(read)) == floats(exact(kernel))
    assert read.anchor == kernel.anchor
    assert read.offset == kernel.offset or tool != "yaml"
    assert float(read.offset) == pytest.approx(float(kernel.offset), rel=1e-15)


@pytest.mark.parametrize("tool", FORMATS)
def test_every_entry_of_the_bank(tool, tmp_path):
    assert len(KERNELS) > 150
    for kernel in KERNELS.values():
        check_round_trip(kernel, tool, tmp_path)


fractions = st.fractions(-99, 99, max_denominator=49)


@st.composite
def kernels(draw):
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    line = st.lists(fractions, min_size=columns, max_size=columns)
    weights = draw(st.lists(line, min_size=rows, max_size=rows))
    anchor = draw(st.none() | st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)))
    offset = draw(st.integers(-255, 255) | fractions)
    return Kernel(weights, scale=draw(fractions), offset=offset, anchor=anchor)


@pytest.mark.parametrize("tool", FORMATS)
@pytest.mark.sampled(3)
def test_any_kernel(tool, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")

    @settings(max_examples=25, deadline=None)
    @given(kernels())
    def check(kernel):
        check_round_trip(kernel, tool, folder)

    check()


def test_whole_offsets_come_back_exactly(tmp_path):
    for tool in FORMATS:
        for level in (128, -128, 1, 255):
            kernel = Kernel([[-1, 0, 1]], offset=level)
            path = tmp_path / f"kernel{SUFFIXES.get(tool, '.txt')}"
            path.write_text(export(kernel, tool))
            assert load_kernel(str(path)).offset == level, tool


def test_emboss_128_for_imagemagick():
    """50.1953125 % of 65536 is 32896 = 128 * 257; tried with ImageMagick 6.9 and 16 bits."""
    assert export(load_kernel("emboss_128"), "imagemagick").startswith(
        "-define convolve:bias=50.1953125% -morphology Correlate '3x3+1+1: "
    )


def test_numpy_code_holds_anchor_and_offset():
    names = {}
    exec(export(Kernel([[1, 2]], offset=5, anchor=(0, 0)), "numpy"), names)
    assert (names["anchor"], names["offset"]) == ((0, 0), 5)
