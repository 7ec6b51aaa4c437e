"""How much memory is free, and how much a picture takes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from imgconv import recipe_from
from imgconv.io.images.formats import format_for
from imgconv.jobs import memory
from imgconv.jobs.batch.memory import need_of
from imgconv.jobs.memory import check_layers, picture_bytes
from imgconv.model.errors import LimitError
from imgconv.model.output import Depth
from imgconv.model.steps.base import Form
from imgconv.ops.layers.layer import make_conv
from imgconv.ops.layers.network import network_shapes
from imgconv.system import memory as system_memory

GRAY, COLOUR = Form(Depth.U8), Form(Depth.U8, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc for the address space in use")
def test_the_limit_of_the_address_space_counts():
    program = (
        "import resource\n"
        "from imgconv.system import memory\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (50 << 20),) * 2)\n"
        "print(memory.free_memory() >> 20)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert 40 <= int(done.stdout) <= 50


@pytest.mark.parametrize("names", ["memory.max memory.current", "limit usage"])
def test_the_limit_of_a_control_group_counts(names, tmp_path, monkeypatch):
    """Of version 2 and of version 1; what can be dropped from the cache is free."""
    limit, current = names.split()
    folder = tmp_path
    if limit == "limit":
        limit, current = "memory.limit_in_bytes", "memory.usage_in_bytes"
        folder = tmp_path / "memory"
        folder.mkdir()
    (folder / limit).write_text(f"{100 << 20}\n")
    (folder / current).write_text(f"{90 << 20}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {20 << 20}\n")
    monkeypatch.setattr(system_memory, "_CGROUP", tmp_path)
    assert system_memory.free_memory() == 30 << 20
    (folder / limit).write_text("max\n")
    assert system_memory.free_memory() > 30 << 20


def bytes_of(form, **options):
    return picture_bytes((1000, 1000), form, recipe_from(options)) * 10 // 11 / 1e6


def test_a_picture_is_held_as_read_filtered_and_written():
    assert bytes_of(GRAY, steps=["blur"]) == pytest.approx(2 + 1 + 3, rel=1e-6)
    assert bytes_of(COLOUR, steps=["blur"]) == pytest.approx(3 * (2 + 1 + 3), rel=1e-6)
    deep = bytes_of(GRAY, steps=["blur"], depth="u16")
    assert deep == pytest.approx(2 + 2 + 2 * 3, rel=1e-6)


def test_the_step_that_takes_most_counts_and_sizes_follow():
    light = bytes_of(COLOUR, steps=["linear", "blur"])
    assert light > bytes_of(COLOUR, steps=["blur"]) + 3 * 32
    gray_first = bytes_of(COLOUR, steps=["gray", "sobel", "sobel"])
    assert gray_first == bytes_of(COLOUR, steps=["gray", "sobel"])
    assert gray_first < bytes_of(COLOUR, steps=["sobel"])
    assert bytes_of(GRAY, steps=["kirsch"]) > bytes_of(GRAY, steps=["sobel"])
    whole = bytes_of(GRAY, steps=["blur"])
    assert bytes_of(GRAY, steps=["blur"], stride=2) == pytest.approx(2 + (whole - 2) / 4, rel=1e-6)


def test_folders_ask_the_same_model():
    import cv2

    data = cv2.imencode(".png", np.zeros((300, 200, 3), np.uint8))[1].tobytes()
    recipe = recipe_from({"steps": ["sobel"]})
    need, header = need_of(data, recipe, format_for("png", None))
    assert header.pixels == 60_000
    expected = picture_bytes((300, 200), COLOUR, recipe, encoders=1)
    assert need == (4 << 20) + len(data) + expected
    small = recipe_from({"steps": ["blur"], "size": "valid", "dilation": 500})
    assert need_of(data, small, format_for("png", None))[0] == 0  # it fails, and says why


def test_layers_that_do_not_fit_are_refused(monkeypatch):
    conv = make_conv(np.ones((4, 1, 3, 3)), None)
    shapes = network_shapes((conv,), (1, 100, 100, 1))
    check_layers(shapes)
    monkeypatch.setattr(memory, "free_memory", lambda: 150_000)
    with pytest.raises(LimitError, match=r"its input and output take .* and 146\.5 KiB are free"):
        check_layers(shapes)
