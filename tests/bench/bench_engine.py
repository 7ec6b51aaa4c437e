"""The native engine beside OpenCV: `python tests/bench/bench_engine.py` prints the table.

Both sides run interleaved in one process, into destinations that are there already; times are
medians. The ratio is OpenCV's time over ours: above 1 we are ahead.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import cv2
import numpy as np

from imgconv.engines.base import Correlation
from imgconv.engines.native import NativeEngine, load_core
from imgconv.model.border import Border
from imgconv.model.geometry import OutputSize, plan_geometry
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, Rounding

Run = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One row of the table; `special` is the best specialised OpenCV call."""

    name: str
    kernel: Kernel
    special: Callable[[Any, Any], Any] | None = None


def main() -> None:
    options = parsed()
    core = load_core()
    if core is None:
        raise SystemExit("the native core is not built")
    if options.isa:
        os.environ["IMGCONV_ISA"] = options.isa
    engine = NativeEngine(core)
    print(f"isa {options.isa or core.isas()[0]}, {options.megapixels} MP, OpenCV {cv2.__version__}")
    for kind in options.kinds.split(","):
        for threads in map(int, options.threads.split(",")):
            cv2.setNumThreads(threads)
            image = texture(options.megapixels, kind)
            table(engine, image, threads, options, kind)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isa", default="")
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--kinds", default="u8,rgb,u16,f32")
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=6.0, help="at most so long for a case")
    return parser.parse_args()


def table(
    engine: NativeEngine, image: Any, threads: int, options: argparse.Namespace, kind: str
) -> None:
    copied = np.empty_like(image)
    print(f"\n{kind}, {threads} thread(s)")
    print(f"{'case':<18}{'path':<22}{'ours ms':>9}{'filter2D':>10}{'ratio':>7}{'special':>9}"
          f"{'ratio':>7}{'memcpy':>8}{'exact %':>9}")  # fmt: skip
    ratios = []
    for case in cases():
        if options.only not in case.name:
            continue
        job = job_of(image, case.kernel, threads)
        plan, ours = engine.plan(job), np.empty_like(job.image)
        theirs, weights = np.empty_like(image), weights_of(case.kernel)
        delta = float(case.kernel.offset)
        runs: list[Run] = [
            lambda job=job, ours=ours: engine.correlate(job, out=ours),
            lambda w=weights, t=theirs, d=delta: cv2.filter2D(image, -1, w, dst=t, delta=d),
            lambda: np.copyto(copied, image),
        ]
        if case.special:
            runs.append(lambda s=case.special, t=theirs: s(image, t))
        times = medians(runs, options)
        ratios.append(times[1] / times[0])
        special = (f"{times[3] * 1e3:9.2f}{times[3] / times[0]:7.2f}" if case.special
                   else " " * 16)  # fmt: skip
        share = 100 * engine.recomputed / ours.size
        path = plan.path + ("/" + plan.sum_kind.name.lower() if plan.separable else "")
        ours, theirs_ms, copy = (1e3 * found for found in times[:3])
        print(f"{case.name:<18}{path:<22}{ours:9.2f}{theirs_ms:10.2f}{ratios[-1]:7.2f}{special}"
              f"{copy:8.2f}{share:9.3f}", flush=True)  # fmt: skip
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"geometric mean {mean:.2f}, least {min(ratios):.2f}, below 1: "
          f"{sum(r < 1 for r in ratios)} of {len(ratios)}")  # fmt: skip


def medians(runs: list[Run], options: argparse.Namespace) -> list[float]:
    """Time several calls in turns."""
    times: list[list[float]] = [[] for _ in runs]
    started = time.perf_counter()
    for run in runs:
        run()
    for turn in range(options.repeats):
        for run, found in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            found.append(time.perf_counter() - start)
        if turn >= 2 and time.perf_counter() - started > options.seconds:
            break
    return [median(found) for found in times]


