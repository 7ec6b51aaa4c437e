"""Weights, networks, volumes and feature maps as files: what is read, written and refused."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from fractions import Fraction

import numpy as np
import pytest
import tifffile

from imgconv import conv2d, conv3d, read_network, run_network, run_parts, stack_kernels, write_maps
from imgconv.io.layers.arrays import open_arrays
from imgconv.io.layers.volumes import read_input
from imgconv.io.layers.weights import load_weights
from imgconv.model.errors import (
    ArgumentError,
    ImageReadError,
    ImageWriteError,
    KernelError,
    OutputExistsError,
)
from imgconv.ops.layers.feature_maps import Normalization, show_maps
from imgconv.ops.layers.network import FeatureMaps

WEIGHTS = np.arange(2 * 3 * 3 * 3, dtype=np.float32).reshape(2, 3, 3, 3) - 20
BIAS = np.array([0.5, -1], np.float32)


def safetensors(arrays, **changes):
    """Write the format by its description: length, header, bytes."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, (kind, array) in arrays.items():
        raw = array.tobytes()
        header[name] = {
            "dtype": kind,
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
            **changes,
        }
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.fixture
def store(tmp_path):
    """Give a function that writes bytes into a file."""

    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8", "|i1", ">i2", "<i8", "|u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_every_type(store, dtype, order):
    array = np.asarray(WEIGHTS.clip(0), dtype, order=order)
    found = open_arrays(store("w.npy", npy(array)), KernelError).read("")
    np.testing.assert_array_equal(found, array)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")


@pytest.mark.parametrize("kind", ["F64", "F32", "F16", "I64", "I8", "U16"])
def test_safetensors_of_every_type(store, kind):
    dtype = {"F": "f", "I": "i", "U": "u"}[kind[0]] + str(int(kind[1:]) // 8)
    array = WEIGHTS.clip(0).astype(dtype)
    path = store("w.safetensors", safetensors({"conv.weight": (kind, array)}))
    np.testing.assert_array_equal(open_arrays(path, KernelError).read("conv.weight"), array)


def test_bfloat16_is_the_upper_half_of_float32(store):
    upper = (WEIGHTS.view(np.uint32) >> 16).astype(np.uint16)
    path = store("w.safetensors", safetensors({"w": ("BF16", upper)}))
    found = open_arrays(path, KernelError).read("w")
    np.testing.assert_array_equal(found, WEIGHTS)  # small whole numbers fit in 8 bits


class Attack:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_pickles_are_refused_and_not_run(store, tmp_path, kind):
    data = npy(np.array([Attack()], object), allow_pickle=True)
    if kind == "npz":
        with zipfile.ZipFile(tmp_path / "evil.npz", "w") as archive:
            archive.writestr("w.npy", data)
    path = tmp_path / "evil.npz" if kind == "npz" else store("evil.npy", data)
    with pytest.raises(KernelError, match="pickled Python objects"):
        load_weights(str(path))


def test_a_bare_pickle_is_no_array(store):
    with pytest.raises(KernelError, match="damaged"):
        load_weights(str(store("evil.npy", pickle.dumps(Attack()))))


def header(text):
    """Write a .npy header with any text."""
    padded = text.encode() + b" " * 20 + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded


SOUND_NPY, SOUND_TENSORS = npy(WEIGHTS), safetensors({"w": ("F32", WEIGHTS)})
HUGE = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("w.npy", b"", "damaged"),
        ("w.npy", b"\x93NUMPY", "damaged"),
        ("w.npy", SOUND_NPY[:-1], "damaged or cut short"),
        ("w.npy", SOUND_NPY + b"\0", "damaged"),
        ("w.npy", header(HUGE % 10**15) + b"1234", "more than 2 GiB"),
        ("w.npy", header(HUGE % -1), "shape"),
        ("w.npy", header(HUGE % ",".join("1" * 40)), "shape"),
        ("w.npy", header("{'descr': '<U9', 'fortran_order': False, 'shape': (1,), }"), "holds <U9"),
        ("w.npy", header("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }"), "complex64"),
        ("w.npy", header("__import__('os').abort()"), "damaged"),
        ("w.npy", header("(" * 200), "damaged"),
        ("w.npz", b"PK\x03\x04 and nothing", "damaged"),
        ("w.npz", b"", "damaged"),
        ("w.safetensors", b"", "damaged"),
        ("w.safetensors", SOUND_TENSORS[:-1], "damaged"),
        ("w.safetensors", struct.pack("<Q", 1 << 60) + b"{}", "damaged"),
        ("w.safetensors", struct.pack("<Q", 2) + b"[]", "damaged"),
        ("w.safetensors", struct.pack("<Q", 4) + b"\xff\xfe\xff\xfe", "damaged"),
        ("w.safetensors", struct.pack("<Q", 5000) + b"[" * 5000, "damaged"),
        ("w.safetensors", safetensors({"w": ("F32", WEIGHTS)}, data_offsets=[-4, 212]), "damaged"),
        ("w.safetensors", safetensors({"w": ("F32", WEIGHTS)}, data_offsets=["0", 4]), "damaged"),
        ("w.safetensors", safetensors({"w": ("F32", WEIGHTS)}, shape=[1 << 40]), "more than 2 GiB"),
        ("w.safetensors", safetensors({"w": ("F32", WEIGHTS)}, shape=[True, 2]), "shape"),
        ("w.safetensors", safetensors({"w": ("F32", WEIGHTS)}, shape=None), "damaged"),
        ("w.safetensors", safetensors({"w": ("F8_E5M2", WEIGHTS)}), "no array"),
    ],
)
def test_damaged_and_hostile_files(store, name, data, words):
    path = store(name, data)
    with pytest.raises(KernelError, match=words) as caught:
        load_weights(str(path))
    assert str(path) in str(caught.value)


