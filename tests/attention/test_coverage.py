"""Coverage in the score, its accounts and its loss, against plain loops over steps and words."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from attncli.attention.coverage import Coverage
from attncli.registry import Choice
from tests.attention.stepping import (
    LENGTHS,
    STEPS,
    additive,
    dense,
    general,
    inputs,
    looks,
    made,
    numbers,
    sigmoid,
    softmax,
)


def plain_sum(account, kept, weight, state, asked):
    return kept + weight


def linguistic(account, kept, weight, state, asked):
    return kept + weight / (2 * sigmoid(dense(account.fertility, state)))


def neural(account, kept, weight, state, asked):
    given = dense(account.word, state) + dense(account.query, asked)
    given = np.split(given + numbers(account.weight.weight)[:, 0] * weight, 3)
    past = np.split(dense(account.past, kept), 3)
    r, z = (sigmoid(given[part] + past[part]) for part in (0, 1))
    return (1 - z) * np.tanh(given[2] + r * past[2]) + z * kept


ACCOUNTS = {"sum": plain_sum, "linguistic": linguistic, "neural": neural}


@pytest.mark.parametrize("score", [additive, general], ids=lambda score: score.__name__)
@pytest.mark.parametrize("name", ACCOUNTS)
def test_what_was_looked_at_enters_the_score(name, score):
    attention = made(
        "coverage",
        score=Choice("attention", score.__name__),
        account=Choice("account", name),
        loss=True,
    )
    query, states, mask = inputs()
    attended = looks(attention, query, states, mask)
    for row, length in enumerate(LENGTHS):
        words = numbers(states)[row, :length]
        kept = np.zeros((length, attention.account.dim))
        seen = np.zeros(length)
        for step in range(STEPS):
            asked = numbers(query)[row, step]
            extra = [numbers(attention.feature.weight) @ one for one in kept]
            scores = [score(attention.scorer, asked, words[s], extra[s]) for s in range(length)]
            expected = softmax(scores)
            found = attended[step]
            np.testing.assert_allclose(numbers(found.weights)[row, 0, :length], expected, atol=1e-9)
            assert (numbers(found.weights)[row, 0, length:] == 0).all()
            twice = sum(min(a, before) for a, before in zip(expected, seen, strict=True))
            assert found.losses["coverage"][row].item() == pytest.approx(twice)
            kept = np.array(
                [
                    ACCOUNTS[name](attention.account, kept[s], expected[s], words[s], asked)
                    for s in range(length)
                ]
            )
            seen = seen + expected
            trace = numbers(found.trace["coverage"])[row, 0, :length]
            np.testing.assert_allclose(trace, seen, atol=1e-9)


def test_the_loss_worked_by_hand():
    """Twice the same look, .25 and .75: the second is all seen before, the third again."""
    choice = Choice("attention", "dot")
    attention = Coverage(1, 1, score=choice, account=Choice("account", "sum"), loss=True)
    torch.nn.init.zeros_(attention.feature.weight)
    states = torch.tensor([[[0.0], [math.log(3.0)]]])
    attended = looks(attention, torch.ones(1, 3, 1), states, torch.ones(1, 2) > 0)
    assert [one.losses["coverage"].item() for one in attended] == pytest.approx([0.0, 1.0, 1.0])


def test_a_positive_term_looks_again_and_a_negative_one_elsewhere():
    attention = Coverage(1, 1, score=Choice("attention", "dot"), account=Choice("account", "sum"))
    states, mask = torch.tensor([[[0.0], [1.0]]]), torch.ones(1, 2) > 0
    for sign in (1, -1):
        torch.nn.init.constant_(attention.feature.weight, 5.0 * sign)
        first, second = looks(attention, torch.ones(1, 2, 1), states, mask)
        assert sign * (second.weights[0, 0, 1] - first.weights[0, 0, 1]) > 0.2


def test_no_loss_is_brought_where_none_is_asked_for():
    query, states, mask = inputs()
    assert looks(made("coverage"), query, states, mask)[0].losses == {}


def test_every_parameter_of_the_neural_account_learns():
    attention = made("coverage", account=Choice("account", "neural"))
    query, states, mask = inputs()
    sum(one.context.sum() for one in looks(attention, query, states, mask)).backward()
    dead = [n for n, p in attention.named_parameters() if not p.grad.abs().sum() > 0]
    assert dead == []
