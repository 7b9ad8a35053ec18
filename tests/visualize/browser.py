"""A headless browser for the tests of pages: what it complains about and asks the network for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900")


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser, or the test is skipped with the reason."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("chromium and chromium-driver are not installed")
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.binary_location = binary
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield Browser(chrome)
    finally:
        chrome.quit()


class Browser:
    """One page at a time, and the few things that a test does to it."""

    def __init__(self, chrome) -> None:
        self.chrome = chrome

    def open(self, path: Path, *, is_dark: bool = False) -> None:
        feature = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        self.chrome.get_log("performance")
        self.chrome.get(path.resolve().as_uri())

    def run(self, script: str, *arguments):
        return self.chrome.execute_script(script, *arguments)

    def find(self, selector: str):
        return self.chrome.find_element("css selector", selector)

    def all(self, selector: str) -> list:
        return self.chrome.find_elements("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        return [one.text for one in self.all(selector)]

    def choose(self, name: str, value: object) -> None:
        from selenium.webdriver.support.ui import Select

        Select(self.find(f"select[name={name}]")).select_by_value(str(value))

    def hover(self, element, across: float = 0.5, along: float = 0.5) -> None:
        """Points at a place of an element, given as shares of its width and height."""
        from selenium.webdriver import ActionChains

        box = element.rect
        x, y = box["width"] * (across - 0.5), box["height"] * (along - 0.5)
        ActionChains(self.chrome).move_to_element_with_offset(element, int(x), int(y)).perform()

    def press(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self.chrome).send_keys(*keys).perform()

    def complaints(self) -> list[str]:
        """What stands in the console."""
        return [entry["message"] for entry in self.chrome.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that were asked for since `open`, the page's own apart."""
        events = [
            json.loads(entry["message"])["message"] for entry in self.chrome.get_log("performance")
        ]
        asked = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in asked if not url.startswith(("file:", "data:"))]
