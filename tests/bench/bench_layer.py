"""What a layer costs beside PyTorch's on this CPU, where torch is installed; else ours alone.

    python tests/bench/bench_layer.py [ROUNDS [SHRINK]]

SHRINK divides the pictures' sides. Both sides run in one process, in turns; medians. Ours is the
exact sum, rounded once.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from imgconv import conv2d

CASES = [
    ("64 x 3 x 7 x 7, stride 2, 1 MP u8", (1000, 1000, 3), (64, 3, 7, 7), 2, np.uint8),
    ("64 x 3 x 7 x 7, stride 2, 1 MP f32", (1000, 1000, 3), (64, 3, 7, 7), 2, np.float32),
    ("32 x 3 x 3 x 3, 1 MP u8", (1000, 1000, 3), (32, 3, 3, 3), 1, np.uint8),
    ("32 x 32 x 3 x 3, 0.06 MP f32", (250, 250, 32), (32, 32, 3, 3), 1, np.float32),
]


def seconds(run: Callable[[], object]) -> float:
    """Time one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main(rounds: int = 7, shrink: int = 1) -> None:
    """Print a line for each case."""
    try:
        import torch
        from torch.nn import functional
    except ImportError:
        torch = None
    rng = np.random.default_rng(1)
    print(f"{'layer':<38}{'ours ms':>9}{'torch ms':>10}{'ours/torch':>12}")
    for name, shape, weights_shape, stride, dtype in CASES:
        sides = (shape[0] // shrink, shape[1] // shrink, shape[2])
        image = (rng.random(sides) * 255).astype(dtype)
        weights = rng.normal(size=weights_shape).astype(np.float32)

        def ours(image=image, weights=weights, stride=stride) -> object:
            return conv2d(image, weights, stride=stride)

        runs = [ours]
        if torch is not None:
            theirs_in = torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)[None]
            theirs_weights = torch.from_numpy(weights)

            def theirs(a=theirs_in, w=theirs_weights, stride=stride) -> object:
                return functional.conv2d(a, w, stride=stride)

            runs.append(theirs)
        for run in runs:
            run()
        taken = [[seconds(run) for run in runs] for _ in range(rounds)]
        medians = [statistics.median(column) * 1000 for column in zip(*taken, strict=True)]
        beside = f"{medians[1]:>10.1f}{medians[0] / medians[1]:>12.2f}" if torch else ""
        print(f"{name:<38}{medians[0]:>9.1f}{beside}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
