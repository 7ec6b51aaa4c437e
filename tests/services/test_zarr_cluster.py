"""Arrays and OME-Zarr images on Dask: the same pixels as here."""

from __future__ import annotations

import json
import random
import threading

import numpy as np
import pytest
from cli.program import assert_fails
from services.clusters import Cluster

import imgconv as library
from imgconv.model.errors import ArgumentError, LimitError

pytestmark = pytest.mark.services
da = pytest.importorskip("dask.array", reason="needs: pip install 'imgconv[test-services]'")
zarr = pytest.importorskip("zarr")

RECIPES = [
    {"kernels": ["gaussian:2", "sharpen"]},
    {"kernels": ["sobel_x"], "stride": 3, "depth": "i16"},
    {"kernels": ["gaussian:1"], "size": "full"},
    {"kernels": ["sobel"], "gray": "bt601", "binarize": "100", "binarize_after": True},
    {"invert": True},
]


@pytest.mark.parametrize("border", ["reflect101", "wrap", "replicate", "constant", "reflect"])
@pytest.mark.parametrize("options", RECIPES, ids=str)
@pytest.mark.parametrize("rows", [1, 7, 40, 300])
def test_arrays(rgb, border, options, rows):
    array = da.from_array(rgb, chunks=(rows, 30, 3))
    found = library.filter_dask_array(array, padding=border, **options)
    expected = library.filter_image(rgb, padding=border, **options)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found.compute(scheduler="synchronous"), expected)


def test_a_chunk_is_made_of_the_rows_that_it_needs(gray):
    read = []

    class Noting:
        shape, dtype, ndim = gray.shape, gray.dtype, 2

        def __getitem__(self, key):
            read.append((key[0].start, key[0].stop))
            return gray[key]

    array = da.from_array(Noting(), chunks=(16, -1), name=False, meta=np.empty((0, 0), "u1"))
    found = library.filter_dask_array(array, kernels=["blur"])
    found[40:44].compute(scheduler="synchronous")
    assert sorted(set(read)) == [(31, 32), (32, 48), (48, 49)]


def test_arrays_that_are_refused(gray):
    array = da.from_array(gray)
    for options in ({"binarize": "otsu"}, {"kernels": ["blur"], "range": "rescale"}):
        with pytest.raises(LimitError, match="measures the whole image first"):
            library.filter_dask_array(array, **options)
    with pytest.raises(LimitError, match="threshold method sauvola needs the whole image"):
        library.filter_dask_array(array, binarize="sauvola")
    with pytest.raises(ArgumentError, match="of unknown size"):
        library.filter_dask_array(array[array[:, 0] > 9], kernels=["blur"])


def image_of(folder):
    return np.asarray(zarr.open(str(folder), mode="r")["0"])


