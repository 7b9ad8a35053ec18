"""What is left of BLEU where sentences are long."""

from __future__ import annotations

import pytest
from sacrebleu import corpus_bleu

from attncli.compare.assembly import row as assemble
from attncli.compare.conclusion import conclude
from attncli.compare.endurance import endurance
from attncli.compare.request import Request
from attncli.compare.table import ENDURANCE, table
from attncli.metrics import Scorer
from attncli.recipe import Recipe
from attncli.text.pair import Pair
from tests.compare.rows import REFERENCES, said, trained

LENGTHS = [5] * 7 + [30] + [50] * 6
PAIRS = {"test": [Pair("w " * n, tgt) for n, tgt in zip(LENGTHS, REFERENCES, strict=True)]}
SCORER = Scorer(resamples=0)


def row(name, lines):
    return assemble(name, Recipe.read("base"), [trained(1, lines)])


def test_it_is_bleu_of_the_long_over_bleu_of_the_short():
    lines = [*REFERENCES[:8], *(line.replace("garden", "yard") for line in REFERENCES[8:])]
    found = endurance(row("a", lines), PAIRS, SCORER)
    assert found is not None
    long = corpus_bleu(lines[8:], [REFERENCES[8:]]).score
    assert 0 < long < 100
    assert found.mean == pytest.approx(long / 100)


def test_lengths_between_and_beyond_do_not_count():
    wrong_between = [*REFERENCES[:7], "wrong", *REFERENCES[8:]]
    found = endurance(row("a", wrong_between), PAIRS, SCORER)
    assert found is not None
    assert found.mean == pytest.approx(1)


def test_without_long_or_right_short_sentences_there_is_none():
    short = {"test": [Pair("w " * 5, tgt) for tgt in REFERENCES]}
    assert endurance(row("a", said(0)), short, SCORER) is None
    assert endurance(row("a", said(7)), PAIRS, SCORER) is None
    one_more = {"test": [*PAIRS["test"], Pair("w", "x")]}
    assert endurance(row("a", said(0)), one_more, SCORER) is None


def test_the_table_has_a_column_of_it(tmp_path):
    rows = [row("a", said(0)), row("b", said(7))]
    found = conclude(rows, Request("test", tmp_path), "a", ["test"], {}, PAIRS)
    cells = table(found)
    assert [line[cells.headings.index(ENDURANCE)] for line in cells.lines] == ["100%", "–"]
