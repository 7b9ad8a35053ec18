"""Cross-entropy of a mean of distributions, one output layer each, without their logits kept.

What `Mixture.log_probs` says of the target, and its gradient, written out as in cross_entropy.py.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from attncli.models.copying import log
from attncli.models.cross_entropy import GradientsAtOnce

ROWS = 512


class _MixedLikelihood(GradientsAtOnce):
    """The gradients part by part, so that no part's logits outlive it.

    With g the wanted distribution, p_i(v) that of position i, and q_i(v) = a_i p_i(v) / p(v):

        d loss / d log a_i = - c_i      c_i = sum_v g(v) q_i(v)
        d loss / d logit_i(v) = c_i p_i(v) - g(v) q_i(v)
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        shares: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        target: Tensor,
        smoothing: float,
    ) -> tuple[Tensor, Tensor]:
        words, count, _ = hidden.shape
        vocab = weight.size(0)
        loss, nll = hidden.new_zeros(()), hidden.new_zeros(())
        d_hidden, d_weight = torch.empty_like(hidden), torch.zeros_like(weight)
        d_shares = torch.empty_like(shares)
        d_bias = None if bias is None else torch.zeros_like(bias)
        at_once = max(1, ROWS // count)
        for begin in range(0, words, at_once):
            part = slice(begin, begin + at_once)
            rows = hidden[part].flatten(0, 1)
            gold = target[part].unsqueeze(1)
            logs = log(shares[part])
            logits = rows @ weight.t() if bias is None else torch.addmm(bias, rows, weight.t())
            each = torch.log_softmax(logits, 1).view(-1, count, vocab)
            joint = each + logs.unsqueeze(2)
            mixed = joint.logsumexp(1)  # (words, vocab)
            gold_nll = -mixed.gather(1, gold).sum()
            nll += gold_nll
            loss += (1 - smoothing) * gold_nll - smoothing * mixed.mean(1).sum()
            if not any(ctx.needs_input_grad):
                continue
            wanted = torch.full_like(mixed, smoothing / vocab)
            wanted.scatter_add_(1, gold, wanted.new_full(gold.shape, 1 - smoothing))
            claimed = joint.sub_(mixed.unsqueeze(1)).exp_().mul_(wanted.unsqueeze(1))
            claims = claimed.sum(2)  # (words, count)
            d_logits = each.exp_().mul_(claims.unsqueeze(2)).sub_(claimed).flatten(0, 1)
            d_hidden[part] = (d_logits @ weight).view(-1, count, hidden.size(2))
            d_weight.addmm_(d_logits.t(), rows)
            d_shares[part] = -claims / shares[part].clamp(min=torch.finfo(shares.dtype).tiny)
            if d_bias is not None:
                d_bias += d_logits.sum(0)
        ctx.save_for_backward(d_hidden, d_shares, d_weight, d_bias)
        ctx.mark_non_differentiable(nll)
        return loss, nll


def mixed_likelihood(
    hidden: Tensor,
    shares: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    smoothing: float,
) -> tuple[Tensor, Tensor]:
    """Label-smoothed cross-entropy of sum_i a_i softmax(W hidden_i + b), and the plain one, summed.

        loss = (1 - e) (-log p_target) + e / vocab sum_v (-log p_v)

    Args:
        hidden: (words, positions, dim)
        shares: (words, positions), a; each row sums to 1
        weight: (vocab, dim)
        bias: (vocab,) or None
        target: (words,), ids of the right words
        smoothing: e, the share of the probability spread over the vocabulary

    Returns:
        The loss, and the negative log-likelihood (nats), which has no gradient.
    """
    kind = weight.dtype
    arguments = (hidden.to(kind), shares.to(kind), weight, bias, target, smoothing)
    with torch.autocast(hidden.device.type, enabled=False):
        loss, nll = _MixedLikelihood.apply(*arguments)  # type: ignore[no-untyped-call]
    return loss, nll
