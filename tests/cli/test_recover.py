"""The command `recover`: words, JSON, the recipe that it writes, exit codes."""

from __future__ import annotations

import json

import numpy as np
from cli.program import assert_fails, save

from imgconv import Recipe, filter_image, read_recipe
from imgconv.jobs.recover import describe
from imgconv.ops.recover.result import Compressed, Equality, Recovery


def test_the_recipe_is_printed_and_written(run, tmp_path, camera):
    before = camera[100:240, 150:300]
    after = filter_image(before, steps=["sharpen"], border="replicate")
    save(tmp_path / "a.png", before)
    save(tmp_path / "b.png", after)
    done = run("recover", "a.png", "b.png", "--recipe", "r.yaml")
    assert (done.code, done.err) == (0, "")
    assert done.out.decode().splitlines() == [
        "steps: [sharpen]", "padding: replicate", "# every pixel is reproduced", "# sharpen",
    ]  # fmt: skip
    np.testing.assert_array_equal(filter_image(before, read_recipe(tmp_path / "r.yaml")), after)
    assert_fails(run("recover", "a.png", "b.png", "--recipe", "r.yaml"), 5, "r.yaml")


def test_json_has_what_was_measured(run, tmp_path, camera):
    before = camera[100:240, 150:300]
    after = filter_image(before, steps=["sharpen"])
    after[70, 80] ^= 64
    save(tmp_path / "a.png", before)
    save(tmp_path / "b.png", after)
    done = run("recover", "a.png", "b.png", "--json")
    assert done.code == 1
    said = json.loads(done.out)
    assert said["name"] == "sharpen"
    assert said["kernel"]["weights"][1] == ["-1", "5", "-1"]
    assert said["equal_share"] == 1 - 1 / after.size
    assert (said["max_abs_diff"], said["where"]) == (64.0, [70, 80])
    assert "about sharpen" in run("recover", "a.png", "b.png").out.decode()


def test_nothing_plausible_is_exit_6(run, tmp_path, camera):
    save(tmp_path / "a.png", camera[:128, :128])
    save(tmp_path / "b.png", camera[300:350, 200:300])
    assert_fails(run("recover", "a.png", "b.png"), 6, "geometry changed")


def test_outermost_weights_that_may_all_be_0_are_not_printed():
    intervals = np.full((7, 7, 2), (-0.1, 0.1))
    intervals[1, 2] = 0.2, 0.4
    told = Compressed(0.95, intervals.tolist(), (-3, -3), (("box", -1.0),))
    found = Recovery(Recipe(), Equality(0.5, 3.0, (1, 2), 0.9), compressed=told)
    lines = describe(found)
    at = lines.index("# weights from row -2, column -2, each +- at 95%:")
    assert len(lines[at + 1 :]) == 5
    assert "0.0000 +- 0.1000    0.3000 +- 0.1000" in lines[at + 1]
