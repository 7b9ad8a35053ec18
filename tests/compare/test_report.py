"""report.html: what it is made of, and that it says the same as the table."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from attncli.compare.report.examples import examples
from attncli.compare.report.figures import learning, save
from attncli.compare.report.page import MOST_STEPS, comparable, gather, page, spread
from attncli.compare.report.sample import SHARES, sample
from attncli.compare.result import CurvePoint
from attncli.compare.table import table
from attncli.errors import DataError
from attncli.text.pair import Pair
from tests.compare.inline import compared
from tests.visualize.browser import opened

WORDS = ["attention/additive", "attention/none", "mechanisms/multihead"]


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory):
    """A comparison, the pairs of its test set, and the data of its page by kind of part."""
    found = compared(WORDS, corpus, tmp_path_factory.mktemp("reported"))
    lines = [(corpus / f"test.{side}").read_text("utf-8").splitlines() for side in ("en", "de")]
    pairs = [Pair(*both) for both in zip(*lines, strict=True)]
    html = page(gather(found, pairs))
    kinds = re.findall(r'<section data-kind="(\w+)"', html)
    data = re.findall(r'<script type="application/json" id="data-\d+">(.*?)</script>', html)
    return found, pairs, dict(zip(kinds, map(json.loads, data), strict=True))


def test_the_table_is_that_of_the_terminal(made):
    found, _, data = made
    cells = table(found)
    assert data["table"]["headings"] == cells.headings
    assert data["table"]["lines"] == cells.lines


def test_every_row_is_shown_on_the_same_sentences(made):
    found, pairs, data = made
    shown = data["side_by_side"]
    assert [one["source"] for one in shown] == [pairs[number].src for number in sample(pairs)]
    for one in shown:
        assert [system["name"] for system in one["systems"]] == [row.name for row in found.rows]
        views = {system["name"]: system["view"] for system in one["systems"]}
        assert views["none"] is None
        assert views["additive"]["tgt"] == [*one["reference"].split(), "</s>"]
        assert len(views["multihead"]["weights"][0]) > 1


def test_the_alignment_is_followed_through_training(made):
    found, _, data = made
    names = [one["name"] for one in data["emergence"]]
    assert names == [row.name for row in found.rows if row.name != "none"]
    assert all(len(one["steps"]) == len(one["weights"]) for one in data["emergence"])


@pytest.mark.parametrize("count", [1, 2, 11, 12, 13, 24, 36, 47])
def test_of_many_validations_a_few_are_shown_from_the_first_to_the_last(count):
    steps = [(step, None) for step in range(count)]
    shown = spread(steps)
    assert len(shown) == count if count <= MOST_STEPS else len(shown) <= MOST_STEPS
    assert (shown[0], shown[-1]) == (steps[0], steps[-1])


def test_validations_within_an_epoch_are_drawn_by_their_steps(made):
    found, *_ = made
    assert learning(found).to_dict()["encoding"]["x"]["field"] == "epoch"
    within = [CurvePoint(step, 0, 1.0, None, 1.0) for step in (3, 6, 9)]
    rows = [replace(row, runs=[replace(row.runs[0], curve=within)]) for row in found.rows]
    drawn = learning(replace(found, rows=rows)).to_dict()
    assert drawn["encoding"]["x"]["field"] == "step"


def test_examples_are_those_with_the_largest_spread(made):
    found, pairs, data = made
    first, *rest = examples(found, pairs)
    assert all(first.spread >= other.spread for other in rest)
    assert data["examples"][0]["source"] == first.pair.src
    assert {one["name"] for one in data["examples"][0]["systems"]} == set(first.scores)


def test_a_row_on_other_text_is_left_out_of_what_goes_by_sentence(made):
    found, _, _ = made
    odd = found.rows[1].runs[0]
    moved = replace(odd, tests={"test": replace(odd.tests["test"], text="another")})
    mixed = replace(found, rows=[found.rows[0], replace(found.rows[1], runs=[moved])])
    assert [row.name for row in comparable(mixed).rows] == [found.rows[0].name]


def test_every_figure_is_to_be_had_as_a_file(made, tmp_path):
    found, _, _ = made
    files = save(found, tmp_path / "figures")
    begins = {".png": b"\x89PNG", ".svg": b"<svg", ".pdf": b"%PDF"}
    assert len(files) == 6
    for path in files:
        assert path.read_bytes().startswith(begins[path.suffix])


def test_the_sample_goes_from_short_to_long():
    pairs = [Pair("w " * (number % 50 + 1), "x") for number in range(500)] + [Pair("", "x")]
    lengths = [len(pairs[number].src.split()) for number in sample(pairs)]
    assert lengths == sorted(lengths)
    assert len(lengths) == len(SHARES)
    assert lengths[-1] == 50
    assert sample(pairs[:1]) == [0]
    with pytest.raises(DataError, match="no pair has words"):
        sample([Pair("", "")])


@pytest.mark.looks
def test_it_works_in_a_browser_without_a_network(made, tmp_path):
    found, pairs, data = made
    path = tmp_path / "report.html"
    path.write_text(page(gather(found, pairs)), encoding="utf-8")
    with opened() as browser:
        browser.open(path)
        headings = data["table"]["headings"]
        bleu = [float(line[headings.index("BLEU")]) for line in data["table"]["lines"]]
        rows = "tbody tr td:nth-child(2)"
        browser.all("thead button")[headings.index("BLEU")].click()
        assert [float(cell) for cell in browser.texts(rows)] == sorted(bleu, reverse=True)
        browser.all("thead button")[headings.index("BLEU")].click()
        assert [float(cell) for cell in browser.texts(rows)] == sorted(bleu)
        assert browser.find("thead [aria-sort=ascending]").text.startswith("BLEU")

        words = browser.run("return document.querySelector('tbody td.word').cellIndex")
        cells = f"tbody tr td:nth-child({words + 1})"
        browser.all("thead button")[words].click()
        falling = browser.texts(cells)
        browser.all("thead button")[words].click()
        assert falling[0] > falling[-1]
        assert browser.texts(cells)[0] == falling[-1]

        shades = "section[data-kind=side_by_side] .system:last-child rect.cell"
        mean = [one.get_attribute("fill-opacity") for one in browser.all(shades)]
        browser.choose("head", 1)
        assert [one.get_attribute("fill-opacity") for one in browser.all(shades)] != mean
        browser.hover(browser.find("section[data-kind=side_by_side] rect.over"))
        assert "←" in browser.find("section[data-kind=side_by_side] .readout").text

        browser.choose("system", 1)
        assert browser.find("section[data-kind=emergence] output").text.startswith("after step")
        drawn = browser.run(
            "return [...document.images].map((image) => image.complete && image.naturalWidth)"
        )
        assert len(drawn) == 2
        assert all(drawn)
        assert browser.chrome.get_screenshot_as_png().startswith(b"\x89PNG")
        assert browser.complaints() == []
        assert browser.requests() == []
