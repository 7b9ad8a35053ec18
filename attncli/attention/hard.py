"""Xu et al. 2015, "Show, attend and tell", arXiv 1502.03044, section 4.1; Deng et al. 2018, "Latent
alignment and variational attention", arXiv 1807.03756, section 4.

One source position for each target word, drawn in training, instead of the mean of all.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attncli.attention.base import Attended, AttentionChoice, Memory, State
from attncli.attention.expectation import expecting
from attncli.attention.scored import Scored
from attncli.recurring import weighted_sums
from attncli.registry import Choice, Probability

TINY = 1e-30


class Hard(Scored):
    """Each word reads one source position, drawn from the weights that any score gives.

        a_t = normalize(e_t)      s_t ~ Multinoulli(a_t)      c_t = value_{s_t}

    Without training s_t = argmax_s a_ts. No gradient passes through a draw: an estimator of the
    objective makes one of `log_prob` = log a_t(s_t) and `entropy` = - sum_s a_ts log a_ts. Xu's
    paper decides on the expectation for a whole image, this for each word; its code takes 0.5.

    Options:
        score: the attention whose scores are the chances of a position
        expected: share of the words that in training read the mean of all positions instead
    """

    name = "hard"
    sampled = True

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        score: AttentionChoice = Choice("attention", "additive"),
        expected: Probability = 0.0,
    ) -> None:
        super().__init__(query_dim, memory_dim, score=score)
        self.expected = expected

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        soft = super().forward(query, memory, state)
        if expecting() or soft.weights is None:
            return soft
        chances = soft.weights
        trace = {**soft.trace, "chances": chances, "entropy": entropy(chances)}
        if not self.training:
            position = chances.argmax(-1)
            weights = one_hot(position, chances)
            return Attended(weighted_sums(weights, memory.values), weights, soft.state, trace, {})
        position = drawn(chances)
        mean = torch.rand(position.shape, device=position.device) < self.expected
        weights = torch.where(mean.unsqueeze(-1), chances, one_hot(position, chances))
        log_prob = chances.gather(-1, position.unsqueeze(-1)).squeeze(-1).clamp(min=TINY).log()
        losses = {"log_prob": log_prob.masked_fill(mean, 0.0), "entropy": trace["entropy"]}
        return Attended(weighted_sums(weights, memory.values), weights, soft.state, trace, losses)


def drawn(chances: Tensor) -> Tensor:
    """A position drawn from each row of chances (batch, queries, src_len): (batch, queries).

    Of exponential waiting times the shortest is that of position s with chance a_s. Unlike
    torch.multinomial this lets a row without any real position be.
    """
    waiting = torch.empty_like(chances, dtype=torch.float32).exponential_()
    return (chances.detach() / waiting.clamp(min=TINY)).argmax(-1)


def one_hot(position: Tensor, chances: Tensor) -> Tensor:
    """Weight one on a position of each row, and none where the row has no chances."""
    weights = torch.zeros_like(chances).scatter(-1, position.unsqueeze(-1), 1.0)
    return weights * (chances.detach() > 0)


def entropy(chances: Tensor) -> Tensor:
    """- sum_s a_s log a_s in nats, (batch, queries)."""
    return -(chances * chances.clamp(min=TINY).log()).sum(-1)
