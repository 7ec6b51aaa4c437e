"""Float images with holes: what is not finite costs its neighbourhood, and changes nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from engines.core import ISAS
from engines.engine_jobs import job
from imgconv import load_kernel
from imgconv.engines.base import Correlation, Filtered
from imgconv.engines.native import NativeEngine, load_core
from imgconv.engines.reference import ReferenceEngine
from imgconv.model.border import Border
from imgconv.model.output import Depth

CORE = load_core()
REFERENCE = ReferenceEngine()
KERNELS = {
    "gaussian": [[str(weight) for weight in row] for row in load_kernel("gaussian:2").weights],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "corners": [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
    "box": [[1] * 7] * 7,
    "large": [[(3 * r + 5 * c) % 7 - 3 for c in range(25)] for r in range(25)],
}


def holed(kind: str, rows: int = 60, columns: int = 900) -> Any:
    rng = np.random.default_rng(3)
    image = (rng.integers(0, 65536, (rows, columns)) / 65535).astype(np.float32)
    image[:20, :300] = 0.25
    values = {"nan": [np.nan], "infinities": [np.inf, -np.inf], "all": [np.nan, np.inf, -np.inf]}
    at = rng.integers(0, image.size, 60)
    image.ravel()[at] = rng.choice(np.array(values[kind], np.float32), 60)
    return image


@cache
def by_definition(kind: str, name: str, scale: Any, depth: Depth, absolute: bool) -> Filtered:
    return REFERENCE.correlate(job_of(kind, name, scale, depth, absolute))


def job_of(kind: str, name: str, scale: Any, depth: Depth, absolute: bool) -> Correlation:
    return job(
        holed(kind), KERNELS[name], scale=scale, depth=depth, absolute=absolute,
        border=Border.REFLECT,
    )  # fmt: skip


@pytest.mark.parametrize("isa", CORE.isas())
@pytest.mark.parametrize("kind", ["nan", "infinities", "all"])
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("scale", ["1/3", 1])
@pytest.mark.sampled(7)
def test_the_result_is_that_of_the_reference(isa: str, kind: str, name: str, scale: Any) -> None:
    engine = NativeEngine(CORE, isa=isa)
    for depth in (Depth.F32, Depth.U8):
        for absolute in (False, True):
            found = engine.correlate(job_of(kind, name, scale, depth, absolute))
            expected = by_definition(kind, name, scale, depth, absolute)
            np.testing.assert_array_equal(found.image, expected.image)
            assert found.clipped == expected.clipped


@pytest.mark.parametrize("name", ["gaussian", "sharpen"])
def test_few_values_are_computed_again(name: str) -> None:
    """Without a bound, whole stretches of a row were: nearly all values of this image."""
    engine = NativeEngine(CORE)
    image = holed("nan")
    clean = np.nan_to_num(image)
    counts = []
    for pixels in (clean, image):
        engine.correlate(job(pixels, KERNELS[name], scale="1/3"))
        counts.append(engine.recomputed)
    assert counts[1] <= counts[0] + image.size // 10


@pytest.mark.parametrize("isa", ISAS)
def test_sums_beside_it_stay_exact(isa: str) -> None:
    """Halves of a last bit are common in sharpened floats: none is left open beside a NaN."""
    rng = np.random.default_rng(3)
    picture = (rng.integers(0, 65536, (40, 600)) / np.float32(65535)).astype(np.float32)
    picture[::7, ::101] = np.nan
    picture[3, 5] = np.inf
    wanted = job(picture, [[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    engine = NativeEngine(CORE, isa=isa)
    found = engine.correlate(wanted)
    np.testing.assert_array_equal(found.image, REFERENCE.correlate(wanted).image)
    assert engine.recomputed == 0
