"""The explorer page computes what the engine computes, in a real browser."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from browser import browser, complaints, open_page, press, set_scheme  # noqa: F401
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from imgconv import Kernel, KernelBank, filter_image, recipe_from
from imgconv.jobs.explorer import explorer_page
from imgconv.model.errors import ArgumentError

BANK = KernelBank.standard()
KERNELS = [BANK[name] for name in BANK if isinstance(BANK[name], Kernel)]
OUTPUT = "return [outShape(), Array.from(output)];"


def image_of(dtype, channels=None, shape=(11, 13)):
    ends = np.iinfo(dtype)
    tail = () if channels is None else (channels,)
    return np.random.default_rng(7).integers(ends.min, ends.max + 1, (*shape, *tail), dtype)


def opened(browser, tmp_path, image, options=None, **settings):  # noqa: F811
    page = tmp_path / "page.html"
    page.write_text(explorer_page(image, recipe_from(options or {}), KERNELS, **settings))
    open_page(browser, page)
    return browser


def shown(browser):  # noqa: F811
    (rows, columns), values = browser.execute_script(OUTPUT)
    return np.array(values).reshape(rows, columns, -1)


@pytest.mark.parametrize(
    ("dtype", "channels"), [("uint8", None), ("uint8", 3), ("uint16", None), ("int16", 3)]
)
def test_every_pixel_is_the_engine_s(browser, tmp_path, dtype, channels):  # noqa: F811
    image = image_of(dtype, channels)
    opened(browser, tmp_path, image)
    names = browser.execute_script("return data.kernels.map((kernel) => kernel.name);")
    assert len(names) > 150
    choose = random.Random(11)
    for name in [*choose.sample(names, 25), "small_blur", "emboss", "gaussian"]:
        settings = {
            "kernel": name,
            "border": choose.choice(["reflect101", "replicate", "reflect", "wrap", "constant"]),
            "stride": choose.choice([1, 1, 2, 3]),
            "dilation": choose.choice([1, 1, 2]),
            "range": choose.choice(["saturate", "abs", "offset"]),
            "rounding": choose.choice(["half-even", "half-up", "half-down", "truncate"]),
        }
        browser.execute_script("choose(arguments[0]);", settings)
        options = {key: value for key, value in settings.items() if key != "kernel"}
        ours = filter_image(image, kernels=[name], **options)
        found = shown(browser)
        np.testing.assert_array_equal(found, ours.reshape(found.shape), err_msg=str(settings))
    assert not complaints(browser)


def test_weights_are_edited(browser, tmp_path):  # noqa: F811
    image = image_of("uint8")
    opened(browser, tmp_path, image, {"kernels": ["blur"]})
    for text in ("1/3", "-0.25", "7"):
        field = browser.find_element(By.CSS_SELECTOR, "#weights input")
        field.clear()
        field.send_keys(text, Keys.TAB)
        weights = [[text, 1, 1], [1, 1, 1], [1, 1, 1]]
        ours = filter_image(image, kernels=[Kernel(weights, scale="1/9")])
        np.testing.assert_array_equal(shown(browser)[..., 0], ours)
    before = shown(browser)
    field = browser.find_element(By.CSS_SELECTOR, "#weights input")
    field.clear()
    field.send_keys("1/0", Keys.TAB)
    assert "wrong" in browser.find_element(By.CSS_SELECTOR, "#weights input").get_attribute("class")
    np.testing.assert_array_equal(shown(browser), before)


def test_the_window_follows_keys_and_pointer(browser, tmp_path):  # noqa: F811
    image = image_of("uint8", 3)
    opened(browser, tmp_path, image, {"kernels": ["sharpen"], "padding": "replicate"})
    output = filter_image(image, kernels=["sharpen"], padding="replicate")
    browser.find_element(By.ID, "input").click()
    browser.execute_script("go(0, 0);")
    press(browser, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert browser.find_element(By.ID, "where").text == "output row 2, column 1"
    lines = browser.find_element(By.ID, "summary").text.splitlines()
    assert [int(line.rpartition("=")[2]) for line in lines] == output[2, 1].tolist()
    cells = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "#bands .band td")]
    pixels = image[1:4, 0:3, 0].ravel().tolist()
    assert cells[:9] == [str(pixel) for pixel in pixels]
    weights = [0, -1, 0, -1, 5, -1, 0, -1, 0]
    assert cells[9:18] == [str(w * p) for w, p in zip(weights, pixels, strict=True)]
    browser.execute_script(
        "const box = $('input').getBoundingClientRect();"
        "$('input').dispatchEvent(new PointerEvent('pointermove', {"
        " clientX: box.left + box.width * 5.5 / 13, clientY: box.top + box.height * 3.5 / 11}));"
    )
    assert browser.find_element(By.ID, "where").text == "output row 3, column 5"


@pytest.mark.parametrize("width", [380, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(browser, tmp_path, width, scheme):  # noqa: F811
    opened(browser, tmp_path, image_of("uint8", 3, (96, 96)), {"kernels": ["sobel_x"]})
    open_page(browser, tmp_path / "page.html", size=(width, 900))
    set_scheme(browser, scheme)
    wide = browser.execute_script("return document.documentElement.scrollWidth;")
    assert wide <= width
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor;")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


def test_the_first_kernel_is_the_recipe_s(tmp_path):
    page = explorer_page(image_of("uint8"), recipe_from({"kernels": ["1"]}), [])
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert data["kernels"] == [
        {"name": "yours", "weights": [["1"]], "scale": "1", "offset": "0", "anchor": [0, 0]}
    ]


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        (np.zeros((5, 5), np.float32), {}, "images of whole numbers"),
        (np.zeros((5, 5, 4), np.uint8), {}, "gray and RGB"),
        (np.zeros((5, 5), np.uint8), {"kernels": ["blur", "blur"]}, "shows one kernel"),
        (np.zeros((5, 5), np.uint8), {"kernels": ["blur"], "range": "rescale"}, "shows one kernel"),
        (np.zeros((5, 5), np.uint8), {"kernels": ["sobel"]}, "not sets"),
        (np.zeros((5, 5), np.uint8), {"kernels": ["box:17"]}, "at most 15 on a side"),
    ],
)
def test_what_is_refused(image, options, words):
    with pytest.raises(ArgumentError, match=words):
        explorer_page(image, recipe_from(options), KERNELS)


def test_a_crop_that_is_too_large():
    with pytest.raises(ArgumentError, match="at most 96 x 96"):
        explorer_page(np.zeros((200, 200), np.uint8), recipe_from({}), KERNELS, (0, 0, 97, 20))
