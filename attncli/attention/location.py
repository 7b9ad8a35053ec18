"""Luong, Pham and Manning 2015, "Effective approaches to attention-based neural machine
translation", arXiv 1508.04025, eq. 8.

The query alone says where to look.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attncli.attention.base import Attention, Memory, NormalizerChoice, State
from attncli.registry import Choice, Positive


class Location(Attention):
    """The query alone says where to look: the source words are never compared.

        e_t = W query_t      (one score for each source position up to max_length)

    A shorter sentence uses the first scores; words past max_length are never looked at.

    Options:
        max_length: source positions that have a score
    """

    name = "location"
    positional = True

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        max_length: Positive = 100,
        normalize: NormalizerChoice = Choice("normalizer", "softmax"),
    ) -> None:
        super().__init__(query_dim, memory_dim, normalize=normalize)
        self.positions = nn.Linear(query_dim, max_length, bias=False)

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        src_len = memory.keys.size(1)
        weight = self.positions.weight[:src_len]
        beyond = src_len - weight.size(0)
        return F.pad(F.linear(query, weight), (0, beyond))  # (batch, queries, src_len)

    def reachable(self, memory: Memory) -> Tensor:
        places = torch.arange(memory.mask.size(-1), device=memory.mask.device)
        return memory.mask & (places < self.positions.out_features)
