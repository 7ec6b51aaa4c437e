"""The page of a check, in a browser without a network."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from browser import browser, complaints, open_page, press, set_scheme  # noqa: F401

from imgconv.jobs.golden.record import record_goldens
from imgconv.jobs.golden.reports import check_with_reports
from imgconv.jobs.golden.store import GoldenStore

SET = """version: 1
goldens: goldens
cases:
  - {name: block, actual: a.png}
  - {name: rim, actual: b.png}
  - {name: same, actual: c.png}
"""
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def report_page(tmp_path_factory, camera):
    folder = tmp_path_factory.mktemp("page")
    for name in "abc":
        cv2.imwrite(str(folder / f"{name}.png"), camera)
    path = folder / "golden.yaml"
    path.write_text(SET)
    record_goldens(path)
    block, rim = camera.copy(), camera.copy()
    block[100:112, 300:312] = 255 - block[100:112, 300:312]
    rim[[0, -1]] = 0
    cv2.imwrite(str(folder / "a.png"), block)
    cv2.imwrite(str(folder / "b.png"), rim)
    path.write_text(SET + "  - {name: absent, actual: a.png}\n")
    GoldenStore(folder / "goldens").record("stray", camera, hash_only=True)
    check_with_reports(path, html=folder / "report.html")
    return folder / "report.html"


@pytest.fixture
def page(browser, report_page):  # noqa: F811
    open_page(browser, report_page)
    return browser


def texts(page, selector):
    found = page.find_elements("css selector", selector)
    return [element.text for element in found if element.is_displayed()]


def screen(page):
    """Give a screenshot of the stage as pixels, BGR."""
    png = page.find_element("css selector", "#stage .view").screenshot_as_png
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR).astype(int)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.sampled(2)
def test_it_opens_without_a_network_or_complaints_and_fits(browser, report_page, size):  # noqa: F811
    open_page(browser, report_page, size=size)
    assert complaints(browser) == []
    loaded = (
        "return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:'))"
    )
    assert browser.execute_script(loaded) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]
    images = browser.find_elements("css selector", "#stage img")
    assert len(images) == 3
    for image in images:
        assert browser.execute_script("return arguments[0].naturalWidth", image) == 512


def test_the_counts_are_right_and_filters_show_what_they_count(page):
    labels = texts(page, "#filters button")
    assert labels == ["all 5", "failed 2", "missing 1", "unused 1", "passed 1"]
    for label in labels:
        name, count = label.split()
        page.find_element("css selector", f"[data-filter={name}]").click()
        assert len(texts(page, "#list button")) == int(count)
    assert texts(page, "#name") == ["same: passed"]
    assert len(page.find_elements("css selector", "#stage img")) == 1
    page.find_element("css selector", "[data-filter=unused]").click()
    assert texts(page, "#tools") == []


def test_words_name_the_cause(page):
    (words,) = texts(page, "#words")
    assert "144 of 262144 pixels differ" in words
    assert "local defect" in words
    press(page, "n")
    assert "border only" in texts(page, "#words")[0]


def test_keys_reach_everything(page):
    names = []
    for _ in range(5):
        names.append(texts(page, "#name")[0])
        press(page, "n")
    assert names == [
        "block: failed", "rim: failed", "absent: missing", "stray: unused", "same: passed"
    ]  # fmt: skip
    press(page, "p")
    assert texts(page, "#name") == ["same: passed"]
    press(page, "n")
    for key, mode in zip("12345", ["side", "swipe", "onion", "blink", "difference"], strict=True):
        press(page, key)
        assert page.find_element("id", "stage").get_attribute("class") == mode
    press(page, "f")
    assert texts(page, "#filters [aria-pressed=true]") == ["failed 2"]
    press(page, "?")
    assert page.find_element("id", "help").is_displayed()


def test_tab_reaches_every_button(page):
    from selenium.webdriver.common.keys import Keys

    reached = set()
    for _ in range(40):
        press(page, Keys.TAB)
        reached.add(page.execute_script("return document.activeElement.textContent"))
    assert set(texts(page, "button")) <= {" ".join(text.split()) for text in reached}


def test_swipe_moves(page):
    """Near the defect, left of the line is what was expected and right of it what came."""
    from selenium.webdriver.common.keys import Keys

    press(page, "2", "w")
    views = []
    for value in (0, 100):
        slider = "const s = document.getElementById('slider'); s.value = arguments[0];"
        page.execute_script(slider + "s.dispatchEvent(new Event('input'))", value)
        views.append(screen(page)[:, 10:-10])
    actual, expected = views
    changed = (actual != expected).any(axis=2)
    assert 0.02 < changed.mean() < 0.5
    page.execute_script(slider + "s.dispatchEvent(new Event('input'))", 50)
    middle = changed.shape[1] // 2
    half = screen(page)[:, 10:-10]
    assert (half[:, : middle - 9] == expected[:, : middle - 9]).all()
    assert (half[:, middle + 9 :] == actual[:, middle + 9 :]).all()
    press(page, Keys.ARROW_RIGHT)
    assert page.find_element("id", "slider").get_attribute("value") == "55"
    view = page.find_element("css selector", ".view")
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(page).move_to_element_with_offset(view, -100, 0).click().perform()
    assert int(page.find_element("id", "slider").get_attribute("value")) < 50


def test_onion_skin_blends(page):
    press(page, "3", "w")
    set_slide = "s = document.getElementById('slider'); s.value = arguments[0];"
    shown = {}
    for value in (0, 50, 100):
        page.execute_script(set_slide + "s.dispatchEvent(new Event('input'))", value)
        shown[value] = screen(page)
    assert np.abs(shown[50] - (shown[0] + shown[100]) / 2).max() <= 1.5
    assert (shown[0] != shown[100]).any()


def test_blink_alternates(page):
    from selenium.webdriver.support.ui import WebDriverWait

    press(page, "4")
    for word in ("actual", "expected", "actual"):
        WebDriverWait(page, 5, 0.05).until(lambda _, w=word: texts(page, "figcaption") == [w])


def test_the_worst_window_is_in_the_middle(page):
    press(page, "5", "w")
    view = screen(page)
    rows, columns = view.shape[:2]
    around = view[rows // 2 - 5 : rows // 2 + 5, columns // 2 - 5 : columns // 2 + 5]
    assert (around[..., 2] == 225).all()
    assert (around[..., 0] == 0).all()
    small = page.execute_script("return state.scale")
    press(page, "-")
    assert page.execute_script("return state.scale") == small / 2


def test_the_worst_window_is_boxed_until_b(page):
    press(page, "w")
    (first, *others) = page.find_elements("css selector", ".worst")
    assert len(others) == 2
    view = page.find_element("css selector", ".view")
    middle = first.rect["x"] + first.rect["width"] / 2
    assert middle == pytest.approx(view.rect["x"] + view.rect["width"] / 2, abs=2)
    assert first.rect["width"] == pytest.approx(
        page.execute_script("return state.scale") * 16 + 6, abs=1
    )
    press(page, "b")
    assert not first.is_displayed()


def test_a_legend_explains_the_difference_while_it_is_seen(page):
    assert texts(page, "#legend span") == ["a little", "most"]
    press(page, "2")
    assert texts(page, "#legend span") == []
    press(page, "5")
    assert texts(page, "#legend span") == ["a little", "most"]


def test_causes_filter(page):
    from selenium.webdriver.support.ui import Select

    select = Select(page.find_element("id", "causes"))
    assert [o.text for o in select.options] == ["any", "border only 1", "local defect 1"]
    select.select_by_value("border only")
    assert texts(page, "#list button") == ["rim"]
    select.select_by_value("")
    assert len(texts(page, "#list button")) == 5


def test_a_case_has_a_link(browser, page, report_page):  # noqa: F811
    press(page, "n")
    assert page.execute_script("return location.hash") == "#rim"
    open_page(browser, report_page)
    assert texts(page, "#name") == ["block: failed"]
    page.execute_script("location.hash = '#same'")
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(page, 5, 0.05).until(lambda _: texts(page, "#name") == ["same: passed"])


def test_the_accept_command_is_copied(page):
    page.execute_script(
        "Object.defineProperty(navigator, 'clipboard', {configurable: true, value:"
        " {writeText: async (text) => { window.copied = text; }}})"
    )
    press(page, "c")
    copied = page.execute_script("return window.copied")
    assert copied.startswith("imgconv golden accept block --config ")
    assert copied.endswith("golden.yaml")
    assert texts(page, "#accept") == ["Copied"]
    press(page, "p")  # the last one passed
    assert texts(page, "#accept") == []


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.sampled(2)
def test_thousands_of_cases_stay_usable(browser, tmp_path, camera, size):  # noqa: F811
    from dataclasses import replace

    from imgconv.jobs.reports.report_page import View, make_entry, render_report

    one = make_entry("x", "failed", ["it"], [View("actual", "actual", camera[:64, :64])])
    entries = [replace(one, name=f"case/{i:05}") for i in range(5000)]
    path = tmp_path / "many.html"
    path.write_bytes(render_report("many", entries, {"all": 5000, "failed": 5000}))
    open_page(browser, path, size=size)
    assert complaints(browser) == []
    assert 2 <= len(browser.find_elements("css selector", "#list button")) < 60
    assert len(browser.find_elements("css selector", "img")) == 1
    press(browser, "p")
    assert texts(browser, "#name") == ["case/04999: failed"]
    assert "case/04999" in texts(browser, "#list button")
    browser.execute_script("document.getElementById('list').scrollTop = 38 * 2500")
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 5, 0.05).until(lambda b: "case/02502" in texts(b, "#list button"))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]


def test_dark_and_light(page):
    def ground():
        return page.execute_script("return getComputedStyle(document.body).backgroundColor")

    assert ground() == "rgb(255, 255, 255)"
    set_scheme(page, "dark")
    assert ground() == "rgb(21, 23, 27)"


def test_the_page_of_a_single_case_has_no_list_and_all_the_width(browser, tmp_path, camera):  # noqa: F811
    from imgconv.jobs.reports.report_page import View, make_entry, render_report

    entry = make_entry("compare", "passed", ["fine"] * 12, [View("actual", "ours", camera)])
    path = tmp_path / "page.html"
    path.write_bytes(render_report("compare", [entry], {}))
    open_page(browser, path)
    assert texts(browser, "nav, #filters button") == []
    assert browser.find_element("id", "stage").size["width"] > 1200
    assert browser.find_element("css selector", ".view").size["height"] > 300
