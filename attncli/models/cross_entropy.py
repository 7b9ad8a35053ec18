"""Output layer and label-smoothed cross-entropy in one, without a (words, vocab) tensor kept.

Szegedy et al. 2016, "Rethinking the inception architecture", arXiv 1512.00567, section 7 (label
smoothing).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

CHUNK = 512


class GradientsAtOnce(torch.autograd.Function):
    """A loss whose forward computes its gradients, since what they need is gone afterwards.

    It saves one for each argument, in order; the last two arguments have none.
    """

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        scale = grads[0]
        parts = [None if part is None else part * scale for part in ctx.saved_tensors]
        return *parts, None, None


class _ProjectedCrossEntropy(GradientsAtOnce):
    """The gradients chunk by chunk, so that no chunk's logits outlive it."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        target: Tensor,
        smoothing: float,
    ) -> tuple[Tensor, Tensor]:
        vocab = weight.size(0)
        wanted = any(ctx.needs_input_grad)
        loss = hidden.new_zeros(())
        nll = hidden.new_zeros(())
        d_hidden = torch.empty_like(hidden) if wanted else None
        d_weight = torch.zeros_like(weight) if wanted else None
        d_bias = torch.zeros_like(bias) if wanted and bias is not None else None
        for begin in range(0, hidden.size(0), CHUNK):
            rows = hidden[begin : begin + CHUNK]
            gold = target[begin : begin + CHUNK].unsqueeze(1)
            logits = rows @ weight.t() if bias is None else torch.addmm(bias, rows, weight.t())
            log_probs = torch.log_softmax(logits, 1)
            gold_nll = -log_probs.gather(1, gold).sum()
            nll += gold_nll
            loss += (1 - smoothing) * gold_nll
            if smoothing:
                loss -= smoothing * log_probs.mean(1).sum()
            if d_hidden is None or d_weight is None:
                continue
            d_logits = log_probs.exp_()
            if smoothing:
                d_logits -= smoothing / vocab
            d_logits.scatter_add_(1, gold, d_logits.new_full(gold.shape, smoothing - 1))
            torch.mm(d_logits, weight, out=d_hidden[begin : begin + CHUNK])
            d_weight.addmm_(d_logits.t(), rows)
            if d_bias is not None:
                d_bias += d_logits.sum(0)
        ctx.save_for_backward(d_hidden, d_weight, d_bias)
        ctx.mark_non_differentiable(nll)
        return loss, nll


def projected_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, target: Tensor, smoothing: float
) -> tuple[Tensor, Tensor]:
    """Label-smoothed cross-entropy of softmax(W hidden + b), and the plain one, summed over words.

        loss = (1 - e) (-log p_target) + e / vocab sum_v (-log p_v)

    Args:
        hidden: (words, dim)
        weight: (vocab, dim)
        bias: (vocab,) or None
        target: (words,), ids of the right words
        smoothing: e, the share of the probability spread over the vocabulary

    Returns:
        The loss, and the negative log-likelihood (nats), which has no gradient.
    """
    arguments = (hidden.to(weight.dtype), weight, bias, target, smoothing)
    with torch.autocast(hidden.device.type, enabled=False):
        loss, nll = _ProjectedCrossEntropy.apply(*arguments)  # type: ignore[no-untyped-call]
    return loss, nll
