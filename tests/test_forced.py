"""Given translations under a model."""

from __future__ import annotations

import math

import pytest
import torch

import attncli as package
from attncli.experiment import source_of
from attncli.forced import Forced, force, perplexity
from attncli.text.pair import Pair
from attncli.text.piece_model import BOS, EOS

PAIRS = [
    Pair("ein Hund steht", "EIN HUND STEHT"),
    Pair("rot", "ROT BLAU VIER HAUS"),
    Pair("", "EIN"),
    Pair("zwei Haus", ""),
    Pair("vier blau", "VIER BLAU", ((0, 0), (1, 1))),
]


@pytest.fixture(scope="module")
def loaded(runs):
    return package.load(runs / "first").loaded


def test_every_piece_is_scored_as_the_model_steps_to_it(loaded):
    forced = force(loaded, PAIRS)
    model, codec = loaded.model, loaded.codec
    for pair, one in zip(PAIRS, forced, strict=True):
        (src,), (tgt,) = codec.encode_source([pair.src]), codec.encode_target([pair.tgt])
        assert tgt[-1] == EOS
        source = source_of([src], torch.device("cpu"))
        with torch.inference_mode():
            memories, state = model.encode(source)
            last, expected = BOS, []
            for token in tgt:
                decoded = model.decode_step(torch.tensor([[last]]), memories, state)
                expected.append(float(model.output.log_probs(decoded, source)[0, 0, token]))
                state, last = decoded.state, token
        assert one.log_probs == pytest.approx(expected, abs=1e-4)
        assert one.log_prob == pytest.approx(sum(expected), abs=1e-3)


def test_company_changes_nothing(loaded):
    together = force(loaded, PAIRS * 9)
    for place, one in enumerate(together):
        (alone,) = force(loaded, [PAIRS[place % len(PAIRS)]])
        assert one.log_probs == pytest.approx(alone.log_probs, abs=1e-4)


def test_an_empty_target_is_the_end_alone(loaded):
    assert len(force(loaded, PAIRS)[3].log_probs) == 1


def test_what_is_looked_at_fits_the_pieces(loaded):
    for pair, one in zip(PAIRS, force(loaded, PAIRS, look=True), strict=True):
        seen = one.attention
        assert seen.weights.shape == (1, 1, len(seen.tgt), len(seen.src))
        assert seen.weights.sum(-1) == pytest.approx(1, abs=1e-4)
        assert "".join(seen.src[:-1]).replace("▁", " ").strip() == pair.src
        assert "".join(seen.tgt[:-1]).replace("▁", " ").strip() == pair.tgt
        assert seen.links == pair.links
        assert len(seen.tgt) == len(one.log_probs)


def test_nothing_is_looked_at_without_asking_or_without_attention(loaded, runs):
    assert force(loaded, PAIRS[:1])[0].attention is None
    blind = package.load(runs / "blind").loaded
    assert force(blind, PAIRS[:1], look=True)[0].attention is None


def test_perplexity_by_hand():
    forced = [Forced([-1.0, -2.0, -3.0], 1, None), Forced([-0.5], 0, None)]
    piece, word = perplexity(forced)
    assert piece == pytest.approx(math.exp(6.5 / 4))
    assert word == pytest.approx(math.exp(6.5 / 3))


def test_a_line_without_spaces_has_a_perplexity_too():
    piece, word = perplexity([Forced([-4.0] * 60, 1, None)])
    assert piece == pytest.approx(math.exp(4))
    assert word == pytest.approx(math.exp(120))
    assert perplexity([Forced([-4.0] * 400, 1, None)]) == (pytest.approx(math.exp(4)), None)
