"""The weights of an attention in plain loops over every number."""

from __future__ import annotations

import math

import numpy as np
import torch

from attncli import registry
from attncli.attention.base import all_steps

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
