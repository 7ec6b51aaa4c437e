"""Regions and masks of the program: files, folders of masks, streams, and what is reported."""

from __future__ import annotations

import json
import os

import cv2
import numpy as np
import pytest
from cli.batches import events, make_tree, rows, tree
from cli.program import assert_fails, save, written

import imgconv
from imgconv.jobs.apply import filter_path as filter_path_module

NAMES = ["a.png", "sub/b.png", "sub/c.bmp"]


@pytest.fixture
def face(tmp_path, rgb):
    """Give a photograph and a mask of its middle."""
    save(tmp_path / "face.png", rgb)
    mask = np.zeros(rgb.shape[:2], np.uint8)
    mask[20:60, 10:50] = 255
    mask[60:70, 10:50] = 100
    return save(tmp_path / "mask.png", mask), rgb, mask


def composed(rgb, mask, **options):
    return imgconv.filter_image(rgb, mask=mask, **options)[..., ::-1]


def test_a_region_on_the_command_line(run, tmp_path, face):
    done = run("apply", "face.png", "out.png", "-k", "sharpen", "--region", "5,6,20,30")
    assert done.code == 0, done.err
    rgb = face[1]
    expected = rgb.copy()
    expected[5:25, 6:36] = imgconv.filter_image(rgb, steps=["sharpen"])[5:25, 6:36]
    np.testing.assert_array_equal(written(tmp_path / "out.png"), expected[..., ::-1])
    again = run("apply", "face.png", "two.png", "-k", "sharpen", "--region", "30x20+6+5")
    assert again.code == 0
    np.testing.assert_array_equal(written(tmp_path / "two.png"), expected[..., ::-1])


def test_a_mask_on_the_command_line(run, tmp_path, face):
    _, rgb, mask = face
    words = ("apply", "face.png", "out.png", "-k", "box:9", "--mask", "mask.png")
    assert run(*words, "--feather", "4").code == 0
    expected = composed(rgb, mask, steps=["box:9"], feather=4)
    np.testing.assert_array_equal(written(tmp_path / "out.png"), expected)
    assert run(*words, "--mask-invert", "--overwrite").code == 0
    expected = composed(rgb, mask, steps=["box:9"], mask_invert=True)
    np.testing.assert_array_equal(written(tmp_path / "out.png"), expected)


def test_masks_of_1_8_and_16_bits(run, tmp_path, face):
    _, rgb, mask = face
    binary = np.where(mask > 0, 255, 0).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "1.png"), binary, [cv2.IMWRITE_PNG_BILEVEL, 1])
    save(tmp_path / "8.png", binary)
    save(tmp_path / "16.png", binary.astype(np.uint16) * 257)
    assert (tmp_path / "1.png").read_bytes()[24] == 1  # its bits for each sample
    expected = composed(rgb, binary, steps=["blur"])
    for bits in (1, 8, 16):
        run("apply", "face.png", "o.png", "-k", "blur", "--mask", f"{bits}.png", "--overwrite")
        np.testing.assert_array_equal(written(tmp_path / "o.png"), expected)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--mask", "none.png"], 4, "none.png"),
        (["--mask", "small.png"], 2, "small.png is 4 x 4, the image 96 x 80"),
        (["--mask", "face.png"], 2, "face.png has colours"),
        (["--mask", "text.txt"], 4, "text.txt"),
        (["--region", "0,0,97,1"], 2, "reaches outside an image of 96 x 80"),
        (["--region", "1,2,3"], 2, "is not a rectangle"),
        (["--mask-invert"], 2, "there is none"),
        (["--feather", "3"], 2, "there is none"),
        (["--region", "0,0,5,5", "--feather", "x"], 2, "is not a whole number"),
        (["--region", "0,0,5,5", "--size", "valid"], 2, "size of the image"),
        (["--region", "0,0,5,5", "--depth", "f32"], 2, "u8, and the recipe makes f32"),
    ],
)
def test_what_is_wrong_is_told(run, tmp_path, face, words, code, said):
    save(tmp_path / "small.png", np.zeros((4, 4), np.uint8))
    (tmp_path / "text.txt").write_text("no picture")
    assert_fails(run("apply", "face.png", "out.png", "-k", "blur", *words), code, said)
    assert not (tmp_path / "out.png").exists()


