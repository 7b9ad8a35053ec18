"""Tu, Lu, Liu, Liu and Li 2016, "Modeling coverage for neural machine translation", arXiv
1601.04811, section 3.1 (linguistic, neural); See, Liu and Manning 2017, arXiv 1704.04368, eq. 10
(sum).

What is kept of how much each source word was looked at: the coverage of coverage attention.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from attncli.attention.base import Memory, State
from attncli.registry import Positive, Range

KEPT = "kept"


class Account(nn.Module):
    """Keeps `dim` numbers for each source position under `KEPT` in the state."""

    family: ClassVar[str] = "account"
    name: ClassVar[str | None] = None
    dim: int = 1

    def __init__(self, query_dim: int, memory_dim: int) -> None:
        super().__init__()

    def start(self, memory: Memory) -> State:
        """Nothing was looked at: (batch, 1, src_len, dim), and what else it needs at each step."""
        batch, src_len, _ = memory.values.shape
        return {KEPT: memory.values.new_zeros(batch, 1, src_len, self.dim)}

    def forward(self, query: Tensor, state: State, weights: Tensor) -> Tensor:
        """What is kept after one more look: (batch, queries, src_len, dim)."""
        raise NotImplementedError


class Sum(Account):
    """The weights of all steps so far (See 2017).

    C_ts = C_t-1,s + a_ts
    """

    name = "sum"

    def forward(self, query: Tensor, state: State, weights: Tensor) -> Tensor:
        return state[KEPT] + weights.unsqueeze(-1)


class Linguistic(Account):
    """The weights so far, as shares of how many target words a source word is expected to give.

        C_ts = C_t-1,s + a_ts / F_s      F_s = N sigmoid(u . state_s)

    The fertility F_s is kept above N / 100, so that a share of it stays a number.

    Options:
        most: N, the greatest fertility
    """

    name = "linguistic"

    def __init__(
        self, query_dim: int, memory_dim: int, *, most: Annotated[float, Range(0.1)] = 2.0
    ) -> None:
        super().__init__(query_dim, memory_dim)
        self.most = most
        self.fertility = nn.Linear(memory_dim, 1, bias=False)

    def start(self, memory: Memory) -> State:
        share = torch.sigmoid(self.fertility(memory.values)).clamp(min=0.01).squeeze(-1)
        return {**super().start(memory), "fertility": (self.most * share).unsqueeze(1)}

    def forward(self, query: Tensor, state: State, weights: Tensor) -> Tensor:
        return state[KEPT] + (weights / state["fertility"]).unsqueeze(-1)


class Neural(Account):
    """A gated recurrent unit at each source position decides what is kept of each look.

        C_ts = GRU(C_t-1,s, [a_ts ; state_s ; query_t])

    Options:
        dim: numbers kept for each position
    """

    name = "neural"

    def __init__(self, query_dim: int, memory_dim: int, *, dim: Positive = 10) -> None:
        super().__init__(query_dim, memory_dim)
        self.dim = dim
        self.word = nn.Linear(memory_dim, 3 * dim)
        self.query = nn.Linear(query_dim, 3 * dim, bias=False)
        self.weight = nn.Linear(1, 3 * dim, bias=False)
        self.past = nn.Linear(dim, 3 * dim, bias=False)

    def start(self, memory: Memory) -> State:
        return {**super().start(memory), "word": self.word(memory.values).unsqueeze(1)}

    def forward(self, query: Tensor, state: State, weights: Tensor) -> Tensor:
        kept = state[KEPT]
        given = self.query(query).unsqueeze(2) + self.weight(weights.unsqueeze(-1)) + state["word"]
        from_r, from_z, from_n = given.chunk(3, -1)
        to_r, to_z, to_n = self.past(kept).chunk(3, -1)
        new = torch.tanh(from_n + torch.sigmoid(from_r + to_r) * to_n)
        return new + torch.sigmoid(from_z + to_z) * (kept - new)
