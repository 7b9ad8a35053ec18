"""Bahdanau, Cho and Bengio 2015, "Neural machine translation by jointly learning to align and
translate", arXiv 1409.0473, section 3.1 and appendix A.1.2; Luong, Pham and Manning 2015,
section 3.1 (concat).

In both papers a one-layer network compares the query with each source state.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from attncli.attention.base import Attention, Memory, NormalizerChoice, State
from attncli.recurring import Recurring
from attncli.registry import Choice, Count


class Additive(Attention):
    """A small network compares the query with each source state.

        e_ts = v . tanh(W query_t + U state_s + b)

    U state_s is computed once per sentence.

    Options:
        dim: width of the comparing network; 0 takes the query's
    """

    name = "additive"

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        dim: Count = 0,
        normalize: NormalizerChoice = Choice("normalizer", "softmax"),
    ) -> None:
        super().__init__(query_dim, memory_dim, normalize=normalize)
        width = dim or query_dim
        self.query = Recurring(query_dim, width, bias=False)
        self.key: nn.Module = nn.Linear(memory_dim, width)
        self.extra_dim = width
        self.v = nn.Parameter(torch.empty(width).uniform_(-1, 1) / math.sqrt(width))

    def keys(self, states: Tensor) -> Tensor:
        projected: Tensor = self.key(states)
        return projected

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return torch.tanh(self.compared(query, memory)) @ self.v  # (batch, queries, src_len)

    def score_with(self, query: Tensor, memory: Memory, state: State, extra: Tensor) -> Tensor:
        return torch.tanh(self.compared(query, memory) + extra) @ self.v

    def compared(self, query: Tensor, memory: Memory) -> Tensor:
        """What the network knows of each pair: (batch, queries, src_len, width)."""
        both: Tensor = self.query(query).unsqueeze(2) + memory.keys.unsqueeze(1)
        return both


class Concat(Additive):
    """A small network without a bias compares the query with each source state (Luong 2015).

        e_ts = v . tanh(W [query_t ; state_s])

    In the authors' code the block of W that meets state_s is fixed to the identity; the option
    `identity` does the same, and is what the preset of the paper's name sets.

    Options:
        identity: fix the block of W on the source states to the identity
    """

    name = "concat"

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        identity: bool = False,
        normalize: NormalizerChoice = Choice("normalizer", "softmax"),
    ) -> None:
        width = memory_dim if identity else query_dim
        super().__init__(query_dim, memory_dim, dim=width, normalize=normalize)
        self.key = nn.Identity() if identity else nn.Linear(memory_dim, width, bias=False)
