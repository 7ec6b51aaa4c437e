"""A gigapixel through `imgconv apply` and through `vips conv`: time and peak memory.

    python tests/bench/bench_huge.py [ROWS COLUMNS]

Both sides run in turns on the same sparse BigTIFF, each as a process of its own; medians are
printed, then what decoding, filtering and encoding a megapixel cost. Needs the command `vips`
(Debian: libvips-tools) and 3 bytes of disk for a pixel.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.huge_picture import make

from imgconv.io.images.picture import Metadata
from imgconv.io.kernels.spec import load_kernel
from imgconv.io.tiled.base import TileLayout
from imgconv.io.tiled.tiff import TiffReader, write_tiff
from imgconv.model.recipe import Recipe
from imgconv.ops.pipeline.bands import Stream

_ROUNDS = 5
_KERNELS = {
    "sharpen": "3 3 1 0\n0 -1 0\n-1 5 -1\n0 -1 0\n",
    "blur": "3 3 9 0\n1 1 1\n1 1 1\n1 1 1\n",
    "binomial_5": "5 5 256 0\n1 4 6 4 1\n4 16 24 16 4\n6 24 36 24 6\n4 16 24 16 4\n1 4 6 4 1\n",
}
_PROGRAM = """
import re, sys
from imgconv.cli.main import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
sys.exit(code)
"""


def main() -> None:
    """Print a table."""
    rows, columns = (int(word) for word in sys.argv[1:3]) if len(sys.argv) > 2 else (35000, 30000)
    vips = shutil.which("vips")
    if vips is None:
        sys.exit("the command vips is missing: apt-get install libvips-tools")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as folder:
        source = Path(folder, "in.tif")
        make(source, rows, columns)
        print(f"{rows} x {columns} u8, {rows * columns / 1e9:.2f} GP, {os.cpu_count()} CPUs")
        for name, matrix in _KERNELS.items():
            Path(folder, "kernel.mat").write_text(matrix)
            ours = [sys.executable, "-c", _PROGRAM, "apply", source, Path(folder, "ours.tif")]
            ours += ["-k", name, "--padding", "replicate", "--overwrite", "--max-memory", "1G"]
            theirs = [vips, "conv", source, f"{folder}/vips.tif[tile,tile-width=256,"]
            theirs[-1] += "tile-height=256,bigtiff]"
            theirs += [Path(folder, "kernel.mat"), "--precision", "integer"]
            compare(name, ours, theirs, Path(folder))
        pieces(source, Path(folder))


def compare(name: str, ours: list[object], theirs: list[object], folder: Path) -> None:
    """Run both in turns and print medians."""
    times: dict[str, list[float]] = {"imgconv": [], "vips": []}
    peaks: dict[str, list[float]] = {"imgconv": [], "vips": []}
    for _ in range(_ROUNDS):
        for side, command in (("imgconv", ours), ("vips", theirs)):
            started = time.perf_counter()
            peak = run(command)
            times[side].append(time.perf_counter() - started)
            peaks[side].append(peak)
    equal = same_inside(folder / "ours.tif", folder / "vips.tif")
    line = [f"{name:12}"]
    for side, found in times.items():
        line.append(f"{side} {statistics.median(found):6.2f} s {max(peaks[side]):5.0f} MiB  ")
    ratio = statistics.median(times["vips"]) / statistics.median(times["imgconv"])
    memory = max(peaks["imgconv"]) / max(peaks["vips"])
    print(*line, f"{ratio:.2f} times as fast, {memory:.2f} of the memory, equal pixels {equal:.4%}")


def run(command: list[object]) -> float:
    """Run a command; give its peak memory in MiB."""
    words = [str(word) for word in command]
    if words[0].endswith("vips"):
        words = ["/usr/bin/time", "-f", "%M", *words]
        said = subprocess.run(words, check=True, capture_output=True, text=True).stderr
    else:
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return int(said.split()[-1]) / 1024


def same_inside(ours: Path, theirs: Path) -> float:
    """Give the share of equal pixels in some rows of both."""
    with tifffile.TiffFile(ours) as a, tifffile.TiffFile(theirs) as b:
        readers = [TiffReader(Path(file.filehandle.path)) for file in (a, b)]
        middle = readers[0].shape[0] // 2
        left, right = (reader.read(middle, middle + 64) for reader in readers)
        for reader in readers:
            reader.close()
    return float((left == right).mean())


def pieces(source: Path, folder: Path) -> None:
    """Print what each step costs apart, in milliseconds for a megapixel."""
    reader = TiffReader(source)
    rows, columns = reader.shape
    rows = min(rows, 8192)
    step, megapixels = 256, rows * columns / 1e6
    image = reader.read(0, rows)
    recipe = Recipe(steps=(load_kernel("sharpen"),))

    class Held:
        shape, dtype = image.shape, image.dtype

        def read(self, start: int, stop: int) -> np.ndarray:
            return image[start:stop]

    def encode(layout: TileLayout) -> None:
        bands = (image[at : at + step] for at in range(0, rows, step))
        with (folder / "piece.tif").open("w+b") as file:
            write_tiff(file, image.shape, image.dtype, bands, layout=layout, metadata=Metadata())
            file.flush()

    def decode(path: Path) -> None:
        with_one = TiffReader(path)
        for at in range(0, rows, step):
            with_one.read(at, min(at + step, rows))
        with_one.close()

    def shown(name: str, work: Callable[[], object]) -> None:
        found = []
        for _ in range(3):
            started = time.perf_counter()
            work()
            found.append(time.perf_counter() - started)
        print(f"{name:32} {statistics.median(found) * 1000 / megapixels:6.2f} ms/MP")

    shown("decode, plain tiles", lambda: decode(source))
    shown("filter, sharpen", lambda: list(Stream(Held, recipe, height=step).bands()))
    shown("encode, plain tiles", lambda: encode(TileLayout(deflate=False)))
    shown("encode, plain strips", lambda: encode(TileLayout(None, deflate=False)))
    shown("encode, deflated tiles", lambda: encode(TileLayout()))
    shown("decode, deflated tiles", lambda: decode(folder / "piece.tif"))
    reader.close()


if __name__ == "__main__":
    main()
