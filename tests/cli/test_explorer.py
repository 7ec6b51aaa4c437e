"""The page computes what the engine computes, and can be used."""

from __future__ import annotations

import random

import numpy as np
import pytest
from browser import browser, complaints, open_page, press, set_scheme  # noqa: F401
from cli.program import assert_fails

from imgconv import KernelBank, explain, filter_image, load_kernel, recipe_from, to_gray
from imgconv.io.kernels.spec import load_step
from imgconv.jobs.reports.explorer import explorer_page
from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import Kernel
from imgconv.model.rank_explanation import MorphologyStage, RankStage
from imgconv.model.steps.windowed import Windowed

SET = """
for (const [id, value] of Object.entries(arguments[0])) {
  const element = document.getElementById(id);
  element.value = value;
  element.dispatchEvent(new Event("input", { bubbles: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
}
"""
BORDERS = ["reflect101", "replicate", "reflect", "wrap", "constant"]
EDITED = ["1/3 -0.25; 2e-1 7", "-1 0 1\n-2 0 2", "12345678901234567/3 1; 1 -4115226300411522", ".5"]


def made(tmp_path, image, families=None, **options):
    page = tmp_path / "page.html"
    families = families if families is not None else {"one": {"blur": load_kernel("blur")}}
    page.write_text(explorer_page(image, recipe_from(options), families, title="A <test>"))
    return page


def random_settings(chance, names, high):
    low = min(0, -high - 1 if high == 32767 else 0)
    settings = {"kernel": chance.choice(names)}
    if chance.random() < 0.4:
        settings["weights"] = chance.choice(EDITED)
        settings["scale"] = chance.choice(["1", "1/7", "-0.5"])
        settings["offset"] = chance.choice(["0", "1/2", "-3"])
    return settings | {
        "border": chance.choice(BORDERS),
        "value": str(chance.randint(low, high)),
        "stride-rows": str(chance.randint(1, 3)),
        "stride-columns": str(chance.randint(1, 3)),
        "dilation-rows": str(chance.randint(1, 3)),
        "dilation-columns": str(chance.randint(1, 2)),
        "size": chance.choice(["same", "same", "valid"]),
        "range": chance.choice(["saturate", "abs", "offset"]),
        "rounding": chance.choice(["half-even", "half-up", "half-down", "truncate"]),
    }


