"""Files filtered in bands hold the pixels of the file that is filtered as a whole."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import zarr
from faults.image_samples import metadata

import imgconv
from imgconv.io.config.recipes import recipe_from
from imgconv.io.images.image_files import read_picture, write_picture
from imgconv.io.images.picture import Encoding, Metadata, Picture, Reading
from imgconv.io.kernels.bank import KernelBank
from imgconv.io.kernels.spec import load_kernel
from imgconv.io.tiled.choice import open_reader
from imgconv.jobs import memory as picture_memory
from imgconv.jobs.apply import bands, stream_file
from imgconv.jobs.apply.bands import memory_for
from imgconv.jobs.apply.filter_path import filter_path
from imgconv.jobs.apply.prefetch import ahead
from imgconv.jobs.memory import parse_bytes
from imgconv.model.errors import (
    ArgumentError,
    ImageReadError,
    ImageWriteError,
    LimitError,
    MissingDependencyError,
    OutputExistsError,
)
from imgconv.system import memory

BANK = KernelBank.standard(())


def recipe(*kernels, **options):
    return recipe_from({"kernels": list(kernels), **options}, BANK)


@pytest.fixture
def streamed(monkeypatch, tmp_path):
    """Filter a file in bands, as if the process itself used no memory, and count the bands."""
    monkeypatch.setattr(memory, "used", lambda: 0)

    def run(source, target, what, limit=None, **options):
        if limit is None:  # what bands of eight rows take: the tests' pictures take more
            reader = open_reader(source, limit=0)
            limit = memory_for(reader, what, 8) if reader else 1 << 20
            assert reader is None or bands.whole_bytes(reader, what) > limit
            if reader:
                reader.close()
        row = filter_path(source, tmp_path / target, what, max_memory=limit, threads=2, **options)
        assert not list(tmp_path.glob(".*"))
        return row, tmp_path / target

    return run


@pytest.fixture
def wide(rng):
    """Give 700 x 3000 gray pixels: more than the least limit holds at once."""
    return rng.integers(0, 256, (700, 3000), np.uint8)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def written(path):
    with tifffile.TiffFile(path) as file:
        return file.pages[0].asarray()


def whole(image, what):
    from imgconv.ops.pipeline.run import run_recipe

    return run_recipe(image, what).image


LAYOUTS = {
    "tiled": {"tile": (64, 32)},
    "tiled-deflate": {"tile": (32, 48), "compression": "zlib", "predictor": True},
    "strips": {"rowsperstrip": 7},
    "strips-deflate": {"rowsperstrip": 16, "compression": "zlib"},
    "big-endian": {"tile": (64, 64), "byteorder": ">"},
    "bigtiff": {"tile": (64, 64), "bigtiff": True},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.sampled(10)
def test_every_layout_and_depth(layout, dtype, streamed, rng, tmp_path):
    image = (rng.random((700, 1200)) * 250).astype(dtype)
    options = dict(LAYOUTS[layout])
    file = {name: options.pop(name) for name in ("byteorder", "bigtiff") if name in options}
    if dtype == "float32":
        options.pop("predictor", None)
    with tifffile.TiffWriter(tmp_path / "in.tif", **file) as writer:
        writer.write(image, **options)
    what = recipe("gaussian:sigma=2", "sobel_x", padding="wrap")
    row, out = streamed(tmp_path / "in.tif", "out.tif", what)
    np.testing.assert_array_equal(written(out), whole(image, what))
    np.testing.assert_array_equal(imgconv.read_image(out), whole(image, what))
    with tifffile.TiffFile(out) as result:
        page = result.pages[0]
        strips = layout == "strips"
        assert (page.tile or ()) == (() if strips else options.get("tile", (256, 256)))
        assert (page.compression != 1) == ("compression" in options)
    assert (row.shape, row.depth) == ((700, 1200), imgconv.model.output.Depth.of(dtype).value)


@pytest.mark.parametrize("channels", [3, 4])
def test_colour(channels, streamed, rng, tmp_path):
    image = rng.integers(0, 256, (600, 900, channels), np.uint8)
    extra = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    tifffile.imwrite(tmp_path / "in.tif", image, photometric="rgb", tile=(48, 80), **extra)
    what = recipe("sharpen", padding="reflect")
    _, out = streamed(tmp_path / "in.tif", "out.tif", what)
    np.testing.assert_array_equal(written(out), whole(image, what))
    gray = recipe("sharpen", gray="linear")
    _, out = streamed(tmp_path / "in.tif", "gray.tif", gray)
    np.testing.assert_array_equal(written(out), whole(image, gray))


def test_the_bands_are_many(streamed, wide, tmp_path, monkeypatch):
    """What the other tests rest on: such a limit leaves no band that holds the whole picture."""
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64))
    heights = []
    bands_within = stream_file.bands_within

    def listening(*arguments, **options):
        heights.append(bands_within(*arguments, **options))
        return heights[-1]

    monkeypatch.setattr(stream_file, "bands_within", listening)
    streamed(tmp_path / "in.tif", "out.tif", recipe("blur"))
    assert heights[0][0] <= 64


def test_more_memory_means_the_whole_picture(streamed, wide, tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64))
    monkeypatch.setattr(stream_file, "stream_file", None)
    _, out = streamed(tmp_path / "in.tif", "out.tif", recipe("blur"), limit=1 << 30)
    np.testing.assert_array_equal(imgconv.read_image(out), whole(wide, recipe("blur")))


@pytest.mark.parametrize("suffix", [".png", ".ppm", ".webp"])
def test_other_formats_through_libvips(suffix, streamed, wide, rng, tmp_path):
    image = rng.integers(0, 256, (500, 1000, 3), np.uint8) if suffix != ".png" else wide
    imgconv.write_image(tmp_path / f"in{suffix}", image)
    what = recipe("sharpen", padding="wrap")
    if suffix == ".ppm":  # the wheel of libvips reads none
        row, out = streamed(tmp_path / "in.ppm", "out.tif", what)
    else:
        row, out = streamed(tmp_path / f"in{suffix}", f"out{suffix}", what)
    np.testing.assert_array_equal(imgconv.read_image(out), whole(image, what))
    assert row.shape == image.shape


def test_png_of_16_bits(streamed, rng, tmp_path):
    image = rng.integers(0, 65536, (600, 1500), np.uint16)
    imgconv.write_image(tmp_path / "in.png", image)
    _, out = streamed(tmp_path / "in.png", "out.png", recipe("blur"))
    np.testing.assert_array_equal(imgconv.read_image(out), whole(image, recipe("blur")))


def test_lzw_is_left_to_libvips(streamed, wide, tmp_path):
    imgconv.write_image(tmp_path / "in.tif", wide)  # OpenCV writes LZW
    _, out = streamed(tmp_path / "in.tif", "out.tif", recipe("blur"))
    np.testing.assert_array_equal(imgconv.read_image(out), whole(wide, recipe("blur")))


@pytest.mark.parametrize("channels", [1, 3])
def test_ome_zarr_there_and_back(channels, streamed, rng, tmp_path):
    image = rng.integers(0, 65536, (300, 400, channels), np.uint16).squeeze()
    imgconv.write_image(tmp_path / "in.png", image)
    _, out = streamed(tmp_path / "in.png", "out.ome.zarr", recipe("blur"), limit=1 << 28)
    group = zarr.open_group(str(out), mode="r")
    scales = group.attrs["multiscales"][0]
    assert [axis["name"] for axis in scales["axes"]] == ["c", "y", "x"][channels == 1 :]
    array = group[scales["datasets"][0]["path"]][:]
    expected = whole(image, recipe("blur"))
    np.testing.assert_array_equal(np.moveaxis(array, 0, -1) if channels == 3 else array, expected)
    _, back = streamed(out, "back.tif", recipe("sharpen"), limit=1 << 28)
    np.testing.assert_array_equal(imgconv.read_image(back), whole(expected, recipe("sharpen")))


def test_a_zarr_of_five_axes(streamed, rng, tmp_path):
    image = rng.integers(0, 256, (60, 50), np.uint8)
    group = zarr.open_group(str(tmp_path / "in.zarr"), mode="w", zarr_format=3)
    group.create_array("0", data=image[None, None, None], chunks=(1, 1, 1, 16, 16))
    axes = [{"name": name} for name in "tczyx"]
    scales = [{"axes": axes, "datasets": [{"path": "0"}]}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": scales}
    _, out = streamed(tmp_path / "in.zarr", "out.png", recipe("blur"), limit=1 << 28)
    np.testing.assert_array_equal(imgconv.read_image(out), whole(image, recipe("blur")))


def test_a_zarr_of_several_planes_is_refused(streamed, tmp_path):
    zarr.create_array(str(tmp_path / "in.zarr"), data=np.zeros((4, 5, 3, 2), np.uint8))
    with pytest.raises(ImageReadError, match="neither an OME-Zarr image nor a Zarr array"):
        streamed(tmp_path / "in.zarr", "out.tif", recipe("blur"), limit=1 << 28)


def test_a_folder_is_replaced_only_when_asked(streamed, rng, tmp_path):
    imgconv.write_image(tmp_path / "in.png", rng.integers(0, 256, (30, 40), np.uint8))
    streamed(tmp_path / "in.png", "out.zarr", recipe("blur"), limit=1 << 28)
    before = (tmp_path / "out.zarr" / "0" / "0" / "0").read_bytes()
    with pytest.raises(OutputExistsError, match="exists"):
        streamed(tmp_path / "in.png", "out.zarr", recipe("sharpen"), limit=1 << 28)
    assert (tmp_path / "out.zarr" / "0" / "0" / "0").read_bytes() == before
    streamed(tmp_path / "in.png", "out.zarr", recipe("sharpen"), limit=1 << 28, overwrite=True)
    assert (tmp_path / "out.zarr" / "0" / "0" / "0").read_bytes() != before


def test_in_place(streamed, wide, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64))
    with pytest.raises(OutputExistsError, match="is the input itself"):
        streamed(tmp_path / "in.tif", "in.tif", recipe("blur"))
    _, out = streamed(tmp_path / "in.tif", "in.tif", recipe("blur"), in_place=True)
    np.testing.assert_array_equal(written(out), whole(wide, recipe("blur")))


@pytest.mark.parametrize(
    ("options", "passes"),
    [
        ({"range": "rescale", "kernels": ["sobel_x"]}, 2),
        ({"binarize": "otsu"}, 2),
        ({"binarize": "otsu", "binarize-after": True, "kernels": ["blur"]}, 2),
        ({"range": "rescale", "kernels": ["sobel"]}, 2),
    ],
)
@pytest.mark.sampled(4)
def test_what_must_be_known_of_the_whole(options, passes, streamed, wide, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64))
    what = recipe_from(options, BANK)
    _, out = streamed(tmp_path / "in.tif", "out.tif", what)
    np.testing.assert_array_equal(written(out), whole(wide, what))


def test_a_step_that_needs_the_whole(streamed, wide, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64))
    with pytest.raises(LimitError, match="sauvola needs the whole image"):
        streamed(tmp_path / "in.tif", "out.tif", recipe_from({"binarize": "sauvola"}, BANK))
    assert not (tmp_path / "out.tif").exists()


def test_not_even_one_row(streamed, wide, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64))
    with pytest.raises(LimitError, match="1 MiB of memory is too little") as found:
        streamed(tmp_path / "in.tif", "out.tif", recipe("blur"), limit=1 << 20)
    enough = found.value.hint.split()[1].rstrip("M,")
    streamed(tmp_path / "in.tif", "out.tif", recipe("blur"), limit=int(enough) << 20)


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_tiff_cut_short(compression, streamed, wide, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64), compression=compression)
    cut(tmp_path / "in.tif", 0.6)
    with pytest.raises(ImageReadError, match=r"in\.tif: the tiff data is damaged or cut short"):
        streamed(tmp_path / "in.tif", "out.tif", recipe("blur"))
    assert not (tmp_path / "out.tif").exists()


def test_a_flipped_bit_in_deflate_data(streamed, wide, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64), compression="zlib")
    data = bytearray((tmp_path / "in.tif").read_bytes())
    data[len(data) // 2] ^= 64
    (tmp_path / "in.tif").write_bytes(data)
    with pytest.raises(ImageReadError, match="damaged or cut short"):
        streamed(tmp_path / "in.tif", "out.tif", recipe("blur"))


def test_a_png_cut_short(streamed, wide, tmp_path):
    imgconv.write_image(tmp_path / "in.png", wide)
    cut(tmp_path / "in.png", 0.6)
    with pytest.raises(ImageReadError, match=r"in\.png: the data is damaged or cut short"):
        streamed(tmp_path / "in.png", "out.png", recipe("blur"))
    assert not (tmp_path / "out.png").exists()


def test_a_format_that_cannot_hold_it(streamed, wide, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64))
    with pytest.raises(ImageWriteError, match="jpeg cannot hold i16"):
        streamed(tmp_path / "in.tif", "out.jpg", recipe("sobel_x", depth="i16"))
    with pytest.raises(ImageWriteError, match="nor anything else here writes a bmp file by rows"):
        streamed(tmp_path / "in.tif", "out.bmp", recipe("blur"))


@pytest.mark.parametrize(("name", "target"), [("pyvips", "out.png"), ("zarr", "out.zarr")])
def test_a_missing_extra_is_named(name, target, streamed, wide, tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64))
    monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingDependencyError, match=f"needs {name}") as found:
        streamed(tmp_path / "in.tif", target, recipe("blur"))
    assert found.value.hint == "pip install 'imgconv[huge]'"


def test_lzw_without_libvips(streamed, wide, tmp_path, monkeypatch):
    imgconv.write_image(tmp_path / "in.tif", wide)
    monkeypatch.setitem(__import__("sys").modules, "pyvips", None)
    _, out = streamed(tmp_path / "in.tif", "out.tif", recipe("blur"))
    np.testing.assert_array_equal(imgconv.read_image(out), whole(wide, recipe("blur")))


def test_a_turned_picture_is_turned_or_refused(streamed, wide, tmp_path):
    tags = [(274, "H", 1, 6, True)]
    tifffile.imwrite(tmp_path / "in.tif", wide, tile=(64, 64), extratags=tags)
    _, out = streamed(tmp_path / "in.tif", "out.tif", recipe("blur"), limit=1 << 28)
    expected = whole(imgconv.read_image(tmp_path / "in.tif"), recipe("blur"))
    np.testing.assert_array_equal(imgconv.read_image(out), expected)
    with pytest.raises(ImageReadError, match="its EXIF orientation turns it") as found:
        streamed(tmp_path / "in.tif", "again.tif", recipe("blur"))
    assert "vips autorot" in found.value.hint


@pytest.mark.parametrize("source", ["in.tif", "in.png"])
@pytest.mark.parametrize("target", ["out.tif", "out.png"])
@pytest.mark.sampled(4)
def test_metadata_but_for_exif(source, target, streamed, rng, tmp_path):
    given = metadata()
    image = rng.integers(0, 256, (700, 1000, 3), np.uint8)
    write_picture(tmp_path / source, Picture((image,), metadata=given))
    kept = given._replace(exif=None, xmp=None if target == "out.png" else given.xmp)
    _, out = streamed(tmp_path / source, target, recipe("blur"))
    found = read_picture(out).metadata
    assert (found.icc, found.xmp) == (kept.icc, kept.xmp)
    for per_inch, expected in zip(found.resolution, (300, 150), strict=True):
        assert abs(per_inch - expected) < 0.02  # PNG counts pixels per metre
    stripped = Encoding(strip=True)
    _, bare = streamed(tmp_path / source, f"bare-{target}", recipe("blur"), encoding=stripped)
    assert read_picture(bare).metadata._replace(resolution=None) == Metadata()
    _, gray = streamed(tmp_path / source, f"gray-{target}", recipe("blur", gray="linear"))
    assert read_picture(gray).metadata.icc is None


@pytest.mark.parametrize("unit", [1, 3])
def test_units_of_resolution(unit, streamed, wide, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", wide, resolution=((100, 1), (50, 1)), resolutionunit=unit)
    _, out = streamed(tmp_path / "in.tif", "out.tif", recipe("blur"))
    found = read_picture(out).metadata.resolution
    assert found == (None if unit == 1 else (254, 127))


def test_the_estimate_grows_with_the_kernel(wide):
    from imgconv.io.tiled.base import HeldReader

    reader = HeldReader(wide)
    small, large = (memory_for(reader, recipe(name), 8) for name in ("blur", "disk:20"))
    assert large > small + 2 * 38 * wide.shape[1]
    assert load_kernel("disk:20", BANK).shape[0] == 41


@pytest.mark.parametrize("text", ["", "12Q", "-3M", "M", "1e9", "٣M"])
def test_no_amount_of_memory(text):
    with pytest.raises(ArgumentError, match="is not a valid size"):
        parse_bytes(text)


def test_ahead_passes_errors_on_and_ends_its_thread():
    import threading

    def failing():
        yield 1
        raise KeyError("two")

    before = threading.active_count()
    items = ahead(failing())
    assert next(items) == 1
    with pytest.raises(KeyError, match="two"):
        next(items)
    endless = ahead(iter(int, 1))
    assert next(endless) == 0
    endless.close()
    assert threading.active_count() == before


@pytest.fixture
def many(monkeypatch, tmp_path, wide):
    """Give a TIFF that memory holds, with more pixels than are decoded at once."""
    monkeypatch.setattr(picture_memory, "default_limit", lambda: 1 << 30)
    monkeypatch.setattr("imgconv.jobs.apply.filter_path.is_surely_small", lambda *_: False)
    tifffile.imwrite(tmp_path / "many.tif", wide, rowsperstrip=7)
    return tmp_path / "many.tif"


def test_more_pixels_than_are_decoded_at_once_need_no_flag(many, tmp_path, wide):
    what = recipe("gaussian:2")
    few = Reading(max_pixels=1000)
    filter_path(many, tmp_path / "out.tif", what, reading=few)
    assert np.array_equal(written(tmp_path / "out.tif"), whole(wide, what))


def test_the_limit_of_pixels_holds_for_what_must_be_in_memory(many, tmp_path, wide):
    write_picture(tmp_path / "many.bmp", Picture((wide,)))
    with pytest.raises(LimitError, match="the limit is 1000"):
        filter_path(
            tmp_path / "many.bmp", tmp_path / "a.tif", recipe(), reading=Reading(max_pixels=1000)
        )
    with pytest.raises(LimitError):
        filter_path(
            many, tmp_path / "a.tif", recipe(binarize="sauvola"), reading=Reading(max_pixels=1000)
        )
    assert not (tmp_path / "a.tif").exists()
