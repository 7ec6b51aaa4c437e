"""`imgconv layer` through the program."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cli.program import assert_fails, written

from imgconv import conv2d, correlate, read_image

NET = """\
layers:
  - name: first
    filters: [sobel_x, laplacian]
    bias: [0, 1/2]
    padding: same
  - activation: relu
  - pool: max:2
"""


@pytest.fixture
def net(tmp_path):
    (tmp_path / "net.yaml").write_text(NET)
    return "net.yaml"


def test_the_maps_are_correlations(run, photo, gray, tmp_path):
    words = ("-k", "sobel_x", "-k", "emboss", "--padding", "same", "--border", "replicate")
    done = run("layer", "photo.png", "maps.npy", *words)
    assert (done.code, done.out) == (0, b"")
    assert "96 x 80 x 1 -> 96 x 80 x 2" in done.err
    assert "(96 + 2*1 - 3)/1 + 1 = 96" in done.err
    maps = np.load(tmp_path / "maps.npy")
    for at, name in enumerate(("sobel_x", "emboss")):
        expected = correlate(gray, name, border="replicate", depth="f32")
        np.testing.assert_array_equal(maps[..., at], expected)


def test_a_network_from_yaml(run, colour, rgb, tmp_path, net):
    done = run("layer", "colour.png", "out.npz", "--weights", net, "--json")
    layers = json.loads(done.out)["layers"]
    assert (done.code, len(layers)) == (0, 3)
    with np.load(tmp_path / "out.npz") as stored:
        maps, names = stored["feature_maps"], stored["names"].tolist()
    assert len(names) == maps.shape[2] == 6  # each kernel on each channel
    assert maps.shape[:2] == (48, 40)
    assert maps.min() >= 0


def test_weights_of_one_array_and_its_bias(run, colour, rgb, tmp_path):
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(4, 3, 3, 2)).astype("f4")
    bias = rng.normal(size=4).astype("f4")
    np.save(tmp_path / "w.npy", weights)
    np.savez(tmp_path / "net.npz", **{"conv1.weight": weights, "conv1.bias": bias})
    assert run("layer", "colour.png", "a.npy", "--weights", "w.npy", "--stride", "2").code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), conv2d(rgb, weights, stride=2))
    assert run("layer", "colour.png", "b.npy", "--weights", "net.npz#conv1").code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), conv2d(rgb, weights, bias))


def test_every_kind_of_output(run, photo, tmp_path):
    words = ("-k", "sobel_x", "-k", "blur", "--padding", "1")
    for name in ("maps.tiff", "maps.png", "maps/"):
        assert run("layer", "photo.png", name, *words).code == 0
    assert written(tmp_path / "maps.png").ndim >= 2
    assert read_image(tmp_path / "maps.tiff").dtype == np.float32
    assert len(list((tmp_path / "maps").glob("*.png"))) == 2


def test_parts_add_up(run, colour, rgb, tmp_path):
    weights = np.arange(2 * 3 * 9, dtype="f4").reshape(2, 3, 3, 3) - 20
    np.save(tmp_path / "w.npy", weights)
    assert run("layer", "colour.png", "p.npz", "--weights", "w.npy", "--parts").code == 0
    with np.load(tmp_path / "p.npz") as stored:
        maps = stored["feature_maps"]
    total = conv2d(rgb, weights)
    for at in range(2):  # of each filter three parts, and their sum
        parts = maps[..., 4 * at : 4 * at + 3]
        np.testing.assert_array_equal(parts.sum(axis=2), total[..., at])
        np.testing.assert_array_equal(maps[..., 4 * at + 3], total[..., at])


def test_dry_run_writes_nothing(run, photo, tmp_path, net):
    done = run("layer", "photo.png", "out.npy", "--weights", net, "--dry-run")
    assert done.code == 0
    assert "parameters: (3*3*1 + 1)*2 = 20" in done.err
    assert not (tmp_path / "out.npy").exists()


def test_pickles_are_refused(run, photo, tmp_path):
    np.save(tmp_path / "evil.npy", np.array([{"a": 1}], object), allow_pickle=True)
    assert_fails(run("layer", "photo.png", "o.npy", "--weights", "evil.npy"), 3, "evil.npy")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "give --weights, or -k"),
        (["--weights", "none.npy"], 3, "none.npy"),
        (["-k", "sobel_x", "--stride", "0"], 2, "stride"),
        (["-k", "box:201"], 2, "201"),
        (["-k", "sobel_x", "--groups", "2"], 2, "groups"),
        (["-k", "sobel_x", "--pool", "median:2"], 2, "median"),
        (["-k", "nosuch"], 3, "nosuch"),
    ],
)
def test_what_cannot_be_done(run, photo, words, code, said):
    assert_fails(run("layer", "photo.png", "o.npy", *words), code, said)


def test_a_value_is_explained(run, colour, rgb, tmp_path, net):
    words = ("layer", "colour.png", "--weights", net)
    done = run(*words, "--at", "3,2,5", "--json")
    data = json.loads(done.out)
    assert run("layer", "colour.png", "maps.npy", "--weights", net).code == 0
    assert data["value"] == np.load(tmp_path / "maps.npy")[2, 5, 3]
    (channel,) = data["channels"]  # the kernels are applied to each channel
    assert data["sum"] == channel["sum"] + data.get("bias", 0)
    assert channel["sum"] == sum(tap["product"] for tap in channel["taps"])
    tap = channel["taps"][4]
    assert tap["pixel"] == rgb[*tap["source"], channel["channel"]]
    assert [step["name"] for step in data["after"]] == ["relu", "max pool 2x2"]
    text = run(*words, "--at", "3,2,5").out.decode()
    assert text.startswith("green laplacian (filter 3) at ")
    assert f"= {data['sum_exact']} ({data['sum']})\n" in text
    assert f"-> {data['value']:.9g}\n" in text
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".npy") == ["maps.npy"]


def test_channels_and_their_sum(run, colour, tmp_path):
    np.save(tmp_path / "w.npy", np.arange(2 * 3 * 3 * 3).reshape(2, 3, 3, 3))
    words = ("--weights", "w.npy", "--bias=-5,1/2", "--padding", "1", "--border", "replicate")
    text = run("layer", "colour.png", *words, "--at", "1,0,0").out.decode()
    for said in ("\n  red\n", "\n  green\n", "\n  blue\n", "+ 1/2 (0.5) (bias) = "):
        assert said in text
    assert text.count("outside: replicate reads 0,0\n") == 9


def test_explaining_refuses(run, colour):
    assert_fails(run("layer", "colour.png", "-k", "blur", "--at", "9,0,0"), 2, "lies outside")
    assert_fails(run("layer", "colour.png", "-k", "blur", "--at", "x"), 2, "'x' is not a filter")
    assert_fails(run("layer", "colour.png", "-k", "blur"), 2, "say where the maps go")


def test_an_amount_by_the_name_that_is_a_mode_elsewhere_is_announced(run, photo):
    words = ("layer", photo, "--dry-run", "-k", "sobel_x")
    assert run(*words, "--pad", "same").err == run(*words, "--pad=same").err
    said = "Note: --padding is the amount here, as in frameworks; --pad says the same\n"
    for given in (["--padding", "same"], ["--padding=1"]):
        done = run(*words, *given)
        assert (done.code, done.err.startswith(said)) == (0, True)
    assert "Note" not in run(*words, "--pad", "same").err
