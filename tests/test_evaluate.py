"""Which head aligns, and under which reading."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from attncli import evaluate
from attncli.attention_map import AttentionMap
from attncli.evaluate import Head, aligned, choose_head
from attncli.text.pair import Pair

DIAGONAL = ((0, 0), (1, 1), (2, 2))
PAIR = Pair("a b c", "A B C", DIAGONAL)


def seen(*heads):
    """A map of one layer: each head a list, for each target piece, of the piece it looks at."""
    weights = np.zeros((1, len(heads), 4, 4))
    for head, looks in enumerate(heads):
        weights[0, head, range(4), looks] = 1.0
    return AttentionMap(
        src=["▁a", "▁b", "▁c", "</s>"],
        tgt=["▁A", "▁B", "▁C", "</s>"],
        weights=weights,
        src_words=[0, 1, 2, -1],
        tgt_words=[0, 1, 2, -1],
        links=DIAGONAL,
    )


WRITES, READS, WRONG = [0, 1, 2, 3], [3, 0, 1, 2], [2, 2, 0, 0]


def test_the_output_reading_aligns_the_word_that_is_written():
    found = aligned([seen(WRITES)], [PAIR], Head(None, None))
    assert found.output.aer == 0
    assert found.input.aer > 0.5


def test_the_input_reading_aligns_the_word_that_was_read():
    found = aligned([seen(READS)], [PAIR], Head(None, None))
    assert found.input.aer == 0
    assert found.output.aer > 0.5


def test_one_head_or_the_mean_of_all():
    one = [seen(WRONG, WRITES, WRONG)]
    assert aligned(one, [PAIR], Head(0, 1)).output.aer == 0
    assert aligned(one, [PAIR], Head(0, 1)).head == "layer 1 head 2"
    assert aligned(one, [PAIR], Head(None, None)).output.aer > 0
    assert aligned(one, [PAIR], Head(None, None)).head == "mean of all heads"


def test_sentences_whose_words_cannot_be_followed_are_left_out_and_counted():
    lost = replace(seen(WRONG), links=None)
    found = aligned([seen(WRITES), lost], [PAIR, PAIR], Head(None, None))
    assert found.output.aer == 0
    assert found.left_out == 1
    assert aligned([lost], [PAIR], Head(None, None)) is None


def test_there_is_no_error_without_gold_for_every_pair_or_without_weights():
    bare = PAIR._replace(links=None)
    assert aligned([seen(WRITES)] * 2, [PAIR, bare], Head(None, None)) is None
    assert aligned([], [PAIR], Head(None, None)) is None


@pytest.mark.parametrize(
    ("heads", "chosen"),
    [
        ((WRONG, WRITES), Head(0, 1)),
        ((READS, WRONG), Head(0, 0)),
        ((WRITES, WRITES), Head(None, None)),
        ((WRONG,), Head(None, None)),
    ],
)
def test_the_head_with_the_least_error_is_chosen(monkeypatch, heads, chosen):
    def forced(loaded, pairs, look):
        return [SimpleNamespace(attention=seen(*heads)) for _ in pairs]

    monkeypatch.setattr(evaluate, "force", forced)
    assert choose_head(None, [PAIR, PAIR]) == chosen


def test_without_gold_there_is_nothing_to_choose_by(monkeypatch):
    def forced(loaded, pairs, look):
        return [SimpleNamespace(attention=seen(WRONG, WRITES)) for _ in pairs]

    monkeypatch.setattr(evaluate, "force", forced)
    assert choose_head(None, [PAIR._replace(links=None)]) == Head(None, None)


def test_possible_links_are_no_errors():
    """Och and Ney 2003: sure 0-0, possible 1-1 and 2-2; the diagonal is without error."""
    pair = Pair("a b c", "A B C", ((0, 0),), ((1, 1), (2, 2)))
    assert aligned([seen(WRITES)], [pair], Head(None, None)).output.aer == 0
    strict = pair._replace(possible=())
    assert aligned([seen(WRITES)], [strict], Head(None, None)).output.aer == pytest.approx(0.5)
