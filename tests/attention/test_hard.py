"""Hard attention: what is drawn, how often, and what stands in for it."""

from __future__ import annotations

import math

import pytest
import torch

from attncli.attention.expectation import expectation
from attncli.attention.hard import Hard, drawn, entropy, one_hot
from attncli.registry import Choice
from tests.attention.contract import BATCH, QUERIES, Subject, assert_equal


def training(**options):
    subject = Subject.of(Hard)
    torch.manual_seed(1)
    for name, value in options.items():
        setattr(subject.attention, name, value)
    subject.attention.train()
    return subject


def test_positions_are_drawn_as_often_as_their_chances_say():
    torch.manual_seed(2)
    chances = torch.tensor([0.5, 0.3, 0.2, 0.0]).repeat(1, 20_000, 1)
    counts = torch.bincount(drawn(chances).flatten(), minlength=4) / 20_000
    assert counts[3] == 0
    # four standard deviations of a share of 20,000 draws
    torch.testing.assert_close(counts, chances[0, 0], atol=4 * 0.5 / math.sqrt(20_000), rtol=0)


def test_entropy_and_log_probability_by_hand():
    chances = torch.tensor([[[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]]])
    assert entropy(chances).tolist()[0] == pytest.approx([1.5 * math.log(2), 0.0])
    subject = training()
    attended = subject.look()
    position = attended.weights.argmax(-1, keepdim=True)
    log_chance = attended.trace["chances"].gather(-1, position).squeeze(-1).log()
    assert_equal(attended.losses["log_prob"], log_chance)
    assert_equal(attended.losses["entropy"], entropy(attended.trace["chances"]))


def test_a_draw_reads_one_word_and_evaluation_the_likeliest():
    subject = training()
    attended = subject.look()
    assert ((attended.weights == 0) | (attended.weights == 1)).all()
    assert_equal(attended.weights.sum(-1), torch.ones(BATCH, QUERIES))
    subject.attention.eval()
    greedy = subject.look()
    assert torch.equal(greedy.weights.argmax(-1), greedy.trace["chances"].argmax(-1))
    assert greedy.losses == {}


def test_the_expectation_is_the_score_it_holds():
    subject = training()
    with expectation():
        soft = subject.look()
    scorer = subject.attention.scorer.train()
    held = Subject(scorer, subject.query, subject.states, subject.mask).look()
    assert_equal(soft.context, held.context, 0.0)
    assert soft.losses == {}
    assert not torch.equal(subject.look().context, held.context)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_some_words_read_the_expectation_and_bring_no_log_probability(share):
    subject = training(expected=share)
    looks = [subject.look() for _ in range(40)]
    mean = torch.stack([(look.weights == look.trace["chances"]).all(-1) for look in looks])
    several = subject.mask.sum(1) > 1  # of one position, draw and expectation are the same
    found = mean[:, several].float().mean().item()
    assert found == pytest.approx(share, abs=4 * 0.5 / math.sqrt(40 * 2 * QUERIES))
    for look, chosen in zip(looks, mean, strict=True):
        assert (look.losses["log_prob"][chosen] == 0).all()
        assert (look.losses["log_prob"][~chosen] < 0).all()


def test_a_row_without_chances_gets_no_weight():
    chances = torch.tensor([[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    assert one_hot(drawn(chances), chances).tolist() == chances.tolist()


def test_any_score_can_be_held():
    for score in ("dot", "general", "additive", "location"):
        attention = Hard(8, 8, score=Choice("attention", score))
        states, mask = torch.randn(2, 5, 8), torch.ones(2, 5, dtype=torch.bool)
        memory = attention.remember(states, mask)
        attended = attention(torch.randn(2, 1, 8), memory, attention.start(memory))
        assert (attended.weights.max(-1).values == 1).all()
