"""Luong, Pham and Manning 2015, "Effective approaches to attention-based neural machine
translation", arXiv 1508.04025, section 3.2 and eq. 9 to 10.

Attention within a window of 2D + 1 source positions; outside of it the weights are 0.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncli.attention.base import Attended, AttentionChoice, Memory, State, next_step
from attncli.attention.scored import Scored
from attncli.recurring import weighted_sums
from attncli.registry import Choice, Positive


class LocalMonotonic(Scored):
    """A window that moves with the target: word t looks around source word t.

        p_t = min(t, S - 1)      a_t = normalize(e_t within [p_t - D, p_t + D])

    As in the authors' code, p_t stays on the last source word once t has passed it.

    Options:
        score: the attention whose scores are taken within the window
        window: D, the source positions on each side of the centre
    """

    name = "local-m"
    positional = True
    cost = "O(D)"

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        score: AttentionChoice = Choice("attention", "general"),
        window: Positive = 10,
    ) -> None:
        super().__init__(query_dim, memory_dim, score=score)
        self.window = window

    def centre(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        """p_t (batch, queries), in source positions from 0."""
        place = torch.minimum(state["position"], last(self.reachable(memory)))
        return place.to(torch.promote_types(query.dtype, torch.float32))

    def around(self, centre: Tensor) -> dict[str, Tensor]:
        """The window to look at: its centre, and where it begins and ends."""
        return {"centre": centre, "begin": centre - self.window, "end": centre + self.window}

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        centre = self.centre(query, memory, state)
        inside = distances(centre, memory).abs() <= self.window
        scores = self.score(query, memory, state)
        weights = self.normalize(scores, self.reachable(memory) & inside)
        trace = {"scores": scores, **self.around(centre)}
        return Attended(weighted_sums(weights, memory.values), weights, next_step(state), trace, {})


class LocalPredictive(LocalMonotonic):
    """A window that the query places, with a bell curve over it.

        p_t  = (S - 1) sigmoid(v . tanh(W query_t))
        b_t  = normalize(e_t within [p_t - D, p_t + D])
        a_ts = b_ts exp(-(s - p_t)^2 / (2 sigma^2))

    sigma = D / 2. The curve multiplies after the normalization and the product is not normalized
    again: only through it does a gradient reach p_t. Positions count from 0, hence S - 1 where
    the paper has S. They are float32 at least: bf16 cannot tell places in a long sentence apart.

    Options:
        score: the attention whose scores are taken within the window
        window: D, the source positions on each side of the centre
    """

    name = "local-p"
    aliases = ("local",)
    normalized = False

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        score: AttentionChoice = Choice("attention", "general"),
        window: Positive = 10,
    ) -> None:
        super().__init__(query_dim, memory_dim, score=score, window=window)
        self.place = nn.Sequential(
            nn.Linear(query_dim, query_dim, bias=False),
            nn.Tanh(),
            nn.Linear(query_dim, 1, bias=False),
        )

    def centre(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        place = self.place(query).squeeze(-1)
        place = place.to(torch.promote_types(place.dtype, torch.float32))
        return last(self.reachable(memory)) * torch.sigmoid(place)

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        centre = self.centre(query, memory, state)
        away = distances(centre, memory)
        scores = self.score(query, memory, state)
        inside = self.normalize(scores, self.reachable(memory) & (away.abs() <= self.window))
        sigma = self.window / 2
        weights = inside * torch.exp(-(away**2) / (2 * sigma**2)).to(inside.dtype)
        trace = {"scores": scores, **self.around(centre)}
        return Attended(weighted_sums(weights, memory.values), weights, next_step(state), trace, {})


def last(reachable: Tensor) -> Tensor:
    """The last source position of each sentence that has a score, (batch, 1 or queries)."""
    return reachable.sum(-1) - 1


def distances(centre: Tensor, memory: Memory) -> Tensor:
    """s - p_t for every source position: (batch, queries, src_len)."""
    positions = torch.arange(memory.mask.size(-1), device=centre.device)
    return positions - centre.unsqueeze(-1)
