"""Whole recipes beside the same without one setting, and beside peers, all by the public name.

`python tests/bench/bench_recipes.py` prints what each recipe takes, how many times that of its
plain twin it is, and the ratio to the best peer: above 1 imgconv is ahead. `--bank` takes every
kernel of the bank beside `cv2.filter2D` instead, and prints the geometric mean and the ten worst;
`whole` are floats that came from bytes, whose sums need fewer bits. `--small` times public calls on
small images. All sides run interleaved in one process; times are medians.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import cv2
import numpy as np
import scipy.ndimage
from skimage import color, data, filters

import imgconv

Run = Callable[[], Any]


class Row(NamedTuple):
    """A recipe, what it is held against, and how many times its twin it may take (0: no limit)."""

    name: str
    ours: Run
    twin: Run | None = None
    most: float = 0
    peers: Mapping[str, Run] = MappingProxyType({})


def main() -> None:
    options = parsed()
    cv2.setNumThreads(options.threads)
    print(f"{options.megapixels} MP, {options.threads} threads; OpenCV {cv2.__version__}, "
          f"SciPy {scipy.__version__}; milliseconds for a megapixel")  # fmt: skip
    if options.small:
        small(options)
        return
    if options.bank:
        banks(options)
        return
    print(
        f"{'recipe':<34}{'ms':>9}{'twin':>9}{'times':>7}{'most':>6}  {'best peer':<23}{'ratio':>7}"
    )
    for found in rows(options):
        if options.only in found.name:
            show(found, options)
    if options.smoke:
        banks(options)
        small(options)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, default=3.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="recipes whose names have this in them")
    parser.add_argument("--bank", action="store_true", help="every kernel of the bank")
    parser.add_argument("--small", action="store_true", help="public calls on small images")
    parser.add_argument("--depths", default="u8,u16,f32,whole", help="of --bank")
    parser.add_argument("--smoke", action="store_true", help="tiny images, once")
    options = parser.parse_args()
    if options.smoke:
        options.megapixels, options.repeats = 0.02, 3
    return options


def pictures(megapixels: float) -> dict[str, Any]:
    """A photograph with noise, in the layouts and depths that the recipes take."""
    side = max(round((megapixels * 1e6) ** 0.5), 64)
    rgb = cv2.resize(data.astronaut(), (side, side), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(1).normal(0, 3, rgb.shape)
    rgb = np.clip(rgb + noise, 0, 255).astype(np.uint8)
    alpha = np.clip(np.linspace(-80, 335, side), 0, 255).astype(np.uint8)
    rgba = np.dstack([rgb, np.broadcast_to(alpha, (side, side))])
    cut = np.dstack([rgb, disk(side)])
    opaque = np.dstack([rgb, np.full((side, side), 255, np.uint8)])
    gray = np.ascontiguousarray(rgb[..., 1])
    wide = gray.astype(np.uint16) * 257 + (gray[::-1] >> 1)
    floats = wide.astype(np.float32) / np.float32(65535)
    holes = floats.copy()
    holes.ravel()[::1009] = np.nan
    return {
        "gray": gray, "rgb": rgb, "rgba": rgba, "opaque": opaque, "u16": wide, "f32": floats,
        "nan": holes, "whole": gray.astype(np.float32),
        "rgb16": rgb.astype(np.uint16) * 257, "rgba16": rgba.astype(np.uint16) * 257,
        "cut": cut, "cut16": cut.astype(np.uint16) * 257,
        "cutf": cut.astype(np.float32) / np.float32(255),
        "rgbaf": rgba.astype(np.float32) / np.float32(255),
        "rgbf": rgb.astype(np.float32) / np.float32(255),
    }  # fmt: skip


def disk(side: int) -> Any:
    """What photographs with alpha mostly are: cut out, with an edge some pixels wide."""
    away = np.abs(np.arange(side) - side / 2) / (0.45 * side)
    radius = np.hypot(away, away[:, None])
    return np.rint(255 * np.clip((1 - radius) * 0.45 * side / 6 + 0.5, 0, 1)).astype(np.uint8)


def rows(options: argparse.Namespace) -> Iterator[Row]:
    at = pictures(options.megapixels)
    threads = options.threads

    def ours(kind: str, **recipe: Any) -> Run:
        return partial(imgconv.filter_image, at[kind], threads=threads, **recipe)

    for kernel in ("sharpen", "gaussian:2", "box:15"):
        for kind, plain in (("", "rgb"), ("16", "rgb16"), ("f", "rgbf")):
            alpha = f"rgba{kind}"
            peers = {"cv2 float64": partial(premultiplied, at[alpha], kernel)}
            name = f"{alpha} {kernel}"
            yield Row(name, ours(alpha, kernels=kernel), ours(plain, kernels=kernel), 2.5, peers)
            yield Row(f"cut out{kind} {kernel}", ours(f"cut{kind}", kernels=kernel),
                      ours(plain, kernels=kernel), 2.5)  # fmt: skip
    for kernel in ("sharpen", "gaussian:2"):
        yield Row(f"rgba opaque {kernel}", ours("opaque", kernels=kernel),
                  ours("rgb", kernels=kernel), 2.5)  # fmt: skip
    for kernel in ("sobel-x", "sobel"):  # these add up to 0: alpha weighs, and is carried along
        for kind in ("", "16", "f"):
            yield Row(f"rgba{kind} {kernel}", ours(f"rgba{kind}", kernels=kernel),
                      ours(f"rgb{kind}", kernels=kernel), 2.5)  # fmt: skip
    yield from sets(at, ours)
    yield Row("rgb --linear gaussian:2", ours("rgb", kernels="gaussian:2", linear=True),
              ours("rgb", kernels="gaussian:2"), 6)  # fmt: skip
    for kernel in ("gaussian:2", "sharpen"):
        yield Row(f"nan {kernel}", ours("nan", kernels=kernel), ours("f32", kernels=kernel), 1.5)
    gray = ours("rgb", gray="bt601")
    yield Row("gray linear", ours("rgb", gray="linear"), gray)
    lab = {"skimage": lambda: color.rgb2lab(at["rgb"])}
    yield Row("gray lightness", ours("rgb", gray="lightness"), gray, 0, lab)
    yield from thresholds(at, ours)


def sets(at: dict[str, Any], ours: Callable[..., Run]) -> Iterator[Row]:
    """The sets; their twins are their members one after the other."""
    pair = ("sobel-x", "sobel-y")
    for kind in ("gray", "u16", "f32", "rgb"):
        runs = [ours(kind, kernels=member, depth="f32") for member in pair]
        peer = {"cv2 Sobel, magnitude": partial(magnitude, at[kind])}
        yield Row(f"{kind} sobel", ours(kind, kernels="sobel"), partial(each, runs), 2, peer)
        yield Row(f"{kind} sobel sum_abs", ours(kind, kernels="sobel:combine=sum_abs"),
                  partial(each, runs), 2)  # fmt: skip
        yield Row(f"{kind} sobel orientation", ours(kind, kernels="sobel:output=orientation"),
                  partial(each, runs), 4)  # fmt: skip
    for name in ("kirsch", "scharr", "central-difference", "farid", "frei-chen-edge"):
        members = imgconv.load_kernel(name).members
        for kind in ("gray", "u16"):
            runs = [ours(kind, kernels=member) for member in members]
            yield Row(f"{kind} {name}", ours(kind, kernels=name), partial(each, runs), 2)


def thresholds(at: dict[str, Any], ours: Callable[..., Run]) -> Iterator[Row]:
    gray = at["gray"]
    otsu = ours("gray", binarize="otsu")
    yield Row("binarize otsu", otsu, None, 0, {"cv2": partial(cv2.threshold, gray, 0, 255, 8)})
    for name in ("sauvola", "niblack", "local-mean", "local-gaussian"):
        peer = filters.threshold_sauvola if name == "sauvola" else filters.threshold_niblack
        run = partial(filters.threshold_local, gray, 15) if "local" in name else partial(peer, gray)
        yield Row(f"binarize {name}", ours("gray", binarize=name), None, 0, {"skimage": run})
        yield Row(f"binarize {name}:window=101", ours("gray", binarize=f"{name}:window=101"))
    for name in ("triangle", "li", "yen", "isodata", "minimum", "mean"):
        peers = {"skimage": partial(getattr(filters, f"threshold_{name}"), gray)}
        yield Row(f"binarize {name}", ours("gray", binarize=name), otsu, 1.5, peers)


def each(runs: list[Run]) -> None:
    for run in runs:
        run()


def magnitude(image: Any) -> Any:
    """The gradient as OpenCV's users compute it."""
    across = cv2.Sobel(image, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1)
    return cv2.magnitude(across, down)


