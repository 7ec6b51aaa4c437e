"""What checking unchanged goldens costs beside decoding them, both in parallel, interleaved.

Run it as ``python tests/bench/bench_golden.py [PICTURES] [RUNS]``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from skimage import data

from imgconv.io.images import codec_noise
from imgconv.io.images.image_files import read_image
from imgconv.jobs.golden.check import check_goldens
from imgconv.jobs.golden.record import record_goldens
from imgconv.system.cpus import usable_cpus

SETS = {
    "the picture itself": "actual: {name}",
    "sharpen": "input: {name}\n    recipe: {{kernels: [sharpen]}}",
}


def pictures(folder: Path, count: int) -> list[Path]:
    """Write photographs of 2 megapixels, 1200 x 1664, no two alike."""
    photo = cv2.resize(data.camera(), (1664, 1200), interpolation=cv2.INTER_CUBIC)
    paths = [folder / f"{i}.png" for i in range(count)]
    for i, path in enumerate(paths):
        cv2.imwrite(str(path), np.roll(photo, 7 * i, axis=1))
    return paths


def seconds(work: object) -> float:
    """Time a function."""
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - started


def main(count: int, runs: int) -> None:
    """Print, for each kind of case, the median of both sides and of their ratio."""
    with tempfile.TemporaryDirectory() as place:
        paths = pictures(Path(place), count)
        print(f"{count} PNG of 2 MP, {usable_cpus()} CPUs, median of {runs}, interleaved")
        for name, case in SETS.items():
            file = Path(place) / "golden.yaml"
            cases = [f"  - name: c{p.stem}\n    {case.format(name=p.name)}" for p in paths]
            goldens = "goldens-" + name.replace(" ", "-")
            head = f"version: 1\ngoldens: {goldens}\ncases:\n"
            file.write_text(head + "\n".join(cases) + "\n")
            record_goldens(file)
            recorded = sorted((Path(place) / goldens).glob("*.png"))
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(runs):
                with ThreadPoolExecutor(usable_cpus()) as pool:
                    times[0].append(seconds(lambda: list(pool.map(read_image, recorded))))  # noqa: B023
                times[1].append(seconds(lambda: check_goldens(file)))  # noqa: B023
            ratio = statistics.median(b / a for a, b in zip(*times, strict=True))
            decode, check = map(statistics.median, times)
            print(f"{name:<20} decode {decode:6.2f} s  check {check:6.2f} s  ratio {ratio:.2f}")


if __name__ == "__main__":
    sys.stderr = codec_noise.redirect()  # as the program does; else decoding is one at a time
    words = sys.argv[1:]
    main(int(words[0]) if words else 200, int(words[1]) if words[1:] else 7)
