"""A web browser for the tests of the pages that imgconv writes.

It is Debian's (``apt-get install chromium chromium-driver``). Where there is none, the tests that
need it are skipped, and pytest's summary says so. Take it by ``from browser import browser``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    # No name resolves and no request leaves: a page that needs the network fails its test.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
)


def find_browser() -> tuple[str, str] | None:
    """Give the paths of Chromium and of its driver, or None where one is missing."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return (program, driver) if program and driver else None


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start a headless Chromium with a profile of its own, for all tests that use it."""
    pytest.importorskip("selenium", reason="selenium is not installed: pip install -e '.[test]'")
    found = find_browser()
    if found is None:
        pytest.skip("no browser here: apt-get install chromium chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = found[0]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(found[1]))
    try:
        yield driver
    finally:
        driver.quit()


def open_page(driver: Any, page: Path, *, size: tuple[int, int] = (1280, 900)) -> None:
    """Open a file in a window of this many CSS pixels, width and height, in the light scheme."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
    )
    set_scheme(driver, "light")
    driver.get_log("browser")  # what earlier pages said
    driver.get(page.resolve().as_uri())


def set_scheme(driver: Any, scheme: str) -> None:
    """Let the system prefer a "light" or a "dark" page."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def complaints(driver: Any) -> list[str]:
    """Give what the page's console said: errors of scripts, and requests that failed."""
    return [entry["message"] for entry in driver.get_log("browser")]


def press(driver: Any, *keys: str) -> None:
    """Type keys, wherever the focus is."""
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).send_keys(*keys).perform()
