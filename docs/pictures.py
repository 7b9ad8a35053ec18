"""The pictures in docs/looking.md: a short and a long sentence in the terminal and as a page.

    python docs/pictures.py RUN

Both are lines of test sets under their references, the long one the longest there is. The page is
photographed in a headless Chromium, light and dark, which needs chromium and chromedriver.
"""

from __future__ import annotations

import argparse
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from selenium import webdriver

from attncli.experiment import Loaded, load
from attncli.look import Look, forced
from attncli.run import Run
from attncli.text.corpus import Data
from attncli.text.pair import Pair
from attncli.visualize import heatmap, outputs

TERMINALS = {"short": (80, 200), "long": (200,)}
WINDOW = (1280, 900)
MARGIN = 24  # pixels below the last line


def tests_of(loaded: Loaded) -> dict[str, list[Pair]]:
    """The test sets of the run's own data."""
    data: Data = loaded.recipe.build("data")
    return {name: list(pairs) for name, pairs in data.load().tests.items()}


def terminal(look: Look, width: int, path: Path) -> None:
    """The heat map as a terminal of that width shows it."""
    console = Console(
        width=width, record=True, color_system="truecolor", file=io.StringIO(), highlight=False
    )
    words = look.cross.words()
    heatmap.show(words if (words.layers, words.heads) == (1, 1) else words.mean(), console)
    console.save_svg(str(path), title="attncli visualize")


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """A headless Chromium."""
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"):
        options.add_argument(flag)
    options.add_argument("--window-size={},{}".format(*WINDOW))
    options.binary_location = shutil.which("chromium") or ""
    chrome = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield chrome
    finally:
        chrome.quit()


def photograph(chrome: webdriver.Chrome, page: Path, scheme: str, path: Path) -> None:
    """The whole page in a light or dark scheme, with the third target word chosen."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    chrome.set_window_size(*WINDOW)
    chrome.get(page.resolve().as_uri())
    chrome.find_elements("css selector", ".line:nth-child(2) button")[2].click()
    frame = WINDOW[1] - int(chrome.execute_script("return window.innerHeight"))
    height = int(chrome.execute_script("return document.querySelector('main').scrollHeight"))
    top = int(chrome.execute_script("return document.querySelector('main').offsetTop"))
    chrome.set_window_size(WINDOW[0], top + height + frame + MARGIN)
    chrome.save_screenshot(str(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--line", type=int, default=17, help="the short sentence's, in test")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    given = parser.parse_args()
    loaded = load(Run.open(given.run))
    tests = tests_of(loaded)
    longest = max(tests["test-long"], key=lambda pair: len(pair.src.split()))
    chosen = {"short": tests["test"][given.line - 1], "long": longest}
    given.out.mkdir(parents=True, exist_ok=True)
    with browser() as chrome, TemporaryDirectory() as folder:
        for name, pair in chosen.items():
            (looks,) = forced(loaded, [pair])
            for width in TERMINALS[name]:
                terminal(looks[0], width, given.out / f"{name}-{width}.svg")
            page = Path(folder) / f"{name}.html"
            outputs.write([looks], [], page)
            for scheme in ("light", "dark"):
                photograph(chrome, page, scheme, given.out / f"{name}-page-{scheme}.png")
        outputs.write([looks], [looks[0].cross.words()], given.out / "long.png")


if __name__ == "__main__":
    main()
