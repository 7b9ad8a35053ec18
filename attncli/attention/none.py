"""Sutskever, Vinyals and Le 2014, "Sequence to sequence learning with neural networks", arXiv
1409.3215 (state); Cho et al. 2014, arXiv 1406.1078 (input).

No attention: the whole sentence in one vector of fixed size.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from attncli.attention.base import Attended, Attention, Memory, State, next_step


class NoAttention(Attention):
    """The decoder never looks back: the same vector at every step, or nothing.

        c_t = [state_1 ; state_S]  (input)      or      c_t = []  (state)

    Whichever way an encoder reads, its last state is in one of the two ends.

    Options:
        feeds: `input` gives the vector at every step; `state` only starts the decoder from it
    """

    name = "none"
    positional = True
    normalized = False
    cost = "O(1)"

    def __init__(
        self, query_dim: int, memory_dim: int, *, feeds: Literal["input", "state"] = "input"
    ) -> None:
        super().__init__(query_dim, memory_dim)
        self.context_dim = 2 * memory_dim if feeds == "input" else 0

    def remember(self, states: Tensor, mask: Tensor) -> Memory:
        last = (mask.sum(1) - 1).clamp(min=0)
        rows = torch.arange(states.size(0), device=states.device)
        ends = torch.cat([states[:, 0], states[rows, last]], -1).unsqueeze(1)
        fixed = ends[..., : self.context_dim]  # (batch, 1, context_dim)
        return Memory(fixed, fixed, mask.unsqueeze(1))

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        context = memory.values.expand(-1, query.size(1), -1)
        return Attended(context, None, next_step(state), {}, {})
