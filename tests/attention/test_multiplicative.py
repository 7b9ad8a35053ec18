"""Multiplicative attention of a chosen width; heads whose keys are narrower than their values."""

from __future__ import annotations

import torch

from attncli.attention.multihead import MultiHead
from attncli.attention.multiplicative import Multiplicative


def test_scores_by_hand():
    attention = Multiplicative(2, 3, dim=1)
    with torch.no_grad():
        attention.query.weight.copy_(torch.tensor([[1.0, 2.0]]))
        attention.key.weight.copy_(torch.tensor([[1.0, 0.0, -1.0]]))
    states = torch.tensor([[[5.0, 9.0, 1.0], [0.0, 7.0, 2.0]]])
    memory = attention.remember(states, torch.ones(1, 2, dtype=torch.bool))
    query = torch.tensor([[[1.0, 1.0]]])
    # the query becomes 1 + 2 = 3, the states 5 - 1 = 4 and 0 - 2 = -2
    assert attention.score(query, memory, attention.start(memory)).tolist() == [[[12.0, -6.0]]]


def test_a_heads_keys_may_be_narrower_than_its_values():
    heads = MultiHead(12, 12, heads=3, key_dim=2)
    memory = heads.remember(torch.randn(2, 5, 12), torch.ones(2, 5, dtype=torch.bool))
    assert memory.keys.shape == (2, 3, 5, 2)
    assert memory.values.shape == (2, 3, 5, 4)
    attended = heads(torch.randn(2, 7, 12), memory, heads.start(memory))
    assert attended.context.shape == (2, 7, 12)
    assert attended.weights.shape == (2, 7, 5)