def premultiplied(image: Any, kernel: str) -> Any:
    """Weigh colours by alpha in float64, and divide it out again."""
    weights = weights_of(imgconv.load_kernel(kernel))
    pixels = image.astype(np.float64)
    pixels[..., :-1] *= pixels[..., -1:]
    sums = cv2.filter2D(pixels, -1, weights, borderType=cv2.BORDER_REFLECT_101)
    with np.errstate(all="ignore"):
        return (sums[..., :-1] / sums[..., -1:]).astype(image.dtype)


def weights_of(kernel: Any) -> Any:
    return np.array([[float(kernel.scale * weight) for weight in row] for row in kernel.weights])


def show(row: Row, options: argparse.Namespace) -> None:
    sides: dict[str, Run] = {"ours": row.ours, **row.peers}
    if row.twin is not None:
        sides["twin"] = row.twin
    times = medians(sides, options.repeats)
    per = {side: 1000 * taken / options.megapixels for side, taken in times.items()}
    line = f"{row.name:<34}{per['ours']:>9.2f}"
    factor = per["ours"] / per["twin"] if row.twin is not None else math.nan
    line += f"{per['twin']:>9.2f}{factor:>7.2f}" if row.twin is not None else f"{'-':>9}{'-':>7}"
    line += f"{row.most:>6.1f}" if row.most else f"{'-':>6}"
    if row.peers:
        best = min(row.peers, key=per.__getitem__)
        line += f"  {best:<23}{per[best] / per['ours']:>7.2f}"
    print(line, flush=True)


