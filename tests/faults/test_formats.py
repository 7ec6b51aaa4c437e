"""The table of formats: one row and one module for each, and none is loaded without need."""

from __future__ import annotations

import subprocess
import sys

import pytest
from faults.image_samples import samples

from imgconv.io.images.formats import FORMATS, codec_of, format_named, read_header, sniff
from imgconv.io.tiled.quick_size import is_surely_small


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_a_module_has_what_its_row_promises(kind):
    codec = codec_of(kind)
    assert callable(codec.read_header)
    assert callable(codec.decode)
    assert hasattr(codec, "encode") == kind.writes
    assert not kind.keeps or callable(codec.embed)


def test_a_png_loads_no_other_format(tmp_path):
    (tmp_path / "in.png").write_bytes(samples()["png"])
    program = """
import sys
from imgconv.cli.main import main
code = main(["apply", "in.png", "out.png", "-k", "identity"])
loaded = [m.removeprefix("imgconv.io.images.formats.") for m in sys.modules
          if m.startswith("imgconv.io.images.formats.")]
print(code, sorted({m.split(".")[0] for m in loaded}), "PIL" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 ['png'] False"


@pytest.mark.parametrize("name", samples())
def test_one_header_says_what_there_is_to_decode(name, tmp_path):
    """The estimate of memory and the decoder read the same header."""
    data = samples()[name]
    kind = sniff(data)
    header = read_header(data, kind)
    (tmp_path / "in").write_bytes(data)
    values = header.pixels * header.channels * -(-header.bits // 8)
    enough = 200 * values + (64 << 20)
    assert is_surely_small(tmp_path / "in", enough + 1)
    assert not is_surely_small(tmp_path / "in", 64 << 20)
    assert format_named(kind.name) is kind


def test_all_pages_count(tmp_path):
    (tmp_path / "in").write_bytes(samples()["tiff three"])
    one = 24 * 20 * 3
    assert not is_surely_small(tmp_path / "in", 2 * 200 * one + (64 << 20))
    assert is_surely_small(tmp_path / "in", 3 * 200 * one + (64 << 20) + 1)
