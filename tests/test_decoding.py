"""Sentences in batches, on one core and on two."""

from __future__ import annotations

import sys

import pytest
import torch

from attncli.decoding import Decoding, Encoded
from attncli.experiment import load
from attncli.run import Run
from attncli.search import Search
from attncli.translate import Translator

LINES = ["rot Haus", "drei gross Haus steht", "ein Hund", "zwei Hund", "Haus steht", "rot", "ein"]


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture
def first(runs):
    return load(Run(runs / "first"))


def decoding_of(loaded):
    search = Search(beam=2, max_ratio=1, max_extra=3)
    rows = loaded.codec.encode_source(LINES)
    return Decoding(loaded.model, search, torch.device("cpu")), [Encoded(row) for row in rows]


def words(found):
    return [[one.ids for one in hypotheses] for hypotheses in found]


def test_batches_on_two_cores_are_those_on_one_in_the_order_of_the_sentences(first, threads):
    decoding, encoded = decoding_of(first)
    threads(1)
    alone = [words(decoding.found([one]))[0] for one in encoded]
    assert len({str(one) for one in alone}) > 3
    for count in (1, 2):
        threads(count)
        told = []
        assert words(decoding.found(encoded, sentences=2, tell=told.append)) == alone
        assert sorted(told) == [1, 2, 2, 2]


def test_what_is_looked_at_is_kept_where_it_is_asked_for(first, threads):
    decoding, encoded = decoding_of(first)
    threads(2)
    for look in (True, False):
        found = decoding.found(encoded, look, sentences=2)
        assert {one.weights is not None for each in found for one in each} == {look}


def test_no_sentence_is_no_work(first):
    decoding, _ = decoding_of(first)
    assert decoding.found([]) == []


def test_after_the_end_it_decodes_by_the_weights_of_then(first, threads):
    decoding, encoded = decoding_of(first)
    threads(2)
    before = words(decoding.found(encoded, sentences=2))
    torch.manual_seed(1)
    with torch.no_grad():
        first.model.output.bias.copy_(torch.randn_like(first.model.output.bias) * 5)
    decoding.close()
    after = words(decoding.found(encoded, sentences=2))
    threads(1)
    assert after == words(decoding.found(encoded, sentences=2)) != before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are no forks")
def test_a_translator_keeps_its_processes(first, threads):
    threads(2)
    translator = Translator([first], Search(beam=1, max_extra=3), sentences=2)
    kept = []
    for _ in range(2):
        translator.translate(LINES)
        kept.append(translator.decoding.cores.kept.forks)
    assert kept[0] is kept[1]
    assert kept[0].count == 2