def test_a_member_that_unpacks_to_more_than_it_says(tmp_path):
    """A zip bomb: its header claims more than the bytes that follow."""
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("w.npy", header(HUGE % (1 << 20)) + bytes(1 << 16))
    with pytest.raises(KernelError, match="damaged"):
        load_weights(f"{path}#w")


def test_names_and_partners(tmp_path):
    arrays = {"conv1.weight": WEIGHTS, "conv1.bias": BIAS, "other": WEIGHTS}
    np.savez(tmp_path / "net.npz", **arrays)
    spec = str(tmp_path / "net.npz")
    for name in ("conv1.weight", "conv1"):
        weights, bias = load_weights(f"{spec}#{name}")
        np.testing.assert_array_equal(weights, WEIGHTS)
        np.testing.assert_array_equal(bias, BIAS)
    assert load_weights(f"{spec}#conv1", "none")[1] is None
    assert load_weights(f"{spec}#other")[1] is None
    np.testing.assert_array_equal(load_weights(f"{spec}#other", f"{spec}#conv1.bias")[1], BIAS)
    with pytest.raises(KernelError, match="holds 3 arrays") as caught:
        load_weights(spec)
    assert "conv1.weight (2, 3, 3, 3)" in caught.value.hint
    with pytest.raises(KernelError, match=r"'conv1\.wieght'") as caught:
        load_weights(f"{spec}#conv1.wieght")
    assert caught.value.hint == "did you mean conv1.weight?"
    with pytest.raises(KernelError, match="a bias has one axis"):
        load_weights(f"{spec}#conv1", f"{spec}#other")
    np.save(tmp_path / "flat.npy", BIAS)
    with pytest.raises(KernelError, match="3, 4 or 5 axes"):
        load_weights(str(tmp_path / "flat.npy"))


NAMED = """\
channels: [red, green, blue]
weights:
  first: {red: '0 1 2; 2 2 0; 0 1 2', blue: [[1/3, 0], [0, 0]]}
  second: [sobel_x, sobel_y, '1']
bias: {second: -1/2}
"""


def test_named_filters_and_channels(store, rgb):
    network = read_network(str(store("conv.yaml", NAMED)))
    weights = network[0].weights
    assert weights.shape == (2, 3, 3, 3)
    assert weights[0, 0].tolist() == [[0, 1, 2], [2, 2, 0], [0, 1, 2]]
    assert not weights[0, 1].any()
    assert weights[0, 2].tolist()[0][0] == Fraction(1, 3)  # its anchor (1, 1) is the centre
    assert weights[1, 2].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert network[0].biases == (0, Fraction(-1, 2))
    maps = run_network(rgb, network)
    assert maps.names == ("first", "second")
    np.testing.assert_array_equal(maps.values, conv2d(rgb, weights, ["0", "-1/2"]))


