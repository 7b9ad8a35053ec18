"""Local attention (Luong 2015, section 3.2), written out in plain loops over every number."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from attncli.registry import Choice
from tests.attention.by_hand import (
    DIM,
    QUERIES,
    inputs,
    look,
    made,
    numbers,
    product,
    softmax,
)


@pytest.mark.parametrize("name", ["dot", "general", "concat", "location", "additive"])
def test_local_m_weighs_any_score_within_its_window(name):
    window = 2
    lengths, queries = (9, 4, 1), 12
    query, states, mask = inputs(lengths=lengths, queries=queries)
    score_choice = Choice("attention", name)
    attention = made("local-m", score=score_choice, window=window)
    scores = numbers(look(attention, query, states, mask).trace["scores"])
    attended = look(attention, query, states, mask)
    for row, length in enumerate(lengths):
        for t in range(queries):
            centre = min(t, length - 1)
            inside = [s for s in range(length) if abs(s - centre) <= window]
            shares = softmax([scores[row, t, s] for s in inside])
            expected = np.zeros(9)
            expected[inside] = shares
            np.testing.assert_allclose(numbers(attended.weights)[row, t], expected, atol=1e-12)
            context = sum(
                share * numbers(states)[row, s] for share, s in zip(shares, inside, strict=True)
            )
            np.testing.assert_allclose(numbers(attended.context)[row, t], context, atol=1e-12)
            assert attended.trace["centre"][row, t].item() == centre
    plain = look(attention.scorer, query, states, mask).trace["scores"]
    np.testing.assert_allclose(scores, numbers(plain))


def test_local_m_at_the_edges_of_sentence_and_window():
    lengths, queries = (9,), 12
    query, states, mask = inputs(lengths=lengths, queries=queries)
    attention = made("local-m", window=2)
    looked = numbers(look(attention, query, states, mask).weights)[0] > 0
    assert looked[0].nonzero()[0].tolist() == [0, 1, 2]
    assert looked[4].nonzero()[0].tolist() == [2, 3, 4, 5, 6]
    assert looked[8].nonzero()[0].tolist() == [6, 7, 8]
    assert looked[11].nonzero()[0].tolist() == [6, 7, 8]


def test_local_m_counts_beyond_256_whatever_the_query_is_rounded_to():
    query, states, mask = inputs(lengths=(300,), queries=300)
    attention = made("local-m", window=2).bfloat16()
    looked = look(attention, query.bfloat16(), states.bfloat16(), mask)
    assert looked.trace["centre"].flatten().tolist() == [*range(300)]


def predicted(attention, asked, length):
    """(S - 1) sigmoid(v . tanh(W query)), in loops."""
    w = numbers(attention.place[0].weight)
    v = numbers(attention.place[2].weight)[0]
    hidden = [math.tanh(product(row, asked)) for row in w]
    return (length - 1) / (1 + math.exp(-product(v, hidden)))


def test_local_p_puts_a_bell_curve_over_its_window():
    window = 2
    lengths = (9, 4, 1)
    query, states, mask = inputs(lengths=lengths, queries=5)
    attention = made("local-p", window=window)
    w = numbers(attention.scorer.key.weight)
    attended = look(attention, query, states, mask)
    below_one = 0
    for row, length in enumerate(lengths):
        for t, asked in enumerate(numbers(query)[row]):
            centre = predicted(attention, asked, length)
            inside = [s for s in range(length) if abs(s - centre) <= window]
            shares = softmax([product(asked, w @ numbers(states)[row, s]) for s in inside])
            expected = np.zeros(9)
            for share, s in zip(shares, inside, strict=True):
                expected[s] = share * math.exp(-((s - centre) ** 2) / (2 * (window / 2) ** 2))
            np.testing.assert_allclose(numbers(attended.weights)[row, t], expected, atol=1e-12)
            context = expected[:length] @ numbers(states)[row, :length]
            np.testing.assert_allclose(numbers(attended.context)[row, t], context, atol=1e-12)
            assert attended.trace["centre"][row, t].item() == pytest.approx(centre)
            below_one += expected.sum() < 0.99
    assert below_one > 5, "the product with the curve is not normalized again"


def test_local_p_can_reach_the_first_and_the_last_word_and_nothing_beyond():
    attention = made("local-p", window=2)
    query, states, mask = inputs(lengths=(9, 4, 1))
    with torch.no_grad():
        attention.place[0].weight.copy_(100 * torch.eye(DIM))
    for sign, ends in ((50.0, [8.0, 3.0, 0.0]), (-50.0, [0.0, 0.0, 0.0])):
        with torch.no_grad():
            attention.place[2].weight.fill_(sign)
        centre = look(attention, query.abs(), states, mask).trace["centre"]
        for row, end in enumerate(ends):
            assert centre[row].tolist() == pytest.approx([end] * QUERIES)


def test_a_gradient_reaches_the_centre_only_through_the_curve():
    query, states, mask = inputs(lengths=(9, 4, 3))
    attention = made("local-p", window=2)
    look(attention, query, states, mask).weights.sum().backward()
    for parameter in attention.place.parameters():
        assert parameter.grad.abs().sum() > 0
    assert attention.scorer.key.weight.grad.abs().sum() > 0


def test_local_p_places_its_window_under_bf16_as_well():
    query, states, mask = (part.float() for part in inputs(lengths=(200, 150), queries=6))
    attention = made("local-p", window=2).float()
    exact = look(attention, query, states, mask.bool())
    with torch.autocast("cpu", torch.bfloat16):
        rounded = look(attention, query, states, mask.bool())
    error = (rounded.weights.float() - exact.weights).abs().sum(-1).mean() / 2
    assert error < 0.06


@pytest.mark.parametrize("name", ["local-m", "local-p"])
def test_positions_without_a_score_are_out_of_reach(name):
    query, states, mask = inputs(lengths=(9,), queries=12)
    score = Choice("attention", "location", {"max_length": 3})
    attention = made(name, score=score, window=2)
    attended = look(attention, query, states, mask)
    weights = numbers(attended.weights)[0]
    assert (weights[:, 3:] == 0).all()
    assert (weights[:, :3].sum(-1) > 0.1).all()  # the window stays where it can look at something
    assert attended.trace["centre"].max() <= 2
