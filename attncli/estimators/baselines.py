"""What a draw is measured against: the log-likelihood that was to be expected without knowing it.

Xu et al. 2015, arXiv 1502.03044, section 4.1 (moving average); Deng et al. 2018, arXiv 1807.03756,
section 4.1 (soft attention).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from attncli.attention.expectation import expectation
from attncli.estimators.base import Pass, word_log_probs
from attncli.registry import Share


class Baseline(nn.Module):
    """The expected log-likelihood of each word. Whatever it is, the gradient stays unbiased."""

    family: ClassVar[str] = "baseline"
    name: ClassVar[str | None] = None

    def forward(self, seen: Pass, log_probs: Tensor) -> Tensor:
        """b_t (batch, tgt_len), in nats, of a batch whose words had `log_probs` (batch, tgt_len).

        It does not depend on what was drawn for this batch.
        """
        raise NotImplementedError


class NoBaseline(Baseline):
    """Every draw counts by its log-likelihood, which is never good.

    b_t = 0
    """

    name = "none"

    def forward(self, seen: Pass, log_probs: Tensor) -> Tensor:
        return torch.zeros_like(log_probs)


class MovingAverage(Baseline):
    """The mean log-likelihood of a word over past batches (Xu 2015).

        b_k = d b_k-1 + (1 - d) mean_t log p(y_t)

    Xu averages sentences of about one length; these differ tenfold, so words are averaged.

    Options:
        decay: d, the share of the past that is kept at each batch
    """

    name = "moving-average"
    average: Tensor

    def __init__(self, *, decay: Share = 0.9) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("average", torch.zeros(()))

    def forward(self, seen: Pass, log_probs: Tensor) -> Tensor:
        before = self.average.to(log_probs.device, copy=True)
        mean = (log_probs.sum() / seen.mask.sum()).to(self.average)
        self.average.mul_(self.decay).add_((1 - self.decay) * mean)
        return before * seen.mask


class Soft(Baseline):
    """The log-likelihood that the mean of all positions gives (Deng 2018): a second pass.

    b_t = log p(y_t | c = sum_s a_ts value_s)
    """

    name = "soft"

    def forward(self, seen: Pass, log_probs: Tensor) -> Tensor:
        with expectation():
            return word_log_probs(seen, seen.model(seen.source, seen.inputs))
