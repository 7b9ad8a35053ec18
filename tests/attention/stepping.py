"""Sequential attentions, one step after another, and plain numbers beside them."""

from __future__ import annotations

import numpy as np
import torch

from attncli import registry

LENGTHS = (6, 3, 1)
STEPS = 4
QUERY, MEMORY = 6, 10


def inputs(lengths=LENGTHS, steps=STEPS):
    torch.manual_seed(11)
    longest = max(lengths)
    mask = torch.arange(longest) < torch.tensor(lengths).unsqueeze(1)
    states = torch.randn(len(lengths), longest, MEMORY, dtype=torch.float64)
    query = torch.randn(len(lengths), steps, QUERY, dtype=torch.float64)
    return query, states, mask


def made(name, **options):
    torch.manual_seed(12)
    attention = registry.find("attention", name)(QUERY, MEMORY, **options).double()
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return attention.eval()


def looks(attention, query, states, mask):
    """What each step gave, the state of one handed to the next."""
    memory = attention.remember(states, mask)
    state = attention.start(memory)
    found = []
    for step in range(query.size(1)):
        found.append(attention(query[:, step : step + 1], memory, state))
        state = found[-1].state
    return found


def numbers(tensor):
    return tensor.detach().numpy()


def dense(layer, vector):
    """W x + b of a linear layer."""
    return numbers(layer.weight) @ vector + (0 if layer.bias is None else numbers(layer.bias))


def additive(scorer, asked, state, extra):
    """v . tanh(W q + U k + extra)."""
    inside = dense(scorer.query, asked) + dense(scorer.key, state) + extra
    return numbers(scorer.v) @ np.tanh(inside)


def general(scorer, asked, state, extra):
    """q . W k + extra."""
    return asked @ dense(scorer.key, state) + extra.item()


def softmax(scores):
    grown = np.exp(np.array(scores) - max(scores))
    return grown / grown.sum()


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


def softplus(value):
    return np.log1p(np.exp(value))
