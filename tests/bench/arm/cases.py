"""Run cases once each between two calls of getppid, which `count.c` sees: ISAS CASE ..."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

from imgconv.engines.base import Correlation
from imgconv.engines.native import NativeEngine, load_core
from imgconv.io.kernels.spec import load_kernel
from imgconv.model.border import Border
from imgconv.model.geometry import OutputSize, plan_geometry
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, Rounding

Call = Callable[[], Any]


def picture(kind: str) -> Any:
    """Give smooth shapes with some noise: sums that are decided as often as a photograph's."""
    y, x = np.mgrid[0:256, 0:512]
    smooth = 128 + 90 * np.sin(x / 37) * np.cos(y / 23)
    noise = np.random.default_rng(1).normal(0, 3, smooth.shape)
    bytes_ = np.clip(smooth + noise, 0, 255).astype(np.uint8)
    if kind == "f32":
        return (bytes_ / np.float32(255)).astype(np.float32)
    return bytes_.astype(np.uint16) * 257 if kind == "u16" else bytes_


def kernel_of(spec: str) -> Kernel:
    rng = np.random.default_rng(7)
    if spec.startswith("random"):
        side = int(spec.removeprefix("random"))
        weights = rng.integers(-9, 10, (side, side)).tolist()
        return Kernel(weights, scale=f"1/{side * side}", offset=128)
    if spec.startswith("floats"):
        side = int(spec.removeprefix("floats"))
        weights = rng.random((side, side)).astype(np.float32)
        return Kernel((weights / weights.sum()).astype(np.float32).tolist())
    return load_kernel(spec)


def calls(spec: str, kind: str, isas: list[str]) -> Iterator[tuple[str, Call]]:
    image, kernel = picture(kind), kernel_of(spec)
    form = kernel.integer_form
    job = Correlation(
        image=image[:, :, None],
        weights=form.weights,
        gain=form.gain,
        bias=form.bias,
        absolute=False,
        border=Border.REFLECT101,
        border_value=0,
        geometry=plan_geometry(
            image.shape,
            kernel.shape,
            kernel.anchor,
            stride=(1, 1),
            dilation=(1, 1),
            size=OutputSize.SAME,
        ),
        depth=Depth.of(image.dtype),
        rounding=Rounding.HALF_EVEN,
        threads=1,
    )
    out = np.empty(job.image.shape, image.dtype)
    core = load_core()
    assert core is not None
    for isa in isas or core.isas()[:1]:
        engine = NativeEngine(core, isa=isa)
        yield f"{isa} {engine.plan(job).path}", lambda e=engine: e.correlate(job, out=out)
    to = np.empty_like(image)
    weights = np.array([[float(w * kernel.scale) for w in row] for row in kernel.weights], "f4")
    delta = float(kernel.offset)
    yield "opencv filter2D", lambda: cv2.filter2D(image, -1, weights, dst=to, delta=delta)
    side = len(kernel.weights)
    if spec.startswith("box"):
        yield "opencv blur", lambda: cv2.blur(image, (side, side), dst=to)
    if spec.startswith("gaussian"):
        sigma = float(spec.split("sigma=")[1].split(",", maxsplit=1)[0])
        yield "opencv GaussianBlur", lambda: cv2.GaussianBlur(image, (side, side), sigma, dst=to)
    if spec == "sobel_x":
        yield "opencv Sobel", lambda: cv2.Sobel(image, -1, 1, 0, dst=to)


def main() -> None:
    cv2.setNumThreads(1)
    isas = [isa for isa in sys.argv[1].split(",") if isa]
    for case in sys.argv[2:]:
        spec, kind = case.rsplit("|", 1)
        names = []
        for name, call in calls(spec, kind, isas):
            call()
            os.getppid()
            call()
            os.getppid()
            names.append(name)
        print("\t".join([case, *names]), flush=True)


if __name__ == "__main__":
    main()
