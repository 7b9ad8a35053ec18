"""Chorowski, Bahdanau, Serdyuk, Cho and Bengio 2015, "Attention-based models for speech
recognition", arXiv 1506.07503, section 2.2.

The score knows what the step before looked at, and what lies around it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncli.attention.base import Attended, AttentionChoice, Memory, State, next_step
from attncli.attention.scored import Scored
from attncli.recurring import weighted_sums
from attncli.registry import Choice, Count, Positive


class LocationAware(Scored):
    """The score knows the weights of the step before, read by filters that slide over them.

        f_t = F * a_t-1      e_ts = v . tanh(W query_t + V state_s + U f_ts + b)

    Before the first word nothing was looked at: a_0 = 0. Another score than additive gets its
    term by addition, e_ts = score(query_t, state_s) + u . f_ts.

    Options:
        score: the attention whose scores are taken
        filters: features of each source position
        reach: words on each side of a position that its filters read
    """

    name = "location-aware"
    sequential = True
    positional = True

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        score: AttentionChoice = Choice("attention", "additive"),
        filters: Positive = 10,
        reach: Count = 5,
    ) -> None:
        super().__init__(query_dim, memory_dim, score=score)
        self.slide = nn.Conv1d(1, filters, 2 * reach + 1, padding=reach, bias=False)
        self.feature = nn.Linear(filters, self.scorer.extra_dim, bias=False)

    def start(self, memory: Memory) -> State:
        nothing = torch.zeros_like(memory.mask[:, :1], dtype=memory.values.dtype)
        return {**super().start(memory), "weights": nothing}

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        last = state["weights"]  # (batch, queries, src_len)
        slid = self.slide(last.flatten(0, 1).unsqueeze(1)).transpose(1, 2)
        features = self.feature(slid).unflatten(0, last.shape[:2])
        scores = self.scorer.score_with(query, memory, state, features)
        weights = self.normalize(scores, self.reachable(memory))
        after = {**next_step(state), "weights": weights}
        return Attended(
            weighted_sums(weights, memory.values), weights, after, {"scores": scores}, {}
        )
