"""Drawn cuts: at the limits those of SentencePiece, in between as likely as the papers say."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from attncli.text.pair import Pair
from attncli.text.piece_model import EOS, UNK, PieceModel
from attncli.text.preprocess import Preprocess
from attncli.text.sampling import BpeDropout, UnigramSampler
from attncli.text.subword import Subword

LINES = ["the sleepy dog sleeps deeply", "a deep sleep is the best sleep", "the best dog barks"]


def model(kind: str) -> PieceModel:
    subword = Subword(kind=kind, vocab_size=45)
    return subword.train([Pair(line, line) for line in LINES] * 20, Preprocess(), ("a", "b")).src


def test_a_sharp_draw_is_the_best_cut() -> None:
    made = model("unigram")
    for ids in made.encode(LINES):
        drawn = UnigramSampler(made, 500.0).draw([*ids, EOS], Random(1))
        scores = [made.processor.get_score(cut) for cut in (ids, drawn[:-1])]
        assert sum(scores[0]) == pytest.approx(sum(scores[1]), abs=1e-4)
        assert drawn[-1] == EOS


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_cuts_are_as_likely_as_their_pieces_say(alpha: float) -> None:
    words = "sleep sleeps sleepy slip slips deep deeps lee eel peel peels sleet sleeve step steps"
    pairs = [Pair(word, word) for word in words.split()] * 20
    made = Subword(vocab_size=60).train(pairs, Preprocess(), ("a", "b")).src
    ids = made.encode(["sleeps"])[0]
    signs = "▁sleeps"
    known = {
        made.pieces([token])[0]: made.processor.get_score(token) for token in range(4, made.size)
    }
    weights: dict[tuple[str, ...], float] = {}
    for bits in range(2 ** (len(signs) - 1)):
        places = [0, *(at + 1 for at in range(len(signs) - 1) if bits >> at & 1), len(signs)]
        cut = tuple(signs[begin:end] for begin, end in pairwise(places))
        if all(piece in known for piece in cut):
            weights[cut] = math.exp(alpha * sum(known[piece] for piece in cut))
    sampler, random, draws = UnigramSampler(made, alpha), Random(3), 20_000
    drawn = Counter(tuple(made.pieces(sampler.draw(ids, random))) for _ in range(draws))
    assert len(weights) > 3
    assert drawn.keys() <= weights.keys()
    for cut, weight in weights.items():
        share = weight / sum(weights.values())
        assert drawn[cut] / draws == pytest.approx(share, abs=4 * math.sqrt(0.25 / draws))


def test_dropout_of_nothing_is_bpe_itself_and_of_all_leaves_characters() -> None:
    made = model("bpe")
    for ids in made.encode(LINES):
        assert BpeDropout(made, 0.0).draw(ids, Random(1)) == ids
        assert {
            len(piece) for piece in made.pieces(BpeDropout(made, 1.0).draw(ids, Random(1)))
        } == {1}


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_unknown_pieces_and_marks_stand_where_they_stood(kind: str) -> None:
    made = model(kind)
    sampler = UnigramSampler(made, 0.1) if kind == "unigram" else BpeDropout(made, 0.5)
    ids = [*made.encode(["the жж dogж barks ж"])[0], EOS]
    for seed in range(20):
        drawn = sampler.draw(ids, Random(seed))
        assert made.decode(drawn) == made.decode(ids)
        assert drawn.count(UNK) == ids.count(UNK)
        assert drawn.index(EOS) == len(drawn) - 1
    assert sampler.draw([], Random(1)) == []
    assert sampler.draw([EOS], Random(1)) == [EOS]
