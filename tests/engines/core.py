"""The compiled core for tests: its instruction sets and paths. They skip where it is not built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from imgconv.engines.base import Correlation
from imgconv.engines.native import NativeEngine, load_core
from imgconv.engines.plan import PATHS
from imgconv.engines.reference import ReferenceEngine
from imgconv.model.output import Depth

CORE = load_core()
if CORE is None:
    if os.environ.get("IMGCONV_REQUIRE_NATIVE"):
        raise RuntimeError("the native core was not built, and it is required")
    pytest.skip("the native core was not built", allow_module_level=True)

ISAS = CORE.isas()
REFERENCE = ReferenceEngine()
FAST = [path for path in PATHS if path != "reference"]


def image_of(depth: Depth, shape: tuple[int, ...]) -> Any:
    rng = np.random.default_rng(3)
    if depth is Depth.F32:
        return (rng.integers(0, 256, shape) / np.float32(255)).astype(np.float32)
    low, high = (-32768, 32767) if depth is Depth.I16 else (0, depth.high)
    pixels = rng.integers(low, high + 1, shape)
    pixels[rng.random(shape) < 0.1] = high
    return pixels.astype(depth.dtype)


def forced(wanted: Correlation) -> Iterator[tuple[str, Any]]:
    """Do a job by every path that can be taken on every instruction set."""
    for isa in ISAS:
        for path in ["", *FAST]:
            engine = NativeEngine(CORE, isa=isa, path=path)
            plan = engine.plan(wanted)
            if path in ("", plan.path):
                yield f"{isa} {plan}", engine.correlate(wanted)
