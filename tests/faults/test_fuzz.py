"""A short run of the fuzzer, and the files on which a long one stumbled."""

from __future__ import annotations

import pytest
from faults.fuzz_images import RECIPES, fuzz, judged, mutated

STUMBLED = [53, 101, 462, 1388, 1668, 3227, 3416, 6787, 9065, 14353, 14898, 15730, 17471]


@pytest.mark.parametrize("seed", [*range(120), *STUMBLED])
def test_changed_bytes_end_as_documented(run, tmp_path, seed):
    _, data = mutated(seed)
    (tmp_path / "in.img").write_bytes(data)
    words = ("--max-pixels", "10M", "--depth", "f32")
    done = run("apply", "in.img", "out.tiff", *RECIPES[seed % len(RECIPES)], *words)
    left = sorted(path.name for path in tmp_path.iterdir())
    said = done.err[max(0, done.err.find("Error: ")) :]  # the codecs are heard here, not there
    assert judged(done.code, said, left) is None


@pytest.mark.slow
def test_twenty_thousand_files_end_as_documented():
    codes, failures = fuzz(20_000)
    assert failures == []
    assert sum(codes.values()) == 20_000
    assert min(codes[0], codes[4]) > 2_000
