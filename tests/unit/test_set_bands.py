"""The values of sets by the core: the bits of the definition, whatever the bands and threads."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv import Kernel, KernelSet, load_kernel
from imgconv.engines.native import NativeEngine
from imgconv.engines.reference import ReferenceEngine
from imgconv.engines.select import native_engine
from imgconv.model.border import Border
from imgconv.model.kernel_set import Combine, SetOutput
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.settings import Settings
from imgconv.ops.linear import row_bands
from imgconv.ops.linear.kernel_set import apply_set

REFERENCE = ReferenceEngine()
DTYPES = ("uint8", "uint16", "int16", "float32")
ACROSS = Kernel([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
DOWN = Kernel([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
PAIRS = [
    (ACROSS, DOWN),
    (Kernel(ACROSS.weights, scale="1/8"), Kernel(DOWN.weights, scale="1/8")),
    (Kernel(ACROSS.weights, scale="1/6"), Kernel(DOWN.weights, scale="3/10"), Kernel([[1]])),
    (Kernel([[3**18, -(5**13), 7]]), Kernel([[1, 2, -(3**19)]])),
    (Kernel([[1, -1, 0]]), Kernel([[0, -1, 1]])),
]
RANGES = [OutputRange.SATURATE, OutputRange.ABS, OutputRange.OFFSET, OutputRange.FULL]


def picture(rng, dtype, shape):
    if dtype == "float32":
        image = rng.normal(0.4, 0.4, shape).astype(dtype)
        image.ravel()[rng.integers(0, image.size, 3)] = [np.nan, np.inf, -np.inf]
        return image
    ends = np.iinfo(dtype)
    image = rng.integers(ends.min, ends.max + 1, shape).astype(dtype)
    image[: shape[0] // 2] = rng.choice([ends.min, 4, 8, ends.max], shape[1:]).astype(dtype)
    return image


def same(one, other):
    assert one.image.tobytes() == other.image.tobytes()
    assert one.clipped == other.clipped


@pytest.mark.parametrize("combine", Combine)
@pytest.mark.parametrize("output", SetOutput)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.sampled(5)
def test_the_core_gives_the_bits_of_the_definition(combine, output, dtype, monkeypatch):
    monkeypatch.setattr(row_bands, "_PIXELS", 40)
    rng = np.random.default_rng(7)
    for pair in PAIRS:
        kernels = KernelSet(pair[:2] if output is SetOutput.ORIENTATION else pair, combine, output)
        for depth in (None, *Depth):
            chosen = Settings(
                border=list(Border)[rng.integers(5)],
                border_value=int(rng.integers(2)),
                stride=[(1, 1), (2, 2)][rng.integers(2)],
                dilation=[(1, 1), (2, 1)][rng.integers(2)],
                depth=depth,
                rounding=list(Rounding)[rng.integers(4)],
                output_range=RANGES[rng.integers(4)],
            )
            image = picture(rng, dtype, (11, int(rng.integers(3, 40)), int(rng.integers(1, 5))))
            threads = int(rng.integers(1, 3))
            with np.errstate(invalid="ignore"):
                expected = apply_set(image, kernels, chosen, threads=1, engine=REFERENCE)
            same(
                apply_set(image, kernels, chosen, threads=threads, engine=native_engine()),
                expected,
            )


@pytest.mark.parametrize("isa", native_engine().isas)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_instruction_set_gives_the_same_values(isa, dtype):
    engine = NativeEngine(native_engine()._core, isa=isa)
    image = picture(np.random.default_rng(8), dtype, (9, 333, 3))
    for name in ("sobel", "kirsch", "sobel:combine=sum_abs", "prewitt", "kirsch:output=index"):
        with np.errstate(invalid="ignore"):
            expected = apply_set(image, load_kernel(name), Settings(), threads=1, engine=REFERENCE)
        same(apply_set(image, load_kernel(name), Settings(), threads=1, engine=engine), expected)


@pytest.mark.parametrize("name", ["sobel", "scharr", "kirsch", "roberts", "sobel:combine=sum_abs"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_sets_of_the_bank_take_the_path_of_the_core(name, dtype, monkeypatch):
    """Where the definition is gone there is a result all the same."""
    monkeypatch.setattr("imgconv.ops.linear.kernel_set._in_common_units", None)
    image = picture(np.random.default_rng(9), dtype, (20, 30, 1))
    apply_set(image, load_kernel(name), Settings(), threads=1, engine=native_engine())


@pytest.mark.parametrize("depth", [Depth.U8, Depth.U16])
def test_roots_that_are_halves_are_rounded_to_even(depth):
    """The root of a square is whole: an eighth of it may be a half exactly."""
    pair = (Kernel([[1]], scale="1/8"), Kernel([[0]], scale="1/8"))
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    found = apply_set(
        image,
        KernelSet(pair, Combine.ROOT_SUM_SQUARES),
        Settings(depth=depth),
        engine=native_engine(),
    )
    np.testing.assert_array_equal(found.image, np.rint(image / 8))