def test_pages_have_a_mask_each_or_share_one(run, tmp_path):
    import tifffile

    pages = np.random.default_rng(1).integers(0, 256, (3, 20, 30), np.uint8)
    masks = (pages[::-1] > 99).astype(np.uint8) * 255
    tifffile.imwrite(tmp_path / "in.tif", pages, photometric="minisblack")
    tifffile.imwrite(tmp_path / "each.tif", masks, photometric="minisblack")
    tifffile.imwrite(tmp_path / "two.tif", masks[:2], photometric="minisblack")
    save(tmp_path / "one.png", masks[0])
    for name, chosen in (("each.tif", masks), ("one.png", masks[[0, 0, 0]])):
        run("apply", "in.tif", "out.tif", "-k", "blur", "--mask", name, "--overwrite")
        found = tifffile.imread(tmp_path / "out.tif")
        for page, mask, result in zip(pages, chosen, found, strict=True):
            expected = imgconv.filter_image(page, steps=["blur"], mask=mask)
            np.testing.assert_array_equal(result, expected)
    done = run("apply", "in.tif", "no.tif", "-k", "blur", "--mask", "two.tif")
    assert_fails(done, 2, "two.tif has 2 pages and the picture 3")


def test_a_picture_in_bands_reads_its_mask_in_bands(tmp_path, monkeypatch):
    import tifffile

    from imgconv.io.config.recipes import recipe_from

    image = np.random.default_rng(2).integers(0, 256, (300, 200, 3), np.uint8)
    mask = (image[..., 0] > 200).astype(np.uint8) * 255
    mask[:90] = 0
    tifffile.imwrite(tmp_path / "in.tif", image, rowsperstrip=16, photometric="rgb")
    tifffile.imwrite(tmp_path / "mask.tif", mask, rowsperstrip=16, photometric="minisblack")
    recipe = recipe_from(
        {"steps": ["gaussian:2"], "mask": str(tmp_path / "mask.tif"), "feather": 3}
    )
    monkeypatch.setattr(filter_path_module, "is_surely_small", lambda *_: False)
    row = filter_path_module.filter_path(
        tmp_path / "in.tif", tmp_path / "out.tif", recipe, max_memory=1 << 40
    )
    whole = imgconv.filter_image(image, steps=["gaussian:2"], mask=mask, feather=3)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), whole)
    from imgconv.jobs.apply import stream_file

    monkeypatch.setattr(stream_file, "whole_bytes", lambda *_: 1 << 50)
    monkeypatch.setattr(stream_file, "bands_within", lambda *_, **__: (17, 32))
    banded = filter_path_module.filter_path(
        tmp_path / "in.tif", tmp_path / "banded.tif", recipe, max_memory=1 << 40
    )
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "banded.tif"), whole)
    assert row.shape == banded.shape


def masks_for(tmp_path, names):
    """Write a mask beside each picture's place, in another format."""
    folder = tmp_path / "masks"
    for number, name in enumerate(names):
        mask = np.zeros((12, 10), np.uint8)
        mask[number : number + 4] = 255
        path = (folder / name).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, mask)
    return folder


def test_a_folder_of_masks_mirrors_the_sources(run, tmp_path):
    make_tree(tmp_path / "in", NAMES)
    masks_for(tmp_path, NAMES)
    done = run("batch", "-r", "in", "out", "-k", "box:5", "--mask", "masks", "-j", "2")
    assert done.code == 0, done.err
    for number, name in enumerate(NAMES):
        image = written(tmp_path / "in" / name)
        expected = image.copy()
        part = slice(number, number + 4)
        expected[part] = imgconv.filter_image(image, steps=["box:5"])[part]
        np.testing.assert_array_equal(written(tmp_path / "out" / name), expected)


def test_a_missing_mask_fails_its_file_and_the_others_go_on(run, tmp_path):
    make_tree(tmp_path / "in", NAMES)
    masks_for(tmp_path, [NAMES[0], NAMES[2]])
    words = ("batch", "-r", "in", "out", "-k", "blur", "--mask", "masks", "-j", "2")
    done = run(*words, "--json")
    assert done.code == 1
    assert sorted(tree(tmp_path / "out")) == [NAMES[0], NAMES[2]]
    (told,) = events(done.out, "failed")
    assert "has no mask for sub/b.png" in told["message"]
    masks_for(tmp_path, NAMES)
    before = tree(tmp_path / "out")
    again = run(*words)
    assert again.code == 0, again.err
    assert NAMES[1] in tree(tmp_path / "out")
    assert tree(tmp_path / "out")[NAMES[0]] == before[NAMES[0]]


