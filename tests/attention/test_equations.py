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
from attncli.registry import Choice

LENGTHS = (6, 3, 1)
QUERIES = 4
DIM = 6
MEMORY = 10


def inputs(query_dim=DIM, memory_dim=DIM, lengths=LENGTHS, queries=QUERIES):
    torch.manual_seed(11)
    longest = max(lengths)
    mask = torch.arange(longest) < torch.tensor(lengths).unsqueeze(1)
    states = torch.randn(len(lengths), longest, memory_dim, dtype=torch.float64)
    query = torch.randn(len(lengths), queries, query_dim, dtype=torch.float64)
    return query, states, mask


def made(name, query_dim=DIM, memory_dim=DIM, **options):
    torch.manual_seed(12)
    attention = registry.find("attention", name)(query_dim, memory_dim, **options).double()
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return attention.eval()


def look(attention, query, states, mask):
    """One look for each of consecutive target words, as the class computes it."""
    memory = attention.remember(states, mask)
    state = all_steps(attention.start(memory), query.size(1))
    return attention(query, memory, state)


def numbers(tensor):
    return tensor.detach().numpy()


def softmax(scores):
    grown = [math.exp(score - max(scores)) for score in scores]
    return [one / sum(grown) for one in grown]


def by_hand(score, query, states, lengths, weigh=lambda t, scores: softmax(scores)):
    """Weights and contexts, one sentence, one query, one position at a time."""
    query, states = numbers(query), numbers(states)
    weights = np.zeros((*query.shape[:2], states.shape[1]))
    contexts = np.zeros((*query.shape[:2], states.shape[2]))
    for row, length in enumerate(lengths):
        for t, asked in enumerate(query[row]):
            shares = weigh(t, [score(asked, states[row, s], s) for s in range(length)])
            for s in range(length):
                weights[row, t, s] = shares[s]
                contexts[row, t] += shares[s] * states[row, s]
    return weights, contexts


def assert_same(attended, expected):
    weights, contexts = expected
    np.testing.assert_allclose(numbers(attended.weights), weights, atol=1e-12)
    np.testing.assert_allclose(numbers(attended.context), contexts, atol=1e-12)


def product(left, right):
    return sum(float(a) * float(b) for a, b in zip(left, right, strict=True))


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


@pytest.mark.parametrize("held", ["scaled-dot", "general", "local-p"])
def test_multihead_is_a_loop_over_its_heads(held):
    heads, dim = 3, 12
    query, states, mask = inputs(dim, MEMORY)
    attention = made("multihead", dim, MEMORY, heads=heads, score=Choice("attention", held))
    attended = look(attention, query, states, mask)
    width = dim // heads
    joined = []
    for head in range(heads):
        rows = slice(head * width, (head + 1) * width)
        parts = [
            inside @ projection.weight[rows].T + projection.bias[rows]
            for inside, projection in (
                (query, attention.query),
                (states, attention.key),
                (states, attention.value),
            )
        ]
        scored = attention.attention.remember(parts[1], mask)
        own = look_with(attention.attention, parts[0], scored._replace(values=parts[2]))
        torch.testing.assert_close(attended.trace["heads"][:, :, head], own.weights)
        joined.append(own.context)
    context = torch.cat(joined, -1) @ attention.join.weight.T + attention.join.bias
    torch.testing.assert_close(attended.context, context)
    torch.testing.assert_close(attended.weights, attended.trace["heads"].mean(2))


def look_with(attention, query, memory):
    return attention(query, memory, all_steps(attention.start(memory), query.size(1)))


def test_the_aliases_of_a_mechanism_are_the_mechanism():
    assert registry.find("attention", "local") is LocalPredictive
    assert registry.find("attention", "local-m") is LocalMonotonic
    assert registry.find("attention", "location") is Location
    assert registry.find("attention", "multihead") is MultiHead
