"""The page of what was looked at: safe and whole as text, and at work in a browser."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attncli.attention_map import AttentionMap
from attncli.errors import UsageError
from attncli.look import Look
from attncli.visualize.page import Part, document, save
from tests.visualize.browser import opened

NASTY = ["</script><b>x</b>", "<!--", "&amp;", "\u2028", "{{ 1 }}", "'\"", "\x1b[31m"]


def seen(src: list[str], tgt: list[str], layers: int = 1, heads: int = 1) -> AttentionMap:
    """Row t looks at column t with 0.9, and evenly at the rest; each head at the next column."""
    weights = np.full((layers, heads, len(tgt), len(src)), 0.1 / max(len(src) - 1, 1))
    for layer in range(layers):
        for head in range(heads):
            for row in range(len(tgt)):
                weights[layer, head, row, (row + layer * heads + head) % len(src)] = 0.9
    numbers = [[*range(len(side))] for side in (src, tgt)]
    return AttentionMap(src, tgt, weights, *numbers, mechanism="general", run="demo")


def look(entry: AttentionMap, **more: AttentionMap) -> Look:
    return Look(" ".join(entry.src), " ".join(entry.tgt), "search", -1.5, {"cross": entry, **more})


SHORT = replace(
    seen(["the", "old", "dog"], ["der", "alte", "Hund"]),
    links=[(0, 0), (2, 2)],
    trace={
        "gate": np.array([0.1, 0.5, 0.9]),
        "centre": np.array([0.0, 1.0, 2.0]),
        "begin": np.array([-1.0, 0.0, 1.0]),
        "end": np.array([1.0, 2.0, 3.0]),
        "scores": np.arange(9.0).reshape(3, 3),
    },
)


def page(folder: Path, *looks: list[Look]) -> Path:
    path = folder / "page.html"
    save(looks, path)
    return path


def test_no_word_becomes_markup() -> None:
    text = document("<i>", "</title>", [Part("attention", "<u>", {"words": NASTY})])
    assert "<i>" not in text
    assert "<u>" not in text
    assert text.count("</title>") == 1
    data = re.search(r'id="data-0">(.*?)</script>', text, re.S)
    assert data is not None
    assert json.loads(data[1]) == {"words": NASTY}
    assert not re.search("[<>&\u2028]", data[1])


def test_only_the_page_s_own_script_and_style_may_run() -> None:
    text = document("a", "", [])
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        body = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(body[0].encode()).digest()).decode()
        assert len(body) == 1
        assert f"{rule} 'sha256-{digest}'" in text
    assert "default-src 'none'" in text
    assert re.findall(r"https?://[^\"' ]+", text) == ["http://www.w3.org/2000/svg"]


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no attention to draw"):
        page(tmp_path, [])


@pytest.fixture(scope="module")
def browser():
    with opened() as one:
        yield one


@pytest.fixture(autouse=True)
def quiet(request):
    """After each test with a browser: nothing in the console, and nothing asked of the network."""
    yield
    if "browser" in request.fixturenames:
        one = request.getfixturevalue("browser")
        assert one.complaints() == []
        assert one.requests() == []


def readout(browser) -> str:
    return browser.find(".readout").text


@pytest.mark.looks
def test_a_cell_is_hovered_clicked_and_walked_from(browser, tmp_path):
    browser.open(page(tmp_path, [look(SHORT)]))
    over = browser.find("svg .over")
    browser.hover(over, 5 / 6, 5 / 6)
    assert readout(browser).startswith("Hund ← dog: 90.0% · scores 8.00 · gold link")
    assert readout(browser).endswith("centre 3.00 · begin 2.00 · end 3.00 · gate 0.90")
    assert browser.texts("svg .near") == ["Hund", "dog"]
    over.click()
    assert readout(browser).startswith("alte ← old: 90.0%")
    browser.hover(over, 5 / 6, 5 / 6)
    assert readout(browser).startswith("alte ← old"), "a click keeps the cell"
    browser.press("\ue008")
    browser.run("document.querySelector('.map svg').focus()")
    browser.press("\ue00c")
    browser.run("document.querySelector('.map svg').focus()")
    browser.press("\ue014", "\ue014", "\ue015")
    assert readout(browser).startswith("alte ← old: 90.0%")


@pytest.mark.looks
def test_a_word_lights_up_what_it_looked_at(browser, tmp_path):
    browser.open(page(tmp_path, [look(SHORT)]))
    browser.hover(browser.all(".line")[1].find_elements("css selector", "button")[2])
    assert readout(browser).startswith("Hund looks at dog 90.0%, the 5.0%, old 5.0%")
    shown = browser.run(
        "return [...document.querySelectorAll('.line:first-child button')]"
        ".map((button) => Number(button.style.getPropertyValue('--weight')))"
    )
    assert shown == [0.05, 0.05, 0.9]


@pytest.mark.looks
def test_heads_sides_units_and_translations_are_chosen(browser, tmp_path):
    many = replace(seen(["▁a", "▁b", "b"], ["▁x", "▁y"], 2, 3), src_words=[0, 1, 1])
    encoder = seen(["▁a", "▁b", "b"], ["▁a", "▁b", "b"], 2, 3)
    worse = look(seen(["a", "b"], ["z"]))
    browser.open(page(tmp_path, [look(many, encoder=encoder), worse]))
    browser.choose("view", "pieces")
    browser.choose("head", "all")
    assert len(browser.all(".heads canvas")) == 6
    browser.all(".heads button")[4].click()
    browser.hover(browser.find("svg .over"), 0.9, 0.25)
    assert readout(browser).startswith("▁x ← b: 5.0%")
    browser.hover(browser.find("svg .over"), 0.5, 0.25)
    assert readout(browser).startswith("▁x ← ▁b: 90.0%"), "layer 2, head 2 looks one further"
    browser.choose("attention", "encoder")
    assert len(browser.all(".line")[1].find_elements("css selector", "button")) == 3
    browser.choose("translation", 1)
    assert browser.texts(".line button") == ["a", "b", "z"]


@pytest.mark.looks
def test_words_stay_words(browser, tmp_path):
    browser.open(page(tmp_path, [look(seen(NASTY, ["<img src=x>", "b"]))]))
    assert browser.texts(".line:last-child button") == ["<img src=x>", "b"]
    assert browser.run("return document.querySelectorAll('b:not(.line > b), img').length") == 0


@pytest.mark.looks
def test_a_source_from_right_to_left_runs_that_way(browser, tmp_path):
    browser.open(page(tmp_path, [look(seen(["القطة", "تنام"], ["the", "cat"]))]))
    first, second = browser.all("svg text[direction=rtl]")
    assert first.rect["x"] > second.rect["x"]
    browser.hover(browser.find("svg .over"), 0.9, 0.1)
    assert readout(browser).startswith("the ← القطة: 90.0%")


@pytest.mark.looks
def test_what_is_no_number_counts_for_no_mean(browser, tmp_path):
    browser.open(page(tmp_path, [look(SHORT)]))
    assert browser.run("return chosen([[[null, 2], [3, 4]]], 'mean', 'mean')") == [3, 3]
    assert browser.run("return chosen([[[null, 2]]], 'mean', 'mean')") == [None, 2]


@pytest.mark.looks
def test_sixty_words_fit_and_both_schemes_are_drawn(browser, tmp_path):
    words = [f"word{number}" for number in range(60)]
    path = page(tmp_path, [look(seen(words, words))])
    shots = {}
    for scheme in ("light", "dark"):
        browser.open(path, is_dark=scheme == "dark")
        png = browser.chrome.get_screenshot_as_png()
        shots[scheme] = np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=float)
    assert shots["light"].mean() > 200
    assert shots["dark"].mean() < 60
    assert min(shot.std() for shot in shots.values()) > 5
    assert browser.run(
        "const home = document.querySelector('.map'); return home.scrollWidth <= home.clientWidth"
    )
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
