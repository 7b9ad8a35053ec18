"""Luong, Pham and Manning 2015, "Effective approaches to attention-based neural machine
translation", arXiv 1508.04025, section 3.1 (dot, general); Vaswani et al. 2017, arXiv 1706.03762,
eq. 1 (scaled-dot); Graves, Wayne and Danihelka 2014, arXiv 1410.5401, eq. 5 and 6 (cosine).

Every score here is a product of the query with a source state.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attncli.attention.base import Attention, Memory, NormalizerChoice, State, next_step
from attncli.products import attend, by_onednn
from attncli.recurring import dot_products
from attncli.registry import Choice


class Dot(Attention):
    """The product of the query with the source state.

        e_ts = query_t . state_s

    It has nothing to learn: the two must be of one size, and learn to meet.
    """

    name = "dot"
    equal_sizes = True

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return dot_products(query, memory.keys)  # (batch, queries, src_len)


class ScaledDot(Attention):
    """The product of the query with the source state, kept at unit variance.

        e_ts = query_t . state_s / sqrt(query_dim)

    The longer the vectors, the larger their products; the root takes that out again.
    """

    name = "scaled-dot"
    equal_sizes = True

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        scaled = query / math.sqrt(self.query_dim)
        return dot_products(scaled, memory.keys)  # (batch, queries, src_len)

    def read(self, query: Tensor, memory: Memory, state: State) -> tuple[Tensor, State]:
        one_head = Memory(memory.keys.unsqueeze(1), memory.values.unsqueeze(1), memory.mask)
        context = self.read_heads(query.unsqueeze(1), one_head)
        if context is None:
            return super().read(query, memory, state)
        return context.squeeze(1), next_step(state)

    @property
    def product(self) -> bool:
        return self.normalize.fused

    def read_heads(self, query: Tensor, memory: Memory) -> Tensor | None:
        if not self.product or not fused_pays(query):
            return None
        mask = memory.mask.unsqueeze(1)  # (batch, 1, queries, src_len), the same for every head
        return attend(query, memory.keys, memory.values, mask)


def fused_pays(query: Tensor) -> bool:
    """Whether the fused kernel is fast: beside oneDNN's products its gradient is not."""
    return not (torch.is_grad_enabled() and by_onednn(query))


class General(Attention):
    """The product of the query with a linear image of the source state.

        e_ts = query_t . W state_s

    W state_s is computed once per sentence.
    """

    name = "general"

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        normalize: NormalizerChoice = Choice("normalizer", "softmax"),
    ) -> None:
        super().__init__(query_dim, memory_dim, normalize=normalize)
        self.key = nn.Linear(memory_dim, query_dim, bias=False)

    def keys(self, states: Tensor) -> Tensor:
        projected: Tensor = self.key(states)
        return projected

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return dot_products(query, memory.keys)  # (batch, queries, src_len)


class Cosine(Attention):
    """The angle between the query and the source state, times a strength read off the query.

        e_ts = b_t cos(query_t, state_s)      b_t = softplus(w . query_t + b)

    A cosine alone never leaves [-1, 1], so that a softmax over it stays nearly uniform: hence the
    key strength b_t of the paper.

    Options:
        strength: the key strength before training
    """

    name = "cosine"
    equal_sizes = True

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        strength: float = 10.0,
        normalize: NormalizerChoice = Choice("normalizer", "softmax"),
    ) -> None:
        super().__init__(query_dim, memory_dim, normalize=normalize)
        self.strength = nn.Linear(query_dim, 1)
        nn.init.constant_(self.strength.bias, strength)

    def keys(self, states: Tensor) -> Tensor:
        return F.normalize(states, dim=-1)

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        cosine = dot_products(F.normalize(query, dim=-1), memory.keys)
        return F.softplus(self.strength(query)) * cosine  # (batch, queries, src_len)