def texture(megapixels: float, kind: str) -> Any:
    """Give a picture with the statistics of a photograph: a photograph, tiled and mirrored."""
    from skimage import data

    rows = max(8, round(math.sqrt(megapixels * 1e6 * 3 / 4)))
    columns = max(8, round(megapixels * 1e6 / rows))
    base = data.astronaut() if kind == "rgb" else data.camera()
    tile = np.concatenate([base, base[:, ::-1]], axis=1)
    tile = np.concatenate([tile, tile[::-1]])
    repeats = -(-rows // tile.shape[0]), -(-columns // tile.shape[1])
    image = np.tile(tile, repeats + (1,) * (tile.ndim - 2))[:rows, :columns]
    if kind == "u16":
        noise = np.random.default_rng(1).integers(0, 257, image.shape)
        return (image.astype(np.uint16) * 256 + noise.clip(0, 255)).astype(np.uint16)
    if kind == "f32":
        return (image / np.float32(255)).astype(np.float32)
    return np.ascontiguousarray(image)


def job_of(image: Any, kernel: Kernel, threads: int) -> Correlation:
    form = kernel.integer_form
    channels = image if image.ndim == 3 else image[..., None]
    geometry = plan_geometry(
        image.shape[:2],
        kernel.shape,
        kernel.anchor,
        stride=(1, 1),
        dilation=(1, 1),
        size=OutputSize.SAME,
    )
    return Correlation(
        channels,
        form.weights,
        form.gain,
        form.bias,
        False,
        Border.REFLECT101,
        0,
        geometry,
        Depth.of(image.dtype),
        Rounding.HALF_EVEN,
        threads,
    )


def weights_of(kernel: Kernel) -> Any:
    return np.array([[float(w * kernel.scale) for w in row] for row in kernel.weights], np.float32)


def bank(spec: str) -> Kernel:
    from imgconv import load_kernel

    return load_kernel(spec)


def cases() -> Iterator[Case]:
    def sobel(dx: int, dy: int) -> Callable[[Any, Any], Any]:
        return lambda image, to: cv2.Sobel(image, -1, dx, dy, dst=to)

    def blur(n: int) -> Callable[[Any, Any], Any]:
        return lambda image, to: cv2.blur(image, (n, n), dst=to)

    def gaussian(n: int, sigma: float) -> Callable[[Any, Any], Any]:
        return lambda image, to: cv2.GaussianBlur(image, (n, n), sigma, dst=to)

    yield Case("sharpen", bank("sharpen"))
    yield Case("laplacian", bank("laplacian"), lambda i, t: cv2.Laplacian(i, -1, dst=t))
    yield Case("sobel_x", bank("sobel_x"), sobel(1, 0))
    yield Case("sobel_y", bank("sobel_y"), sobel(0, 1))
    yield Case("emboss", bank("emboss"))
    yield Case("small_blur", bank("small_blur"), blur(7))
    yield Case("large_blur", bank("large_blur"), blur(21))
    for n in (3, 15, 51, 101):
        yield Case(f"box {n}", bank(f"box:size={n}"), blur(n))
    for n in (3, 5, 7, 9, 13, 21, 31, 51):
        sigma = 0.3 * ((n - 1) * 0.5 - 1) + 0.8
        yield Case(f"gaussian {n}", bank(f"gaussian:sigma={sigma:g},size={n}"), gaussian(n, sigma))
    yield Case("log 9", bank("log:sigma=1.4,size=9"))
    yield Case("unsharp 5", bank("unsharp:sigma=1,amount=1,size=5"))
    for radius in (2, 4, 7, 15, 25, 50):
        yield Case(f"disk {2 * radius + 1}", bank(f"disk:radius={radius}"))
    rng = np.random.default_rng(7)
    for n in (3, 5, 7, 9, 13, 17, 25, 31):
        whole = rng.integers(-9, 10, (n, n))
        yield Case(f"integers {n}", Kernel(whole.tolist(), scale=f"1/{n * n}", offset=128))
    for n in (3, 5, 7, 9, 13, 17, 25, 31):
        floats = rng.random((n, n)).astype(np.float32)
        yield Case(f"floats {n}", Kernel((floats / floats.sum()).astype(np.float32).tolist()))


if __name__ == "__main__":
    main()