def make(folder, rows, columns, channels, chunk):
    """Write an image with texture, plane by plane, as zarr itself does."""
    group = zarr.open_group(str(folder), mode="w", zarr_format=2)
    shape = (channels, rows, columns) if channels else (rows, columns)
    array = group.create_array(
        "0", shape=shape, chunks=(*(1,) * bool(channels), chunk, chunk), dtype="u1",
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )  # fmt: skip
    names = ["c", "y", "x"][-len(shape) :]
    group.attrs["multiscales"] = [
        {"version": "0.4", "axes": [{"name": n} for n in names], "datasets": [{"path": "0"}]}
    ]
    tile = np.random.default_rng(rows).integers(0, 256, (chunk, chunk), np.uint8)
    for top in range(0, rows, chunk):
        band = np.tile(tile, -(-columns // chunk))[: rows - top, :columns]
        band = np.roll(band, top // chunk * 5, axis=1)
        array[..., top : top + chunk, :] = np.stack([band] * channels) if channels else band


@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize(
    "words",
    [
        ("-k", "gaussian:2", "-k", "sharpen", "--padding", "wrap"),
        ("-k", "sobel_x", "--stride", "2"),
    ],
    ids=["wrap", "stride"],
)
def test_a_zarr_on_local_processes(run, tmp_path, channels, words):
    make(tmp_path / "in.zarr", 500, 300, channels, 64)
    done = run("apply", "in.zarr", "out.zarr", *words, "--cluster", "local:2", "--json")
    assert done.code == 0, done.err
    row = json.loads(done.out)
    assert row["notes"] == ["clipped values are not counted on a cluster"]
    assert run("apply", "in.zarr", "here.zarr", *words).code == 0
    np.testing.assert_array_equal(image_of(tmp_path / "out.zarr"), image_of(tmp_path / "here.zarr"))
    again = run("apply", "in.zarr", "out.zarr", *words, "--cluster", "local:2")
    assert_fails(again, 5, "out.zarr exists")


def test_what_a_cluster_does_not_take(run, photo, tmp_path):
    make(tmp_path / "in.zarr", 50, 30, 0, 16)
    on = ("--cluster", "local:1")
    assert_fails(run("apply", photo, "o.zarr", "-k", "blur", *on), 2, "one OME-Zarr folder")
    assert_fails(run("apply", "in.zarr", "-", "-k", "blur", *on), 2, "one OME-Zarr folder")
    done = run("apply", "in.zarr", "o.zarr", "--binarize", *on)
    assert_fails(done, 7, "measures the whole image first")
    assert_fails(run("apply", "none.zarr", "o.zarr", "-k", "blur", *on), 4, "none.zarr")
    assert not (tmp_path / "o.zarr").exists()


def test_a_damaged_chunk(run, tmp_path):
    make(tmp_path / "in.zarr", 200, 100, 0, 32)
    (tmp_path / "in.zarr/0/3/1").write_bytes(b"nothing that a codec knows")
    done = run("apply", "in.zarr", "o.zarr", "-k", "blur", "--cluster", "local:2")
    assert_fails(done, 4, "a chunk is damaged")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.zarr"]


def on_a_cluster_with_killed_workers(run, tmp_path, rows, columns, chunk, kills):
    make(tmp_path / "in.zarr", rows, columns, 0, chunk)
    (tmp_path / "dask").mkdir()
    cluster = Cluster(tmp_path / "dask")
    cluster.start_scheduler()
    ended, chance = threading.Event(), random.Random(5)

    def kill():
        for _ in range(kills):
            if ended.wait(chance.uniform(0.7, 1.5)):
                return
            victim = cluster.workers.pop(0)
            victim.kill()
            victim.wait()
            cluster.start_worker()

    killer = threading.Thread(target=kill)
    try:
        for _ in range(3):
            cluster.start_worker()
        killer.start()
        words = ("apply", "in.zarr", "out.zarr", "-k", "gaussian:3", "--cluster", cluster.address)
        done = run(*words)
    finally:
        ended.set()
        killer.join()
        cluster.close()
    assert done.code == 0, done.err


def test_workers_may_die(run, tmp_path):
    on_a_cluster_with_killed_workers(run, tmp_path, 6000, 3000, 256, 2)
    assert run("apply", "in.zarr", "here.zarr", "-k", "gaussian:3").code == 0
    np.testing.assert_array_equal(image_of(tmp_path / "out.zarr"), image_of(tmp_path / "here.zarr"))


@pytest.mark.slow
def test_a_gigapixel_on_a_cluster(run, tmp_path):
    on_a_cluster_with_killed_workers(run, tmp_path, 33000, 32000, 1000, 4)
    source = zarr.open(str(tmp_path / "in.zarr"), mode="r")["0"]
    found = zarr.open(str(tmp_path / "out.zarr"), mode="r")["0"]
    assert found.shape == (33000, 32000)
    for top in (0, 995, 16400, 32900):
        band = np.asarray(source[max(top - 20, 0) : top + 120])
        expected = library.filter_image(band, kernels=["gaussian:3"])
        inner = slice(20 if top else 0, None if top + 120 >= 33000 else -20)
        there = np.asarray(found[max(top - 20, 0) : top + 120])
        np.testing.assert_array_equal(there[inner], expected[inner])