def medians(sides: dict[str, Run], repeats: int) -> dict[str, float]:
    """Run all sides in turns; the first turn is not counted where there are more."""
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for turn in range(repeats + (repeats > 1)):
        for side, run in sides.items():
            start = time.perf_counter()
            run()
            if turn or repeats == 1:
                taken[side].append(time.perf_counter() - start)
    return {side: statistics.median(times) for side, times in taken.items()}


def banks(options: argparse.Namespace) -> None:
    for depth in options.depths.split(","):
        bank(depth, options)


def bank(depth: str, options: argparse.Namespace) -> None:
    """Hold every single kernel of the bank against `cv2.filter2D` on a gray image."""
    image = pictures(options.megapixels)[{"u8": "gray"}.get(depth, depth)]
    ratios = {}
    for name in imgconv.KernelBank.standard():
        kernel = imgconv.load_step(name)
        if not isinstance(kernel, imgconv.Kernel):
            continue
        weights = weights_of(kernel).astype(np.float32)
        times = medians(
            {
                "ours": partial(imgconv.correlate, image, name, threads=options.threads),
                "cv2": partial(cv2.filter2D, image, -1, weights),
            },
            options.repeats,
        )
        ratios[name] = times["cv2"] / times["ours"]
    mean = math.exp(statistics.fmean(map(math.log, ratios.values())))
    below = sum(ratio < 1 for ratio in ratios.values())
    print(f"{depth}: {len(ratios)} kernels, geometric mean {mean:.2f}, {below} below 1; the worst:")
    for name in sorted(ratios, key=ratios.__getitem__)[:10]:
        print(f"  {name:<32}{ratios[name]:>7.2f}")


def small(options: argparse.Namespace) -> None:
    """Hold public calls on small gray images against `cv2.filter2D`: microseconds for a call."""
    weights = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)
    calls = 10 if options.smoke else 200
    print(f"{'image':<12}{'cv2':>9}" + "".join(f"{name:>22}" for name in public(None, weights, 1)))
    for side in (64, 128, 256, 512):
        for kind in (np.uint8, np.uint16, np.float32):
            image = np.random.default_rng(1).integers(0, 256, (side, side)).astype(kind)
            sides = {"cv2": partial(cv2.filter2D, image, -1, weights)}
            sides |= public(image, weights, options.threads)
            times = medians({n: partial(again, run, calls) for n, run in sides.items()}, 9)
            base = times.pop("cv2")
            print(f"{side:<4}{np.dtype(kind).name:<8}{1e6 * base / calls:>9.1f}" + "".join(
                f"{1e6 * taken / calls:>14.1f}{taken / base:>6.2f} x" for taken in times.values()
            ), flush=True)  # fmt: skip


def public(image: Any, weights: Any, threads: int) -> dict[str, Run]:
    return {
        "correlate, name": lambda: imgconv.correlate(image, "sharpen", threads=threads),
        "correlate, array": lambda: imgconv.correlate(image, weights, threads=threads),
        "filter_image": lambda: imgconv.filter_image(image, "sharpen", threads=threads),
    }


def again(run: Run, times: int) -> None:
    for _ in range(times):
        run()


if __name__ == "__main__":
    main()
