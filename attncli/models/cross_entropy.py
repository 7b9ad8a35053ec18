"""Output layer and label-smoothed cross-entropy in one, without a (words, vocab) tensor kept.

Szegedy et al. 2016, "Rethinking the inception architecture", arXiv 1512.00567, section 7 (label
smoothing).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from attncli.products import BY_MKL, multiplied

CHUNK = 512
LOG2_E = math.log2(math.e)
SMALL = 60.0  # powers of logits so far from 0, on either side, are numbers that can be summed


class GradientsAtOnce(torch.autograd.Function):
    """A loss whose forward computes its gradients, since what they need is gone afterwards.

    It saves one for each argument, in order; the last two arguments have none.
    """

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        scale = grads[0]
        parts = [None if part is None else part.mul_(scale) for part in ctx.saved_tensors]
        return *parts, None, None


class _ProjectedCrossEntropy(GradientsAtOnce):
    """The gradients chunk by chunk, so that no chunk's logits outlive it.

    Of a row with logits z, x = 2^(z - h) and t = sum x, the softmax is x / t, and

        d loss / dz = (x - (1 - e) t right) / t - e / vocab      right_v = [v is the right word]

    Every pass over a chunk's logits takes time, so what it can be spared is done elsewhere: the
    division by t on the rows that are multiplied, and what has e / vocab, the same for every word,
    with the mean row of W at the end, and h, which is max z, is 0 where no logit can be large.
    z is in bits, rows and bias being multiplied by log2 e: 2^z takes less time than exp z.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        target: Tensor,
        smoothing: float,
    ) -> tuple[Tensor, Tensor]:
        wanted = any(ctx.needs_input_grad)
        nll = hidden.new_zeros(())
        normalizers = hidden.new_zeros(())
        d_hidden = torch.empty_like(hidden) if wanted else None
        d_weight = torch.empty_like(weight) if wanted else None
        d_bias = torch.zeros_like(bias) if wanted and bias is not None else None
        large = bool(largest_logit(hidden, weight, bias) > SMALL)
        room = hidden.new_empty(min(CHUNK, len(hidden)), len(weight))
        bias_in_bits = None if bias is None else bias * LOG2_E
        for begin in range(0, max(len(hidden), 1), CHUNK):
            rows = hidden[begin : begin + CHUNK]
            gold = target[begin : begin + CHUNK].unsqueeze(1)
            logits = torch.mm(rows * LOG2_E, weight.t(), out=room[: len(rows)])
            if bias_in_bits is not None:
                logits += bias_in_bits
            gold_logits = logits.gather(1, gold)
            highest = logits.amax(1, keepdim=True) if large else None
            x, total, normalizer = powers(logits, highest)
            nll += (normalizer - gold_logits).sum() / LOG2_E
            normalizers += normalizer.sum() / LOG2_E
            if d_hidden is None or d_weight is None:
                continue
            x.scatter_add_(1, gold, (smoothing - 1) * total)
            torch.mm(x, weight, out=d_hidden[begin : begin + CHUNK]).div_(total)
            d_weight.addmm_(x.t(), rows / total, beta=int(begin > 0))
            if d_bias is not None:
                with multiplied(BY_MKL):
                    d_bias.addmv_(x.t(), 1 / total.squeeze(1))
        loss = (1 - smoothing) * nll
        if smoothing:
            mean_weight, all_rows = weight.mean(0), hidden.sum(0)
            mean_logits = mean_weight @ all_rows
            if bias is not None:
                mean_logits += len(hidden) * bias.mean()
            loss += smoothing * (normalizers - mean_logits)
            share = smoothing / weight.size(0)
            if d_hidden is not None and d_weight is not None:
                d_hidden -= smoothing * mean_weight
                d_weight -= share * all_rows
            if d_bias is not None:
                d_bias -= share * len(hidden)
        ctx.save_for_backward(d_hidden, d_weight, d_bias)
        ctx.mark_non_differentiable(nll)
        return loss, nll


def largest_logit(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """What no logit of these rows (words, dim) exceeds in size: |w . h + b| <= |w| |h| + |b|."""
    if not len(hidden):
        return hidden.new_zeros(())
    norm = torch.linalg.vector_norm
    largest: Tensor = norm(hidden, dim=1).max() * norm(weight, dim=1).max()
    return largest if bias is None else largest + bias.abs().max()


def powers(logits: Tensor, highest: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """x = 2^(z - h) of logits z (rows, vocab) in bits, in their place, sum x, and log2 sum 2^z.

    The two sums are (rows, 1), as is h, the highest of each row; where none is large it is not
    needed, and None stands for 0.
    """
    found = (logits if highest is None else logits.sub_(highest)).exp2_()
    total = found.sum(1, keepdim=True)
    return found, total, total.log2() if highest is None else total.log2() + highest


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
