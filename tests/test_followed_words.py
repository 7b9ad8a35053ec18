"""Words of the user's line, where preprocessing can be followed, and of the model's where not."""

from __future__ import annotations

import numpy as np
import pytest

import attncli as package
from attncli.look import searched
from attncli.search import Found, Search
from attncli.text.pair import Pair
from attncli.text.piece_model import EOS, UNK
from attncli.translate import Translator
from tests.running import sets, train

FOLLOWED = "ein, zwei drei"
LOST = "approx. ein, zwei, drei vier"
"""The tokenizer leaves `approx.` whole here, and alone does not."""


@pytest.fixture(scope="module")
def loaded(corpus, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    settings = sets("preprocess.tokenize=true", "subword.kind=word", "train.epochs=1")
    return package.load(train(corpus, runs, "tokenized", *settings)).loaded


@pytest.fixture
def writes(loaded, monkeypatch):
    """Makes every translation these ids, written while looking at one source piece."""

    def stand_in(line, ids, piece):
        (src,) = loaded.codec.encode_source([line])
        place = loaded.codec.pieces(src, 0, line).index(piece)
        weights = np.zeros((1, 1, len(ids), len(src)))
        weights[..., place] = 1.0
        found = Found(ids, -1.0, -1.0, weights, False, {})
        monkeypatch.setattr(Translator, "decode", lambda *given: [[found]])

    return stand_in


@pytest.mark.parametrize(
    ("line", "piece", "word"),
    [(FOLLOWED, "▁,", "ein,"), (FOLLOWED, "▁drei", "drei"), (LOST, "▁zwei", "zwei")],
)
def test_an_unknown_word_becomes_the_word_that_was_looked_at(loaded, writes, line, piece, word):
    writes(line, [UNK, EOS], piece)
    translator = Translator([loaded], Search(replace_unknown=True))
    assert translator.translate([line])[0].text == word


@pytest.mark.parametrize(("line", "links"), [(FOLLOWED, ((1, 0),)), (LOST, None)])
def test_gold_links_are_drawn_where_their_words_can_be_followed(loaded, writes, line, links):
    (ids,) = loaded.codec.encode_target(["ZWEI"])
    writes(line, ids, "▁zwei")
    pair = Pair(line, "ZWEI", links=((1, 0),))
    ((look,),) = searched(Translator([loaded], Search(beam=1)), [pair])
    assert look.text == "ZWEI"
    assert look.cross.links == links