def test_two_masks_for_one_picture_are_refused(run, tmp_path):
    make_tree(tmp_path / "in", ["a.jpg"])
    folder = masks_for(tmp_path, ["a.jpg"])
    save(folder / "a.bmp", np.zeros((12, 10), np.uint8))
    done = run("batch", "in", "out", "-k", "blur", "--mask", "masks", "--json")
    assert done.code == 1
    assert "a.png and a.bmp for a.jpg" in events(done.out, "failed")[0]["message"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_changed_mask_is_a_reason_to_filter_again(run, tmp_path, kind):
    make_tree(tmp_path / "in", ["a.png", "b.png"])
    folder = masks_for(tmp_path, ["a.png", "b.png"])
    name = "masks" if kind == "folder" else "masks/a.png"
    words = ("batch", "in", "out", "-k", "blur", "--mask", name, "--json")

    def done_now():
        done = run(*words)
        assert done.code == 0, done.err
        return json.loads(done.out.splitlines()[-1])["ok"]

    assert done_now() == 2
    assert done_now() == 0
    save(folder / "a.png", np.full((12, 10), 255, np.uint8))
    os.utime(folder / "a.png", ns=(1, 1))
    assert done_now() == (1 if kind == "folder" else 2)
    image = written(tmp_path / "in" / "a.png")
    np.testing.assert_array_equal(
        written(tmp_path / "out" / "a.png"), imgconv.filter_image(image, steps=["blur"])
    )
    assert len({row["recipe"] for row in rows(tmp_path / "out").values()}) == (
        2 if kind == "folder" else 1
    )


def test_compare_measures_the_selected_pixels(run, tmp_path, face):
    words = ("compare", "face.png", "-k", "box:3", "--region", "5,6,20,30", "--json")
    found = json.loads(run(*words, "--tolerance", "255").out)
    assert found["pixels"] == 600
    whole = json.loads(run("compare", "face.png", "-k", "box:3", "--json").out)
    assert whole["pixels"] == 96 * 80
    masked = json.loads(
        run("compare", "face.png", "-k", "blur", "--mask", "mask.png", "--json").out
    )
    assert masked["pixels"] == 50 * 40
    region = ("--region", "0,0,4,4", "--against", "naive", "--json")
    naive = json.loads(run("compare", "face.png", "--gray", "-k", "sharpen", *region).out)
    assert naive["border"]["pixels"] == 7
    assert "unexplained" not in {cause["name"] for cause in naive["causes"]}


def test_nothing_selected_is_nothing_to_compare(run, tmp_path, face):
    save(tmp_path / "black.png", np.zeros((96, 80), np.uint8))
    done = run("compare", "face.png", "-k", "blur", "--mask", "black.png")
    assert_fails(done, 2, "no pixel was filtered")


def test_an_explanation_ends_with_what_the_mask_did(run, tmp_path, photo):
    mask = np.zeros((96, 80), np.uint8)
    mask[10], mask[11] = 51, 255
    save(tmp_path / "mask.png", mask)
    pixels = written(photo)
    blurred = imgconv.filter_image(pixels, steps=["blur"])
    words = ("explain", "photo.png", "-k", "blur", "--mask", "mask.png", "--at")
    mixed = run(*words, "10,5").out.decode()
    made = round(float(pixels[10, 5]) * 0.8 + float(blurred[10, 5]) * 0.2)
    assert f"weight 0.2: {pixels[10, 5]} and {blurred[10, 5]} -> {made}" in mixed
    assert (
        f"not selected at row 9, column 5: {pixels[9, 5]} stays" in run(*words, "9,5").out.decode()
    )
    assert "mixed" not in run(*words, "11,5").out.decode()
    told = json.loads(run(*words, "10,5", "--json").out)
    assert (told["value"], told["step"]) == (made, "mixed")


def test_goldens_have_masks_beside_them(run, tmp_path, photo):
    mask = np.zeros((96, 80), np.uint8)
    mask[10:20] = 255
    (tmp_path / "set").mkdir()
    save(tmp_path / "set" / "mask.png", mask)
    (tmp_path / "set" / "golden.yaml").write_text(
        "version: 1\ngoldens: goldens\ncases:\n  - name: part\n    input: ../photo.png\n"
        "    recipe: {steps: [blur], mask: mask.png}\n"
    )
    assert run("golden", "record", "--config", "set/golden.yaml").code == 0
    assert run("golden", "check", "--config", "set/golden.yaml").code == 0
    save(tmp_path / "set" / "mask.png", 255 - mask)
    changed = run("golden", "check", "--config", "set/golden.yaml")
    assert changed.code == 1
    assert "recipe changed" in (changed.out.decode() + changed.err)


def test_commands_that_read_no_masks_say_which_do(run, tmp_path, photo):
    (tmp_path / "part.yaml").write_text("steps: [blur]\nmask: photo.png\n")
    done = run("sheet", "photo.png", "sheet.png", "--recipe", "part.yaml")
    assert_fails(done, 2, "which is not read here", "imgconv apply, batch, compare and explain")
    words = ("photo.png", "-k", "blur", "--recipe", "part.yaml")
    assert run("apply", "photo.png", "out.png", "--recipe", "part.yaml").code == 0
    assert run("compare", *words).code in (0, 1)
    assert run("explain", *words, "--at", "1,1").code == 0
