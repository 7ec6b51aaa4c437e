"""`imgconv apply`: one image in, one image out."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, save, written


def test_the_result_is_the_correlation_and_nothing_is_said(run, photo, gray, tmp_path):
    done = run("apply", "photo.png", "out.png", "-k", "0 -1 0; -1 5 -1; 0 -1 0")
    weights = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)
    assert np.array_equal(written(tmp_path / "out.png"), cv2.filter2D(gray, -1, weights))
    assert (done.code, done.out) == (0, b"")


def test_colour_keeps_its_channels_in_order(run, colour, rgb, tmp_path):
    assert run("apply", "colour.png", "out.png", "-k", "1").code == 0
    assert np.array_equal(written(tmp_path / "out.png"), rgb[..., ::-1])


def test_the_input_is_left_alone(run, photo):
    before = photo.read_bytes(), photo.stat().st_mtime_ns
    assert run("apply", "photo.png", "out.png", "-k", "blur").code == 0
    assert (photo.read_bytes(), photo.stat().st_mtime_ns) == before


def test_kernels_apply_in_the_order_given(run, photo, tmp_path):
    """What the first clips, the second cannot have back: the order shows."""
    assert run("apply", "photo.png", "both.png", "-k", "sharpen", "-k", "emboss").code == 0
    assert run("apply", "photo.png", "first.png", "-k", "sharpen").code == 0
    assert run("apply", "first.png", "second.png", "-k", "emboss").code == 0
    assert run("apply", "photo.png", "other.png", "-k", "emboss", "-k", "sharpen").code == 0
    chained = written(tmp_path / "both.png")
    assert np.array_equal(chained, written(tmp_path / "second.png"))
    assert not np.array_equal(chained, written(tmp_path / "other.png"))


def test_tone_comes_before_the_kernels(run, colour, rgb, tmp_path):
    assert (
        run("apply", "colour.png", "out.png", "--gray", "-k", "-1 0 1", "--range", "abs").code == 0
    )
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.int16)
    padded = np.pad(gray, ((0, 0), (1, 1)), "reflect")
    assert np.array_equal(written(tmp_path / "out.png"), np.abs(padded[:, 2:] - padded[:, :-2]))


def test_binarize_after_comes_last(run, photo, gray, tmp_path):
    """Black and white first would leave nothing but 0 and 254 to halve."""
    tone = ("--binarize", "100", "--binarize-after")
    assert run("apply", "photo.png", "out.png", "-k", "1/2", *tone).code == 0
    halved = np.rint(gray / 2)  # half to even
    assert np.array_equal(written(tmp_path / "out.png"), np.where(halved > 100, 255, 0))


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        (["--stride", "2"], (48, 40)),
        (["--stride", "5,3"], (20, 27)),
        (["--size", "valid"], (94, 78)),
        (["--size", "full"], (98, 82)),
        (["--size", "1,2,0,3"], (97, 81)),
        (["--size", "valid", "--dilation", "4,2"], (88, 76)),
    ],
)
def test_steps_and_sizes(run, photo, tmp_path, options, shape):
    done = run("apply", "photo.png", "out.png", "-k", "blur", *options, "--json")
    assert json.loads(done.out)["shape"] == list(shape)
    assert written(tmp_path / "out.png").shape == shape


def test_depth_i16_keeps_both_signs_in_a_tiff(run, photo, gray, tmp_path):
    assert run("apply", "photo.png", "out.tiff", "-k", "sobel_x", "--depth", "i16").code == 0
    expected = cv2.Sobel(gray, cv2.CV_16S, 1, 0)
    result = written(tmp_path / "out.tiff")
    assert result.dtype == np.int16
    assert np.array_equal(result, expected)
    assert result.min() < 0


def test_convolve_flips(run, photo, tmp_path):
    options = ("--depth", "i16")
    run("apply", "photo.png", "a.tiff", "-k", "0 1 -3; 0 0 2; 0 0 0", "--convolve", *options)
    run("apply", "photo.png", "b.tiff", "-k", "0 0 0; 2 0 0; -3 1 0", *options)
    assert np.array_equal(written(tmp_path / "a.tiff"), written(tmp_path / "b.tiff"))


@pytest.mark.parametrize(("mode", "level"), [("saturate", 0), ("offset", 88), ("abs", 40)])
def test_output_ranges_of_a_negative_value(run, tmp_path, mode, level):
    save(tmp_path / "flat.png", np.full((3, 4), 40, np.uint8))
    assert run("apply", "flat.png", "out.png", "-k", "-1", "--range", mode).code == 0
    assert np.unique(written(tmp_path / "out.png")).tolist() == [level]


def test_alpha_is_kept_on_request(run, rgb, tmp_path):
    alpha = np.arange(96 * 80, dtype=np.uint8).reshape(96, 80, 1)
    save(tmp_path / "in.png", np.concatenate([rgb, alpha], axis=2))
    assert run("apply", "in.png", "out.png", "-k", "blur", "--alpha", "keep").code == 0
    assert np.array_equal(written(tmp_path / "out.png")[..., 3:], alpha)


def test_the_share_of_clipped_values_is_said_when_it_matters(run, photo):
    much = run("apply", "photo.png", "much.png", "-k", "9", "--json")
    assert json.loads(much.out)["clipped_share"] > 0.01
    assert much.err.startswith("Note: ")
    assert "clipped" in much.err
    assert len(much.err.splitlines()) == 1
    none = run("apply", "photo.png", "none.png", "-k", "blur", "--json")
    assert json.loads(none.out)["clipped_share"] == 0
    assert none.err == ""


def test_compare_says_how_the_result_stands(run, photo):
    done = run("apply", "photo.png", "out.png", "-k", "small_blur", "--compare")
    assert (done.code, done.out) == (0, b"")
    assert "cv2.filter2D" in done.err
    assert str(96 * 80) in done.err


def test_verbose_says_what_was_done(run, photo):
    done = run("apply", "photo.png", "out.png", "-k", "blur", "-v")
    assert done.out == b""
    assert "out.png" in done.err
    assert "96 x 80" in done.err


def test_threads_do_not_change_the_result(run, colour, tmp_path):
    for count in (1, 3):
        done = run("apply", "colour.png", f"{count}.png", "-k", "gaussian", "--threads", count)
        assert done.code == 0
    assert np.array_equal(written(tmp_path / "1.png"), written(tmp_path / "3.png"))


@pytest.mark.parametrize(
    ("files", "missing"), [([], "IN and OUT are missing"), (["photo.png"], "OUT is missing")]
)
def test_missing_files_are_wrong_usage(run, photo, files, missing):
    assert_fails(run("apply", *files, "-k", "blur"), 2, missing, "imgconv apply")


def test_the_plan_is_shown(run, colour, monkeypatch):
    words = (
        "apply",
        "colour.png",
        "o.png",
        "--gray",
        "-k",
        "sharpen",
        "-k",
        "sobel",
        "--overwrite",
    )
    plans = json.loads(run(*words, "--json").out)["plan"]
    assert [plan.partition(": ")[0] for plan in plans] == ["sharpen", "sobel_x", "sobel_y"]
    verbose = run(*words, "--verbose").err
    assert all(f"  {plan}\n" in verbose for plan in plans)
    monkeypatch.setenv("IMGCONV_ENGINE", "reference")
    slow = json.loads(run(*words, "--json").out)["plan"]
    assert slow == ["sharpen: reference", "sobel_x: reference", "sobel_y: reference"]
