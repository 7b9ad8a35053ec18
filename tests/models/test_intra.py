"""Self-attention within a recurrent encoder against plain loops over pairs of words."""

from __future__ import annotations

import math

import pytest
import torch

from attncli.errors import UsageError
from attncli.models.intra import NoIntra, SelfAttention
from attncli.registry import Choice
from tests.models.builders import recurrent, source

DIM = 6


def sentences(*lengths):
    torch.manual_seed(4)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    return torch.randn(len(lengths), max(lengths), DIM) * mask.unsqueeze(-1), mask


def test_every_word_looks_at_all_words_of_its_sentence():
    torch.manual_seed(5)
    intra, (states, mask) = SelfAttention(DIM), sentences(4, 2)
    found = intra(states, mask)
    for row, length in enumerate((4, 2)):
        words = states[row, :length]
        for place, word in enumerate(words):
            shares = torch.stack([word @ other / math.sqrt(DIM) for other in words]).softmax(0)
            seen = sum(share * other for share, other in zip(shares, words, strict=True))
            total = word + intra.join.weight @ seen
            centred = total - total.mean()
            expected = centred / (centred.square().mean() + 1e-5).sqrt()
            torch.testing.assert_close(found[row, place], expected)
    assert (found[1, 2:] == 0).all()


def test_a_window_of_words_is_an_attention_like_any_other():
    near = Choice("attention", "local-m", {"window": 1, "score": Choice("attention", "dot")})
    intra, (states, mask) = SelfAttention(DIM, attention=near), sentences(5)
    moved = states.clone()
    moved[0, 4] += 1.0
    changed = (intra(states, mask) - intra(moved, mask)).abs().sum(-1)[0] > 1e-6
    assert changed.tolist() == [False, False, False, True, True]


def test_without_it_the_states_are_what_the_recurrence_left():
    states, mask = sentences(3)
    assert NoIntra(DIM)(states, mask) is states


@pytest.mark.parametrize("name", ["ntm", "hard"])
def test_what_cannot_look_all_at_once_is_refused(name):
    with pytest.raises(UsageError, match=f"cannot be '{name}'"):
        SelfAttention(DIM, attention=Choice("attention", name))


def test_it_starts_nothing_else_differently():
    """The parameters that both models have begin at the same numbers."""
    plain, looking = recurrent(), recurrent(intra=Choice("intra", "self-attention"))
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(looking.get_parameter(name), parameter)
    ids, mask = source(5, 3)[:2]
    assert not torch.allclose(plain.states(ids, mask), looking.states(ids, mask))
