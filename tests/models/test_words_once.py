"""A step that looks words up against the plain step, which reads them each time."""

from __future__ import annotations

import pytest
import torch

from attncli.marks import EOS, UNK
from attncli.models import recurrent as recurrent_model
from attncli.models import words_once
from attncli.models.decoded import Source
from attncli.models.words_once import WordsOnce
from attncli.models.writing import PlainWriting
from attncli.registry import Choice
from attncli.search import Search
from tests.models.builders import VOCAB, recurrent, source

MODELS = {
    "after": recurrent(),
    "before": recurrent("additive", "before"),
    "between": recurrent("additive", "between"),
    "norm": recurrent(cell=Choice("cell", "gru", {"layer_norm": True})),
    "copy": recurrent(output=Choice("output", "copy")),
}


def unknown_words() -> Source:
    ids = torch.tensor([[VOCAB + 1, 5, VOCAB, 7, EOS]] * 3)
    return Source(ids, torch.ones_like(ids, dtype=torch.bool))


@pytest.mark.parametrize("src", [source(6, 3), unknown_words()], ids=["known", "unknown"])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_search_finds_the_same_either_way(monkeypatch, model, src):
    search = Search(beam=4, n_best=4)
    found = []
    for many in (1, 10**9):
        monkeypatch.setattr(recurrent_model, "MANY", many)
        found.append(search.find(model, src))
    for fast, plain in zip(*found, strict=True):
        assert [one.ids for one in fast] == [one.ids for one in plain]
        scores = [one.score for one in plain]
        assert [one.score for one in fast] == pytest.approx(scores, abs=1e-5)


def test_few_hypotheses_go_by_the_plain_step():
    model = recurrent()
    memories, _ = model.encode(source(6, 3))
    few = model.writing(memories, 3, 5, look=False)
    assert isinstance(few, PlainWriting)
    assert few.plain_step == model.decode_step


@pytest.mark.parametrize("room", [1, 2, 100])
def test_each_word_is_computed_once(monkeypatch, room):
    monkeypatch.setattr(words_once, "ROOM", room)
    asked = []

    def function(words):
        asked.append(words.tolist())
        return torch.stack([words * 1.0, words * 10.0], 1)

    once = WordsOnce(function, vocab=10, width=2, like=torch.zeros(1))
    found = [once(torch.tensor(words)) for words in ([[4, 4], [7, 4]], [[7, 9], [11, 4]])]
    assert asked == [[4, 7], [UNK, 9]]
    assert found[0].tolist() == [[[4, 40], [4, 40]], [[7, 70], [4, 40]]]
    assert found[1].tolist() == [[[7, 70], [9, 90]], [[UNK, 10 * UNK], [4, 40]]]
