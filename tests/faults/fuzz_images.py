"""Feed the program files with bytes changed, and see that each ends as documented.

    python tests/faults/fuzz_images.py --count 20000

Each file is filtered in a worker process. A worker that dies by a signal, takes too many seconds,
prints a traceback, leaves something behind or ends in a code that is not documented is a failure.
The counts are printed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import select
import subprocess
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

SECONDS, START = 10, 300
DOCUMENTED = {0, 4, 5, 7}
NO_GRAY = "channels cannot be made gray: 1 to 4 can"
"""What --gray says of bands, which is wrong usage, and not a fault of the file."""
RECIPES = (["-k", "identity"], ["-k", "sharpen"], ["--gray"], ["-k", "blur", "--salvage"])


@cache
def corpus() -> list[tuple[str, bytes]]:
    """Give the kinds of files of the tests of damage, and every ninth of the layouts."""
    from faults import extra_layouts, other_layouts, photo_layouts, tiff_layouts
    from faults.image_samples import samples

    tables = (other_layouts.READ, tiff_layouts.READ, photo_layouts.READ, extra_layouts.READ)
    layouts = [each for table in tables for each in sorted(table.items())]
    return [*sorted(samples().items()), *((name, data) for name, (data, _) in layouts[::9])]


def mutated(seed: int) -> tuple[str, bytes]:
    """Give one file: mostly one byte of it is changed, else a few, or it is cut."""
    chance = random.Random(seed)
    name, data = chance.choice(corpus())
    changed = bytearray(data)
    for _ in range(1 if chance.random() < 0.8 else chance.randint(2, 8)):
        # Headers are where a byte does most harm.
        end = len(data) if chance.random() < 0.5 else min(len(data), 200)
        changed[chance.randrange(end)] ^= 1 << chance.randrange(8) if chance.random() < 0.5 else (
            chance.randint(1, 255)
        )  # fmt: skip
    if chance.random() < 0.05:
        del changed[chance.randrange(len(changed)) :]
    return name, bytes(changed)


def work(first: int, count: int, folder: Path) -> None:
    """Filter files one after the other in this process, and say how each ended."""
    from imgconv.cli.main import main
    from imgconv.io.images import codec_noise

    sys.stderr = codec_noise.redirect()
    source = folder / "in.img"
    for seed in range(first, first + count):
        name, data = mutated(seed)
        source.write_bytes(data)
        words = ["apply", str(source), str(folder / "out.tiff"), *RECIPES[seed % len(RECIPES)]]
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = main([*words, "--max-pixels", "10M", "--depth", "f32"])
        left = sorted(path.name for path in folder.iterdir())
        print(json.dumps([seed, name, code, said.getvalue(), left]), flush=True)
        (folder / "out.tiff").unlink(missing_ok=True)


def judged(code: int, said: str, left: list[str]) -> str | None:
    """Say what is wrong with how a run ended."""
    if code not in DOCUMENTED and not (code == 2 and NO_GRAY in said):
        return f"code {code}: {said}"
    if "Traceback" in said or (code and not said.startswith("Error: ")):
        return f"words: {said}"
    expected = ["in.img", "out.tiff"] if code == 0 else ["in.img"]
    return None if left == expected else f"left {left}"


def watch(
    first: int, count: int, folder: Path, codes: Counter[int], seconds: int = SECONDS
) -> list[tuple[int, str]]:
    """Run a worker, and a new one after each that died."""
    failures: list[tuple[int, str]] = []
    done = first
    while done < first + count:
        for path in folder.iterdir():
            path.unlink()
        arguments = ["--worker", str(done), "--count", str(first + count - done)]
        worker = subprocess.Popen(
            [sys.executable, __file__, *arguments, "--folder", str(folder)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        patience = START
        while done < first + count:
            ready, _, _ = select.select([worker.stdout], [], [], patience)
            line = worker.stdout.readline() if ready else b""
            if not line:
                worker.kill()
                code = worker.wait()
                failures.append((done, f"worker ended with {code}" if ready else "took too long"))
                done += 1
                break
            patience = seconds
            seed, _, code, said, left = json.loads(line)
            codes[code] += 1
            if wrong := judged(code, said, left):
                failures.append((seed, wrong))
            done = seed + 1
        else:
            worker.stdout.close()
            worker.wait()
    return failures


def fuzz(
    count: int, first: int = 0, seconds: int = SECONDS
) -> tuple[Counter[int], list[tuple[int, str]]]:
    """Filter so many mutations; give how many ended in each code, and what went wrong."""
    codes: Counter[int] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        return codes, watch(first, count, Path(folder), codes, seconds)


def main_program() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--worker", type=int)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.worker is not None:
        work(given.worker, given.count, given.folder)
        return 0
    codes, failures = fuzz(given.count, given.first, given.seconds)
    for seed, wrong in failures:
        print(f"{seed} ({mutated(seed)[0]}): {wrong}")
    print(f"{sum(codes.values())} files: " + ", ".join(f"{n} x {c}" for c, n in codes.items()))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main_program())