def expected(image, settings):
    kernel = load_kernel(settings["kernel"].partition("/")[2])
    if "weights" in settings:
        rows = [line.split() for line in settings["weights"].replace(";", "\n").splitlines()]
        fits = (len(rows), len(rows[0])) == kernel.shape
        anchor = kernel.anchor if fits else None
        scale, offset = settings["scale"], settings["offset"]
        kernel = Kernel(rows, scale=scale, offset=offset, anchor=anchor)
    return filter_image(
        image,
        kernels=[kernel],
        border=settings["border"],
        border_value=int(settings["value"]),
        stride=(int(settings["stride-rows"]), int(settings["stride-columns"])),
        dilation=(int(settings["dilation-rows"]), int(settings["dilation-columns"])),
        size=settings["size"],
        output_range=settings["range"],
        rounding=settings["rounding"],
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
@pytest.mark.thorough
def test_every_pixel_is_the_engine_s(browser, tmp_path, dtype):  # noqa: F811
    ends = np.iinfo(dtype)
    image = np.random.default_rng(5).integers(ends.min, ends.max, (21, 17, 3), dtype, endpoint=True)
    names = ["blur", "sobel_x", "gaussian", "emboss", "laplacian_9", "roberts_x", "small_blur"]
    bank = {"some": {name: load_kernel(name) for name in names}}
    gray = dtype != np.int16 and to_gray(image)
    open_page(browser, made(tmp_path, image if dtype != np.int16 else image[..., 0], bank))
    chance = random.Random(11)
    tried = 0
    for _ in range(24):
        settings = random_settings(chance, [f"some/{name}" for name in names], int(ends.max))
        view = chance.choice(["gray", "RGB"]) if dtype != np.int16 else "gray"
        pixels = image if view == "RGB" else image[..., 0] if dtype == np.int16 else gray
        try:
            wanted = expected(pixels, settings)
        except ArgumentError as error:
            assert "no output pixel" in str(error)  # noqa: PT017
            continue
        browser.execute_script(SET, settings | {"view": view})
        assert browser.execute_script("return document.getElementById('wrong').textContent") == ""
        computed = browser.execute_script("return Array.from(picture(job))")
        np.testing.assert_array_equal(np.reshape(computed, wanted.shape), wanted, str(settings))
        row, column = chance.randrange(wanted.shape[0]), chance.randrange(wanted.shape[1])
        browser.execute_script(SET, {"row": row, "column": column})
        shown = "return [...document.querySelectorAll('.sum b')].map((e) => +e.textContent)"
        assert browser.execute_script(shown) == np.ravel(wanted[row, column]).tolist()
        tried += 1
    assert tried > 12
    assert complaints(browser) == []


FILTERS = [
    "median", "median:2x3", "rank:cross,3,1/10", "min:2", "max:3x1", "range", "midpoint:2", "mode",
    "erode:2", "dilate:footprint=0 1 1;0 0 1", "open:2,2", "close:diamond,3", "morph_gradient:2x3",
    "inner_gradient:3x2,2", "outer_gradient:2", "top_hat:3x2,2", "black_hat:2,3",
    "hit_or_miss:0 1;-1 1", "hit_or_miss",
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
@pytest.mark.sampled(2)
def test_every_pixel_of_a_footprint_is_the_engine_s(browser, tmp_path, dtype):  # noqa: F811
    ends = np.iinfo(dtype)
    few = np.random.default_rng(7).integers(0, 9, (23, 19, 3))  # the mode needs equal values
    image = (ends.min + few * (ends.max // 5)).astype(dtype)
    image = image if dtype == np.uint8 else image[..., 0]
    bank = {"some": {f"{at}": load_step(spec) for at, spec in enumerate(FILTERS)}}
    open_page(browser, made(tmp_path, image, bank))
    chance = random.Random(3)
    for at, spec in enumerate(FILTERS):
        settings = {
            "border": chance.choice(BORDERS), "size": chance.choice(["same", "same", "valid"]),
            "stride": (chance.randint(1, 2), chance.randint(1, 3)),
            "dilation": (chance.randint(1, 2), 1),
        }  # fmt: skip
        wanted = filter_image(image, steps=[spec], border_value=7, **settings)
        places = {f"{key}-{a}": str(settings[key][i]) for key in ("stride", "dilation")
                  for i, a in enumerate(("rows", "columns"))}  # fmt: skip
        shown = {"kernel": f"some/{at}", "view": "RGB" if image.ndim == 3 else "gray",
                 "border": settings["border"], "size": settings["size"], "value": "7"}  # fmt: skip
        browser.execute_script(SET, shown | places)
        assert browser.execute_script("return document.getElementById('wrong').textContent") == ""
        computed = browser.execute_script("return Array.from(picture(job))")
        np.testing.assert_array_equal(np.reshape(computed, wanted.shape), wanted, f"{spec} {shown}")
        place = tuple(chance.randrange(side) for side in wanted.shape[:2])
        browser.execute_script(SET, {"row": place[0], "column": place[1]})
        values = "return [...document.querySelectorAll('.sum b')].map((e) => +e.textContent)"
        assert browser.execute_script(values) == np.ravel(wanted[place]).tolist()
        found = explain(image, steps=[spec], border_value=7, at=place, **settings).stages[0]
        text = browser.find_element("id", "sums").text
        if isinstance(found, MorphologyStage):
            for extreme in found.extremes[0]:
                assert f"{extreme.what}: {extreme.value}, at {extreme.position[0]}," in text
        for taken in found.taken if isinstance(found, RankStage) else ():
            assert f"number {taken + 1} of {len(found.pixels)}: " in text
    assert complaints(browser) == []


def test_options_of_footprints(browser, tmp_path, gray):  # noqa: F811
    bank = {
        "some": {"rank": load_step("rank"), "open": load_step("open"), "blur": load_step("blur")}
    }
    open_page(browser, made(tmp_path, gray, bank, kernels=["rank:3,1/4"]))
    computed = "return Array.from(picture(job))"
    labels = "['percentile', 'iterations', 'scale', 'range']"
    shown = f"return {labels}.map((id) => !$(`${{id}}-label`).hidden)"
    assert browser.execute_script(shown) == [True, False, False, False]
    wanted = filter_image(gray, steps=["rank:3,1/4"])
    np.testing.assert_array_equal(browser.execute_script(computed), wanted.ravel())
    browser.execute_script(SET, {"kernel": "some/open"})
    browser.execute_script(SET, {"iterations": "2"})
    assert browser.execute_script(shown) == [False, True, False, False]
    wanted = filter_image(gray, steps=["open:3,2"])
    np.testing.assert_array_equal(browser.execute_script(computed), wanted.ravel())
    browser.execute_script(SET, {"weights": "0 0; 0 0"})
    assert "a footprint needs a weight" in browser.find_element("id", "wrong").text
    browser.execute_script(SET, {"kernel": "some/rank"})
    browser.execute_script(SET, {"percentile": "2"})
    assert "the percentile runs from 0 to 1" in browser.find_element("id", "wrong").text
    browser.execute_script(SET, {"percentile": "1/2"})
    browser.execute_script(SET, {"kernel": "some/blur"})
    assert browser.execute_script(shown) == [False, False, True, True]
    assert complaints(browser) == []


def test_keys_pointer_and_wrong_weights(browser, tmp_path, gray):  # noqa: F811
    open_page(browser, made(tmp_path, gray))
    place = (
        "return [+document.getElementById('row').value, +document.getElementById('column').value]"
    )
    assert browser.execute_script(place) == [48, 40]
    browser.find_element("id", "input-picture").click()
    browser.execute_script(SET, {"row": 5, "column": 6})
    browser.find_element("tag name", "h1").click()
    press(browser, "\ue015", "\ue014", "\ue013")  # down, right, up
    assert browser.execute_script(place) == [5, 7]
    browser.execute_script(SET, {"row": -4, "column": 900})
    assert browser.execute_script(place) == [0, 79]
    assert "taps lie outside; reflect101 reads" in browser.find_element("id", "outside").text
    browser.execute_script(
        "const c = document.getElementById('output').getBoundingClientRect();"
        "document.getElementById('output-picture').dispatchEvent(new PointerEvent('pointerdown', {"
        "pointerType: 'touch', bubbles: true, clientX: c.left + c.width * 10.5 / 80,"
        "clientY: c.top + c.height * 20.5 / 96}))"
    )
    assert browser.execute_script(place) == [20, 10]
    for text, said in [("1 2; 3", "every row"), ("a", "“a” is not a number"), ("1/0", "not a num")]:
        browser.execute_script(SET, {"weights": text})
        assert said in browser.find_element("id", "wrong").text
    assert complaints(browser) == []


@pytest.mark.parametrize("width", [360, 820, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.sampled(3)
def test_it_fits(browser, tmp_path, rgb, width, scheme):  # noqa: F811
    families = {"one": {"gabor": load_kernel("gabor")}}
    open_page(browser, made(tmp_path, rgb, families), size=(width, 900))
    set_scheme(browser, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 23, 27)"}[scheme]


def test_through_the_program(run, photo, browser):  # noqa: F811
    words = ("explain", "photo.png", "-k", "sobel_x", "--range", "abs", "--padding", "wrap")
    done = run(*words, "--crop", "10,20,30,40", "--at", "3,4", "--html", "page.html")
    assert (done.code, done.out, done.err) == (0, b"", "page.html: open it in a browser\n")
    open_page(browser, photo.with_name("page.html"))
    assert browser.find_element("id", "note").text == "30 x 40 pixels"
    assert browser.execute_script("return [choice('border'), choice('range'), ...place]") == [
        "wrap",
        "abs",
        3,
        4,
    ]
    count = browser.execute_script("return Object.keys(known).length")
    bank = KernelBank.standard()
    assert count == 1 + sum(isinstance(bank[name], Kernel | Windowed) for name in bank)
    assert_fails(run(*words, "--html", "page.html"), 5, "page.html exists")


def test_large_pictures_are_made_smaller(camera):
    page = explorer_page(camera, recipe_from({}), {}, title="t")
    assert "512 x 512 pixels, averaged to 256 x 256" in page
    assert len(page) < 135_000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kernels": ["blur", "sharpen"]}, "begins with one kernel"),
        ({"kernels": ["sobel"]}, "begins with one kernel"),
        ({"kernels": ["bilateral"]}, "begins with one kernel"),
        ({"kernels": ["erode:footprint=1 2,weighted=true"]}, "one flat footprint"),
        ({"range": "rescale"}, "ranges saturate, abs and offset"),
        ({"size": "full"}, "sizes same and valid"),
    ],
)
def test_what_a_page_cannot_begin_with(gray, options, words):
    with pytest.raises(ArgumentError, match=words):
        explorer_page(gray, recipe_from(options), {}, title="t")


def test_what_a_page_cannot_hold(gray):
    with pytest.raises(ArgumentError, match="this picture is float32"):
        explorer_page(gray.astype(np.float32), recipe_from({}), {}, title="t")
    with pytest.raises(
        ArgumentError, match="20 x 20 pixels at 90,0 do not lie in a picture of 96 x 80"
    ):
        explorer_page(gray, recipe_from({}), {}, title="t", crop=(90, 0, 20, 20))


@pytest.mark.parametrize("shape", [(512, 512), (512, 300), (200, 512)])
def test_both_pictures_are_on_a_screen_of_1280_by_900(browser, tmp_path, camera, shape):  # noqa: F811
    image = np.ascontiguousarray(camera[: shape[0], : shape[1]])
    open_page(browser, made(tmp_path, image), size=(1280, 900))
    assert browser.execute_script("return document.documentElement.scrollHeight") <= 900
    for name in ("input", "output"):
        box = browser.find_element("id", name).rect
        assert box["y"] + box["height"] <= 900
        assert max(box["height"], box["width"]) >= 300
        assert box["width"] / box["height"] == pytest.approx(shape[1] / shape[0], rel=0.02)
    assert browser.find_element("id", "window").rect["y"] < 900
