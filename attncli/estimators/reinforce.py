"""Xu et al. 2015, "Show, attend and tell", arXiv 1502.03044, eq. 10 to 12; Williams 1992."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import torch
from torch import Tensor

from attncli.errors import UsageError
from attncli.estimators.base import Estimator, Pass, Term, summed, word_log_probs
from attncli.estimators.baselines import Baseline
from attncli.registry import Choice, Range

AtLeastZero = Annotated[float, Range(0)]


class Reinforce(Estimator):
    """A draw is made likelier by as much as the words it led to were likelier than expected.

        L = - log p(y | s)  -  w sum_t R_t log a_t(s_t)  -  e sum_t H(a_t)

        R_t = sum_u (log p(y_u | s) - b_u)

    over the words u of the whole sentence, of those from t on, or over t alone. The second is
    unbiased too, and less noisy: a draw does not change the words before it. The third is exact
    where no draw reaches a later step (`reads: after` with `feed: false`). R_t has no gradient.

    Options:
        baseline: b, what was to be expected
        reward: the words a draw answers for: sentence (Xu), future, or word
        weight: w
        entropy: e; above 0 it keeps the weights from becoming sharp too soon
    """

    name = "reinforce"

    def __init__(
        self,
        *,
        baseline: Annotated[Choice, "baseline"] = Choice("baseline", "moving-average"),
        reward: Literal["sentence", "future", "word"] = "sentence",
        weight: AtLeastZero = 1.0,
        entropy: AtLeastZero = 0.002,
    ) -> None:
        super().__init__()
        self.baseline: Baseline = baseline.build()
        self.reward = REWARDS[reward]
        self.weight = weight
        self.entropy = entropy

    def forward(self, seen: Pass) -> dict[str, Term]:
        losses = dict(seen.decoded.losses)
        if "log_prob" not in losses:
            raise UsageError(
                f"objective.estimator={self.name} needs an attention that draws positions, and "
                "this model has none (model.attention=hard is one)"
            )
        log_prob, entropy = losses.pop("log_prob"), losses.pop("entropy")
        reward = self.rewards(seen)
        terms = summed(losses, seen.mask)
        terms["reinforce"] = Term(self.weight, -(reward * log_prob * seen.mask).sum())
        terms["entropy"] = Term(-self.entropy, (entropy * seen.mask).sum())
        return terms

    @torch.no_grad()
    def rewards(self, seen: Pass) -> Tensor:
        """R_t of every draw, (batch, tgt_len)."""
        log_probs = word_log_probs(seen, seen.decoded)
        return self.reward(log_probs - self.baseline(seen, log_probs))


def of_sentence(gains: Tensor) -> Tensor:
    """Each word's gain replaced by the sum over its sentence: (batch, tgt_len)."""
    return gains.sum(1, keepdim=True).expand_as(gains)


def of_future(gains: Tensor) -> Tensor:
    """Each word's gain replaced by the sum from it on: (batch, tgt_len)."""
    return gains.flip(1).cumsum(1).flip(1)


def of_word(gains: Tensor) -> Tensor:
    """Each word's gain by itself."""
    return gains


REWARDS: dict[str, Callable[[Tensor], Tensor]] = {
    "sentence": of_sentence,
    "future": of_future,
    "word": of_word,
}