def test_a_chain_rounds_between_layers(store, rgb, tmp_path):
    np.save(tmp_path / "second.npy", WEIGHTS[:, :2] / 7)
    text = f"layers:\n- conv: {{weights: {np.round(WEIGHTS / 3, 3).tolist()}, stride: [2, 1]}}\n"
    text += "- activation: leaky_relu:1/8\n- conv: {weights: second.npy, padding: same}\n"
    maps = run_network(rgb, read_network(str(store("net.yaml", text + "- pool: mean:2"))))
    exact = np.vectorize(str)(np.round(WEIGHTS / 3, 3).tolist())
    first = conv2d(rgb, exact, stride=(2, 1))
    first = np.where(first < 0, first / 8, first)
    second = conv2d(first, WEIGHTS[:, :2] / 7, padding="same")
    assert maps.values.shape == (second.shape[0] // 2, second.shape[1] // 2, 2)
    corner = second[:2, :2].astype(float).mean(axis=(0, 1))
    np.testing.assert_allclose(maps.values[0, 0], corner, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("layers: []", "no layers"),
        ("layers: [{conv: {}}]", r"1:17: .*weights, or filters"),
        ("layers: [{dense: 3}]", "unknown key 'dense'"),
        ("layers: [{pool: max}]", "1:17: .*not a kind of pooling"),
        ("layers: [{activation: relu, pool: max:2}]", "one of conv, activation, pool"),
        ("weights: [[[[1, 2], [3]]]]", "1:1: .*ragged"),
        ("weights: [[[[1, x]]]]", "'x' is not a number"),
        ("weights: [[1]]", "3, 4 or 5 axes"),
        ("weights: none.npy", "no such file"),
        ("weights: [[[[1]]]]\nstride: 0", "stride '0'"),
        ("weights: [[[[1]]]]\nstrides: 2", "2:1: unknown key 'strides'"),
        ("weights: [[[[1]]]]\nbias: [1, 2]", "bias has shape"),
        ("filters: [sobel_x, nosuch]", "nosuch"),
        ("filters: [sobel]", "set of kernels"),
        ("filters: [sobel_x]\ngroups: 2", "no groups"),
        ("weights: {a: {red: '1'}, b: ['1', '1']}", r"needs a kernel for each channel \(3\)"),
        ("weights: {a: {red: '1 2; 3'}}", "the rows differ in length: 1 in row 1"),
        ("channels: [x]\nweights: {a: {y: '1'}}", "unknown key 'y'"),
        ("&a weights: [1]", "anchors"),
    ],
)
def test_wrong_yaml_says_where(store, text, words):
    path = store("net.yaml", text)
    with pytest.raises(KernelError, match=words) as caught:
        read_network(str(path))
    assert "\n" not in str(caught.value)


def test_options_win_over_the_file_where_one_convolution_is_meant(store):
    path = store(
        "net.yaml", "layers:\n- {name: a, filters: [blur]}\n- {name: b, filters: [blur]}\n"
    )
    with pytest.raises(ArgumentError, match="--stride is meant for one convolution"):
        read_network(str(path), {"stride": "2"})
    (conv,) = read_network(f"{path}#b", {"stride": "2"})
    assert (conv.name, conv.steps.stride) == ("b", (2, 2))
    with pytest.raises(KernelError, match="no layer is called 'c'"):
        read_network(f"{path}#c")


def test_stacked_kernels_keep_their_anchors(gray):
    """Kernels of several sizes lie over each other as `correlate` places them."""
    from imgconv import correlate

    names = ["sobel_x", "large_blur", "1x4: 1 2 3 4", "emboss"]
    maps = run_network(gray, (stack_kernels(names, {"padding": "10,10,10,10"}),))
    for c, name in enumerate(names):
        wanted = correlate(gray, name, border="constant", depth="f32")
        np.testing.assert_array_equal(maps.values[..., c], wanted)


def test_parts_of_groups_add_up(rgb):
    from imgconv.ops.layers.layer import make_conv

    image = np.concatenate([rgb, rgb[..., :1]], axis=2)[:20, :20]
    weights = np.random.default_rng(1).integers(-9, 9, (6, 2, 3, 2))
    conv = make_conv(weights, [1, 2, 3, 4, 5, 6], groups=2, stride=2)
    maps = run_parts(image, conv)
    found = maps.values.reshape(*maps.values.shape[:2], 6, 3)
    np.testing.assert_array_equal(found[..., :2].sum(axis=3) + np.arange(1, 7), found[..., 2])
    assert maps.names[9:12] == ("conv 3: blue", "conv 3: alpha", "conv 3: sum + 4")


def test_volumes_from_pages_and_arrays(tmp_path):
    volume = np.random.default_rng(2).integers(0, 65536, (5, 8, 9), np.uint16)
    tifffile.imwrite(tmp_path / "v.tiff", volume, photometric="minisblack")
    np.save(tmp_path / "v.npy", volume)
    for name in ("v.tiff", "v.npy"):
        np.testing.assert_array_equal(read_input(tmp_path / name, 3)[..., 0], volume)
    kernel = np.ones((1, 1, 2, 3, 3))
    assert conv3d(read_input(tmp_path / "v.tiff", 3), kernel).shape == (4, 6, 7, 1)


