"""Each attention against its paper's equation, written out in plain loops over every number."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from attncli import registry
from attncli.attention.additive import Additive, Concat
from attncli.attention.base import all_steps
from attncli.attention.dot import Cosine, Dot, General, ScaledDot
from attncli.attention.local import LocalMonotonic, LocalPredictive
from attncli.attention.location import Location
from attncli.attention.multihead import MultiHead
from attncli.attention.none import NoAttention
from tests.attention.by_hand import (
    DIM,
    LENGTHS,
    MEMORY,
    QUERIES,
    assert_same,
    by_hand,
    inputs,
    look,
    made,
    numbers,
    product,
    softmax,
)


def test_additive_is_bahdanau_s_equation():
    attention = made("additive", DIM, MEMORY, dim=5)
    query, states, mask = inputs(DIM, MEMORY)
    w, u = numbers(attention.query.weight), numbers(attention.key.weight)
    b, v = numbers(attention.key.bias), numbers(attention.v)

    def score(asked, state, s):
        return sum(
            v[unit] * math.tanh(product(w[unit], asked) + product(u[unit], state) + b[unit])
            for unit in range(5)
        )

    assert w.shape == (5, DIM)
    assert_same(look(attention, query, states, mask), by_hand(score, query, states, LENGTHS))


def test_additive_with_v_of_zero_looks_at_every_word_alike():
    attention = made("additive")
    torch.nn.init.zeros_(attention.v)
    query, states, mask = inputs()
    weights = numbers(look(attention, query, states, mask).weights)
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(weights[row, :, :length], 1 / length)
        assert (weights[row, :, length:] == 0).all()


def test_additive_takes_the_query_s_width_by_default():
    assert Additive(DIM, MEMORY).v.shape == (DIM,)


def test_dot_is_luong_s_equation():
    query, states, mask = inputs()
    expected = by_hand(lambda asked, state, s: product(asked, state), query, states, LENGTHS)
    assert_same(look(made("dot"), query, states, mask), expected)
    assert not list(Dot(DIM, DIM).parameters())


def test_dot_worked_by_hand():
    query = torch.tensor([[[1.0, 2.0]]])
    states = torch.tensor([[[0.0, 0.0], [math.log(3.0), 0.0], [9.0, 9.0]]])
    mask = torch.tensor([[True, True, False]])
    attended = look(Dot(2, 2), query, states, mask)
    torch.testing.assert_close(attended.weights, torch.tensor([[[0.25, 0.75, 0.0]]]))
    torch.testing.assert_close(attended.context, torch.tensor([[[0.75 * math.log(3.0), 0.0]]]))


def test_scaled_dot_divides_by_the_root_of_the_width():
    query, states, mask = inputs()

    def score(asked, state, s):
        return product(asked, state) / math.sqrt(DIM)

    attention = made("scaled-dot")
    expected = by_hand(score, query, states, LENGTHS)
    assert_same(look(attention, query, states, mask), expected)
    memory = attention.remember(states, mask)
    context, _ = attention.read(query, memory, all_steps(attention.start(memory), QUERIES))
    np.testing.assert_allclose(numbers(context), expected[1], atol=1e-12)
    assert ScaledDot.equal_sizes


def test_general_puts_a_matrix_between_query_and_state():
    attention = made("general", DIM, MEMORY)
    query, states, mask = inputs(DIM, MEMORY)
    w = numbers(attention.key.weight)
    assert w.shape == (DIM, MEMORY)
    assert attention.key.bias is None

    def score(asked, state, s):
        return sum(asked[i] * w[i, j] * state[j] for i in range(DIM) for j in range(MEMORY))

    assert_same(look(attention, query, states, mask), by_hand(score, query, states, LENGTHS))


def test_general_with_the_identity_is_dot():
    general = General(DIM, DIM).double()
    torch.nn.init.eye_(general.key.weight)
    query, states, mask = inputs()
    left, right = (look(one, query, states, mask) for one in (general, made("dot")))
    torch.testing.assert_close(left.weights, right.weights)


@pytest.mark.parametrize("identity", [False, True])
def test_concat_compares_one_vector_made_of_both(identity):
    attention = made("concat", DIM, MEMORY, identity=identity)
    query, states, mask = inputs(DIM, MEMORY)
    width = MEMORY if identity else DIM
    of_state = np.eye(MEMORY) if identity else numbers(attention.key.weight)
    w = np.concatenate([numbers(attention.query.weight), of_state], 1)
    v = numbers(attention.v)
    assert w.shape == (width, DIM + MEMORY)

    def score(asked, state, s):
        both = [*asked, *state]
        return sum(v[unit] * math.tanh(product(w[unit], both)) for unit in range(width))

    assert_same(look(attention, query, states, mask), by_hand(score, query, states, LENGTHS))


def test_the_identity_block_of_concat_is_fixed():
    learned = {name for name, _ in Concat(DIM, MEMORY, identity=True).named_parameters()}
    assert learned == {"v", "query.weight"}
    assert {name for name, _ in Concat(DIM, MEMORY).named_parameters()} == {
        "v",
        "query.weight",
        "key.weight",
    }


def test_location_never_compares_the_words():
    attention = made("location", DIM, MEMORY, max_length=8)
    query, states, mask = inputs(DIM, MEMORY)
    w = numbers(attention.positions.weight)

    def score(asked, state, s):
        return product(w[s], asked)

    attended = look(attention, query, states, mask)
    assert_same(attended, by_hand(score, query, states, LENGTHS))
    others = look(attention, query, states.flip(2) * 3, mask)
    torch.testing.assert_close(others.weights, attended.weights)


def test_location_never_looks_past_its_last_position():
    attention = made("location", DIM, MEMORY, max_length=4)
    query, states, mask = inputs(DIM, MEMORY)
    w = numbers(attention.positions.weight)

    def weigh(t, scores):
        return [*softmax(scores[:4]), *[0.0] * len(scores[4:])]

    def score(asked, state, s):
        return product(w[s], asked) if s < 4 else math.inf

    attended = look(attention, query, states, mask)
    assert_same(attended, by_hand(score, query, states, LENGTHS, weigh))
    assert (attended.weights[0, :, 4:] == 0).all()


def test_cosine_times_a_strength_read_off_the_query():
    attention = made("cosine")
    query, states, mask = inputs()
    w, b = numbers(attention.strength.weight)[0], attention.strength.bias.item()

    def score(asked, state, s):
        strength = math.log1p(math.exp(product(w, asked) + b))
        lengths = math.sqrt(product(asked, asked)) * math.sqrt(product(state, state))
        return strength * product(asked, state) / lengths

    assert_same(look(attention, query, states, mask), by_hand(score, query, states, LENGTHS))
    assert Cosine(DIM, DIM, strength=7.0).strength.bias.item() == 7.0


def test_none_gives_both_ends_of_the_sentence_at_every_step():
    query, states, mask = inputs(DIM, MEMORY)
    attended = look(NoAttention(DIM, MEMORY), query, states, mask)
    for row, length in enumerate(LENGTHS):
        for t in range(QUERIES):
            ends = [*states[row, 0].tolist(), *states[row, length - 1].tolist()]
            assert attended.context[row, t].tolist() == ends
    assert attended.weights is None


def test_none_can_give_nothing_but_the_first_state():
    query, states, mask = inputs(DIM, MEMORY)
    attended = look(NoAttention(DIM, MEMORY, feeds="state"), query, states, mask)
    assert attended.context.shape == (3, QUERIES, 0)


def test_the_aliases_of_a_mechanism_are_the_mechanism():
    assert registry.find("attention", "local") is LocalPredictive
    assert registry.find("attention", "local-m") is LocalMonotonic
    assert registry.find("attention", "location") is Location
    assert registry.find("attention", "multihead") is MultiHead
