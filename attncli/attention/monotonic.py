"""Raffel, Luong, Liu, Weiss and Eck 2017, "Online and linear-time attention by enforcing monotonic
alignments", arXiv 1704.00784, section 2 and algorithm 1.

A reader that only moves forward: at each word of the source it stops or goes on.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncli.attention.base import Attended, AttentionChoice, Memory, State, next_step
from attncli.attention.scored import Scored
from attncli.recurring import weighted_sums
from attncli.registry import AtLeastZero, Choice


class Monotonic(Scored):
    """Goes on from where it last stopped, and at every word stops with a probability.

        p_ts = sigmoid(g score(query_t, state_s) + r)
        q_ts = (1 - p_t,s-1) q_t,s-1 + a_t-1,s      a_ts = p_ts q_ts

    q_ts is the probability of coming to word s, a_ts of stopping there: the expectation over all
    readings, by which training and, unless `hard`, translation go. A reader that stops nowhere
    reads nothing, so that the weights may sum to less than one. The scale g stands in for the
    paper's normalized v, as any score can be held; in training noise is added before the sigmoid,
    so that the probabilities learn to be near 0 or 1.

    Options:
        score: the attention whose scores are taken
        offset: r before training; the more negative, the further the reader goes at first
        noise: standard deviation of the noise that training adds to the scores
        hard: out of training, stop at the first word with p_ts above one half, and read it alone
    """

    name = "monotonic"
    sequential = True
    positional = True
    normalized = False

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        score: AttentionChoice = Choice("attention", "additive"),
        offset: float = -1.0,
        noise: AtLeastZero = 1.0,
        hard: bool = False,
    ) -> None:
        super().__init__(query_dim, memory_dim, score=score)
        self.refuse_normalizer("makes a chance of stopping of every score by itself")
        self.scale = nn.Parameter(torch.ones(()))
        self.offset = nn.Parameter(torch.tensor(offset))
        self.noise = noise
        self.hard = hard

    def start(self, memory: Memory) -> State:
        first = torch.zeros_like(memory.mask[:, :1], dtype=memory.values.dtype)
        first[..., 0] = 1.0
        return {**super().start(memory), "weights": first * memory.mask[:, :1]}

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        scores = self.scale * self.score(query, memory, state) + self.offset
        if self.training:
            scores = scores + self.noise * torch.randn_like(scores)
        stop = torch.sigmoid(scores).masked_fill(~self.reachable(memory), 0)
        if self.hard and not self.training:
            stop = (stop > 0.5).to(stop.dtype)
        weights = stop * coming(stop, state["weights"])
        after = {**next_step(state), "weights": weights}
        trace = {"scores": scores, "stop": stop}
        return Attended(weighted_sums(weights, memory.values), weights, after, trace, {})


def coming(stop: Tensor, last: Tensor) -> Tensor:
    """q_ts (batch, queries, src_len), by doubling steps of its recurrence q_s = go_s q_s-1 + a_s.

    Every term is a product of probabilities: nothing is divided and nothing can overflow.
    """
    go = nn.functional.pad(1 - stop, (1, -1))
    reached = last.expand_as(stop)
    span = 1
    while span < stop.size(-1):
        reached = reached + go * nn.functional.pad(reached, (span, -span))
        go = go * nn.functional.pad(go, (span, -span))
        span *= 2
    return reached