def test_inputs_that_do_not_fit(tmp_path, store, photo):
    np.save(tmp_path / "line.npy", np.arange(5, dtype=np.uint8))
    np.save(tmp_path / "double.npy", np.zeros((5, 5)))
    np.save(tmp_path / "pickled.npy", np.array([[None]]), allow_pickle=True)
    with tifffile.TiffWriter(tmp_path / "mixed.tiff") as tiff:
        for side in (4, 5):
            tiff.write(np.zeros((side, side), np.uint8), photometric="minisblack")
    tifffile.imwrite(
        tmp_path / "cut.tiff", np.zeros((3, 50, 50), np.uint8), photometric="minisblack"
    )
    store("cut.tiff", (tmp_path / "cut.tiff").read_bytes()[:-3000])
    for name, axes, words in [
        ("line.npy", 2, r"shape is \(5,\)"),
        ("double.npy", 2, "float64"),
        ("pickled.npy", 2, "pickled"),
        ("mixed.tiff", 3, "pages differ"),
        ("cut.tiff", 3, "damaged or cut short"),
        ("none.npy", 2, "no such file"),
    ]:
        with pytest.raises(ImageReadError, match=words):
            read_input(tmp_path / name, axes)


MAPS = FeatureMaps(
    np.stack([np.linspace(-3, 5, 30).reshape(5, 6), np.zeros((5, 6))], 2).astype(np.float32),
    ("a/b: ..", "flat"),
    (),
)


def test_every_form_of_maps(tmp_path):
    for suffix in ("npy", "npz", "tiff"):
        write_maps(tmp_path / f"m.{suffix}", MAPS)
    np.testing.assert_array_equal(np.load(tmp_path / "m.npy"), MAPS.values)
    with np.load(tmp_path / "m.npz") as stored:
        np.testing.assert_array_equal(stored["feature_maps"], MAPS.values)
        assert stored["names"].tolist() == list(MAPS.names)
    with tifffile.TiffFile(tmp_path / "m.tiff") as tiff:
        pages = np.stack([page.asarray() for page in tiff.pages], axis=2)
        assert [page.tags["PageName"].value for page in tiff.pages] == list(MAPS.names)
    np.testing.assert_array_equal(pages, MAPS.values)
    write_maps(tmp_path / "folder", MAPS)
    assert sorted(p.name for p in (tmp_path / "folder").iterdir()) == ["0-a_b.png", "1-flat.png"]


def test_pages_of_a_volume_are_channel_by_channel(tmp_path):
    values = np.arange(2 * 3 * 4 * 2, dtype=np.float32).reshape(2, 3, 4, 2)
    write_maps(tmp_path / "v.tiff", FeatureMaps(values, ("x", "y"), ()))
    pages = tifffile.imread(tmp_path / "v.tiff", key=range(4))
    np.testing.assert_array_equal(pages, np.moveaxis(values, -1, 0).reshape(4, 3, 4))
    with pytest.raises(ImageWriteError, match="3-D feature maps cannot be saved as an image"):
        write_maps(tmp_path / "v.png", FeatureMaps(values, ("x", "y"), ()))
    assert not (tmp_path / "v.png").exists()


def test_what_may_not_be_written_over(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "m.npy").write_text("mine")
    for name in ("full", "m.npy"):
        with pytest.raises(OutputExistsError, match=name):
            write_maps(tmp_path / name, MAPS)
    with pytest.raises(ImageWriteError, match="does not exist"):
        write_maps(tmp_path / "no" / "folder", MAPS)
    with pytest.raises(ImageWriteError, match="suffix"):
        write_maps(tmp_path / "m.xyz", MAPS)


@pytest.mark.parametrize(
    ("how", "levels"),
    [
        ("each", [[0, 76, 255], [0, 0, 0]]),
        ("shared", [[0, 64, 212], [255, 255, 255]]),
        ("signed", [[1, 64, 213], [255, 255, 255]]),
        ("none", [[0, 0, 2], [3, 3, 3]]),
    ],
)
def test_levels(how, levels):
    values = np.array([[[-3, 3], [-1.5, 3], [3, 3]]], np.float32)
    values[0, 2, 0] = 2
    shown = show_maps(values, ["a", "b"], Normalization(how))
    assert [one.levels[0].tolist() for one in shown] == levels


def test_levels_of_values_that_are_not_finite():
    values = np.array([[[np.nan], [-np.inf], [0], [10], [np.inf]]], np.float32)
    (shown,) = show_maps(values, ["a"], Normalization.EACH)
    assert shown.levels.tolist() == [[0, 0, 0, 255, 255]]
    assert (shown.low, shown.high) == (0, 10)
