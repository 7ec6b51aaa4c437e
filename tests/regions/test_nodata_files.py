"""Values that mean no data in files: GDAL's tag, masks, bands, folders; held against astropy."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import tifffile
from astropy.convolution import convolve
from astropy.utils.exceptions import AstropyUserWarning
from cli.batches import make_tree, tree
from cli.program import assert_fails, save, written
from hypothesis import given, settings
from hypothesis import strategies as st

import imgconv
from imgconv.io.config.recipes import recipe_from
from imgconv.io.images.image_files import read_picture
from imgconv.jobs.apply import filter_path as filter_path_module
from imgconv.jobs.apply import stream_file

NODATA = 42113


@pytest.fixture
def heights():
    """Give heights with holes of -9999."""
    generator = np.random.default_rng(1)
    rows, columns = np.mgrid[:60, :50]
    values = (np.hypot(rows - 20, columns) + generator.random((60, 50))).astype(np.float32)
    values[generator.random((60, 50)) < 0.2] = -9999
    values[30:45, 10:25] = -9999
    return values


def tagged(path, image, value="-9999", **options):
    tags = [(NODATA, 2, len(value) + 1, value, True)] if value is not None else []
    tifffile.imwrite(path, image, photometric="minisblack", extratags=tags, **options)
    return path


def tag_of(path):
    with tifffile.TiffFile(path) as file:
        return [str(page.tags[NODATA].value) for page in file.pages if NODATA in page.tags]


def test_the_tag_is_read_and_written(run, tmp_path, heights):
    tagged(tmp_path / "in.tif", heights)
    done = run("apply", "in.tif", "out.tif", "-k", "box:5", "--nodata", "tag", "-v")
    assert done.code == 0, done.err
    expected = imgconv.filter_image(heights, steps=["box:5"], nodata=-9999)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), expected)
    assert tag_of(tmp_path / "out.tif") == ["-9999"]
    holes = np.count_nonzero(heights == -9999), np.count_nonzero(expected == -9999)
    assert f"nodata: {holes[0]} values do not count, {holes[1]} of the result" in done.err
    assert run("apply", "in.tif", "b.tif", "-k", "box:5", "--nodata", "-9999", "--strip").code == 0
    assert tag_of(tmp_path / "b.tif") == ["-9999"]
    assert (
        run("apply", "in.tif", "o.png", "-k", "box:5", "--nodata", "tag", "--depth", "u8").code == 2
    )


def test_a_tag_that_is_not_heeded_is_told_and_left_out(run, tmp_path, heights):
    tagged(tmp_path / "in.tif", heights)
    done = run("apply", "in.tif", "out.tif", "-k", "box:5")
    assert done.code == 0
    assert "-9999 means no data there, and counts here; --nodata tag leaves it out" in done.err
    assert tag_of(tmp_path / "out.tif") == []
    np.testing.assert_array_equal(
        tifffile.imread(tmp_path / "out.tif"), imgconv.filter_image(heights, steps=["box:5"])
    )


def test_every_page_says_it(run, tmp_path, heights):
    pages = np.stack([heights, heights[::-1]])
    tagged(tmp_path / "in.tif", pages)
    assert run("apply", "in.tif", "out.tif", "-k", "box:3", "--nodata", "tag").code == 0
    assert tag_of(tmp_path / "out.tif") == ["-9999", "-9999"]


@pytest.mark.parametrize("value", [None, "many", ""])
def test_what_is_no_tag(imgconv, tmp_path, heights, value):
    tagged(tmp_path / "in.tif", heights, value)
    done = imgconv("apply", "in.tif", "out.tif", "-k", "blur", "--nodata", "tag")
    assert_fails(done, 2, "no tag" if not value else "'many' is not a value")


def test_nan_is_written_as_gdal_writes_it(run, tmp_path, heights):
    holed = np.where(heights == -9999, np.float32(np.nan), heights)
    tifffile.imwrite(tmp_path / "in.tif", holed)
    assert run("apply", "in.tif", "out.tif", "-k", "box:3", "--nodata", "nan").code == 0
    assert tag_of(tmp_path / "out.tif") == ["nan"]
    expected = imgconv.filter_image(heights, steps=["box:3"], nodata=-9999)
    found = tifffile.imread(tmp_path / "out.tif")
    np.testing.assert_array_equal(np.isnan(found), expected == -9999)
    np.testing.assert_array_equal(found[~np.isnan(found)], expected[expected != -9999])


def test_pictures_in_bands(tmp_path, heights, monkeypatch):
    heights = np.tile(heights, (4, 3))
    valid = (np.indices(heights.shape).sum(axis=0) % 7 > 0).astype(np.uint8) * 255
    tagged(tmp_path / "in.tif", heights, tile=(32, 32))
    tifffile.imwrite(tmp_path / "valid.tif", valid, tile=(32, 32), photometric="minisblack")
    monkeypatch.setattr(filter_path_module, "is_surely_small", lambda *_: False)
    monkeypatch.setattr(stream_file, "whole_bytes", lambda *_: 1 << 50)
    monkeypatch.setattr(stream_file, "bands_within", lambda *_, **__: (23, 32))
    options = {"steps": ["box:5", "median"], "min-valid": "1/4"}
    named = {**options, "nodata": "tag", "valid": str(tmp_path / "valid.tif")}
    row = filter_path_module.filter_path(
        tmp_path / "in.tif", tmp_path / "out.tif", recipe_from(named), max_memory=1 << 40
    )
    expected = imgconv.filter_image(
        heights, steps=["box:5", "median"], min_valid="1/4", nodata=-9999, valid=valid
    )
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), expected)
    assert tag_of(tmp_path / "out.tif") == ["-9999"]
    assert any(note.startswith("nodata: ") for note in row.notes)


def test_the_metadata_of_a_picture_has_the_tag(tmp_path, heights):
    tagged(tmp_path / "in.tif", heights)
    said = read_picture(tmp_path / "in.tif").metadata.nodata
    assert said is not None
    assert said.rstrip(b"\0") == b"-9999"


def test_masks_of_what_is_valid_on_the_command_line(run, tmp_path, photo, gray):
    valid = np.full(gray.shape, 255, np.uint8)
    valid[10:30, 10:30] = 0
    save(tmp_path / "valid.png", valid)
    words = ("apply", "photo.png", "out.png", "-k", "box:5", "--valid", "valid.png", "--overwrite")
    assert run(*words).code == 0
    expected = imgconv.filter_image(gray, steps=["box:5"], valid=valid)
    np.testing.assert_array_equal(written(tmp_path / "out.png"), expected)
    assert run(*words, "--nodata", "0", "--min-valid", "0.5", "--nodata-keep").code == 0
    expected = imgconv.filter_image(
        gray, steps=["box:5"], valid=valid, nodata=0, min_valid=0.5, nodata_keep=True
    )
    np.testing.assert_array_equal(written(tmp_path / "out.png"), expected)
    save(tmp_path / "small.png", valid[1:])
    done = run("apply", "photo.png", "no.png", "-k", "blur", "--valid", "small.png")
    assert_fails(done, 2, "small.png is 95 x 80, the image 96 x 80")


def test_a_region_sees_itself_on_the_command_line(run, tmp_path, photo, gray):
    words = ("apply", "photo.png", "out.png", "-k", "box:9", "--region", "10,10,30,40")
    assert run(*words, "--sees", "region").code == 0
    expected = imgconv.filter_image(gray, steps=["box:9"], region=(10, 10, 30, 40), sees="region")
    np.testing.assert_array_equal(written(tmp_path / "out.png"), expected)
    part = np.ascontiguousarray(gray[10:40, 10:50])
    alone = imgconv.filter_image(part, steps=["box:9"], border="ignore")
    np.testing.assert_array_equal(expected[10:40, 10:50], alone)
    assert_fails(run(*words[:-2], "--sees", "region"), 2, "sees region leaves out")


def test_a_folder_with_a_mask_of_what_is_valid_for_each(run, tmp_path):
    make_tree(tmp_path / "in", ["a.png", "b.png"])
    make_tree(tmp_path / "valid", ["a.png"])
    flags = np.zeros((12, 10), np.uint8)
    flags[4:] = 255
    save(tmp_path / "valid" / "a.png", flags)
    done = run("batch", "in", "out", "-k", "box:3", "--valid", "valid", "--json")
    assert done.code == 1
    assert list(tree(tmp_path / "out")) == ["a.png"]
    image = written(tmp_path / "in" / "a.png")
    expected = imgconv.filter_image(image, steps=["box:3"], valid=flags)
    np.testing.assert_array_equal(written(tmp_path / "out" / "a.png"), expected)
    told = [json.loads(line) for line in done.out.splitlines()]
    assert any("no mask for b.png" in str(event) for event in told)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["gaussian:1.2", "box:5", "1 2 3; 4 5 6; 7 8 30"]))
def test_it_is_what_astropy_interpolates(seed, spec):
    """Its border `extend` is replicate; it convolves, and kernels here add up to 1."""
    generator = np.random.default_rng(seed)
    image = generator.random((12, 14)).astype(np.float32) * 100
    image[generator.random(image.shape) < 0.4] = np.nan
    kernel = imgconv.load_kernel(spec)
    weights = np.array(kernel.weights, float)
    mean = imgconv.Kernel(kernel.weights, scale=f"1/{sum(map(sum, kernel.integer_form.weights))}")
    made = imgconv.filter_image(
        image,
        steps=[mean if "1 2 3" in spec else kernel],
        convolve=True,
        nodata="nan",
        border="replicate",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyUserWarning)  # of holes that stay
        theirs = convolve(
            image.astype(float), weights / weights.sum(), boundary="extend",
            nan_treatment="interpolate", normalize_kernel=True,
        )  # fmt: skip
    np.testing.assert_array_equal(np.isnan(made), np.isnan(theirs))
    np.testing.assert_allclose(made, theirs, rtol=2e-6)


@pytest.mark.parametrize("keep", [False, True])
def test_holes_are_kept_as_astropy_keeps_them(keep):
    image = np.random.default_rng(5).random((20, 20)).astype(np.float32)
    image[5:9, 6:8] = np.nan
    made = imgconv.filter_image(
        image, steps=["box:3"], nodata="nan", nodata_keep=keep, border="replicate"
    )
    theirs = convolve(
        image.astype(float), np.ones((3, 3)), boundary="extend", preserve_nan=keep
    )  # fmt: skip
    np.testing.assert_allclose(made, theirs, rtol=2e-6)
