"""Several heads, against each head by itself."""

from __future__ import annotations

import pytest
import torch

from attncli.attention.base import Memory, all_steps, reordered
from attncli.attention.multihead import MultiHead
from attncli.errors import UsageError
from attncli.registry import Choice
from tests.attention import by_hand
from tests.attention.stepping import MEMORY, QUERY, STEPS, inputs, looks, made

HEADS = 3
WIDTH = QUERY // HEADS


@pytest.mark.parametrize("held", ["scaled-dot", "general", "local-p"])
def test_multihead_is_a_loop_over_its_heads(held):
    heads, dim = 3, 12
    query, states, mask = by_hand.inputs(dim, by_hand.MEMORY)
    attention = by_hand.made(
        "multihead", dim, by_hand.MEMORY, heads=heads, score=Choice("attention", held)
    )
    attended = by_hand.look(attention, query, states, mask)
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


@pytest.mark.parametrize("name", ["ntm", "location-aware", "monotonic"])
def test_each_head_goes_on_from_its_own_last_step(name):
    attention = made("multihead", heads=HEADS, score=Choice("attention", name))
    query, states, mask = inputs()
    attended = looks(attention, query, states, mask)
    for head in range(HEADS):
        rows = slice(head * WIDTH, (head + 1) * WIDTH)
        asked, keys, values = (
            projection(given)[..., rows]
            for projection, given in (
                (attention.query, query),
                (attention.key, states),
                (attention.value, states),
            )
        )
        memory = Memory(attention.attention.keys(keys), values, mask.unsqueeze(1))
        state = attention.attention.start(memory)
        for step in range(STEPS):
            own = attention.attention(asked[:, step : step + 1], memory, state)
            state = own.state
            torch.testing.assert_close(attended[step].trace["heads"][:, :, head], own.weights)


def test_the_heads_of_a_beam_are_reordered_together():
    attention = made("multihead", heads=HEADS, score=Choice("attention", "ntm"))
    query, states, mask = inputs(steps=3)
    memory = attention.remember(states, mask)
    start = attention.start(memory)
    beam = {name: part.expand(3, 3, *part.shape[2:]) for name, part in start.items()}
    first = attention(query, memory, beam)
    order = torch.tensor([[2, 0, 0], [1, 2, 0], [0, 1, 2]])
    after = reordered(first.state | {"own": query}, order)
    late = attention(after.pop("own"), memory, after)
    straight = attention(query, memory, first.state)
    expected = reordered({"own": straight.context}, order)["own"]
    torch.testing.assert_close(late.context, expected)


def test_heads_that_go_on_have_keys_as_wide_as_their_values():
    choice = Choice("attention", "coverage")
    MultiHead(QUERY, MEMORY, heads=HEADS, score=choice, key_dim=WIDTH)
    with pytest.raises(UsageError, match="'coverage' read their values to go on"):
        MultiHead(QUERY, MEMORY, heads=HEADS, score=choice, key_dim=WIDTH + 1)


def test_heads_claim_what_they_hold():
    plain = MultiHead(QUERY, MEMORY, heads=HEADS)
    moving = MultiHead(QUERY, MEMORY, heads=HEADS, score=Choice("attention", "monotonic"))
    claims = ("sequential", "positional", "normalized")
    assert [getattr(plain, claim) for claim in claims] == [False, False, True]
    assert [getattr(moving, claim) for claim in claims] == [True, True, False]
