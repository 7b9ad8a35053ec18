"""Peters, Niculae and Martins 2019, "Sparse sequence-to-sequence models", arXiv 1905.05702,
section 3; Martins and Astudillo 2016, "From softmax to sparsemax", arXiv 1602.02068, eq. 2.

Weights of which many are exactly 0: a word whose score is low enough is not read at all.
"""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch import Tensor

from attncli.attention.normalizers.base import Normalizer
from attncli.attention.normalizers.thresholds import Threshold, of_alpha
from attncli.registry import Range


class Entmax(Normalizer):
    """Positions whose score lies under a threshold get nothing; alpha says how many those are.

        a_s = max((alpha - 1) e_s - tau, 0)^(1 / (alpha - 1))      tau such that sum_s a_s = 1

    Near alpha = 1 it is softmax, alpha = 2 is sparsemax. Exact for 1.5 and 2; by bisection, to the
    precision of the numbers, for any other.

    Options:
        alpha: how sparse; the larger, the fewer positions are read
    """

    name = "entmax"

    def __init__(self, *, alpha: Annotated[float, Range(1.05, 4)] = 1.5) -> None:
        super().__init__()
        self.alpha = alpha
        self.threshold = of_alpha(alpha)

    def forward(self, scores: Tensor, mask: Tensor) -> Tensor:
        arguments = (scores, mask, self.alpha, self.threshold)
        weights: Tensor = _Weights.apply(*arguments)  # type: ignore[no-untyped-call]
        return weights


class Entmax15(Entmax):
    """Halfway between softmax and sparsemax, with a solution in closed form.

    a_s = max(e_s / 2 - tau, 0)^2      tau such that sum_s a_s = 1
    """

    name = "entmax15"

    def __init__(self) -> None:
        super().__init__(alpha=1.5)


class Sparsemax(Entmax):
    """The shares that lie nearest to the scores: their projection onto the simplex.

    a_s = max(e_s - tau, 0)      tau such that sum_s a_s = 1
    """

    name = "sparsemax"

    def __init__(self) -> None:
        super().__init__(alpha=2.0)


class _Weights(torch.autograd.Function):
    """The weights and their gradient, which needs the weights alone.

    de_s = g_s r_s - r_s (sum_s' g_s' r_s') / (sum_s' r_s')      r_s = a_s^(2 - alpha) where a_s > 0
    """

    @staticmethod
    def forward(
        ctx: Any, scores: Tensor, mask: Tensor, alpha: float, threshold: Threshold
    ) -> Tensor:
        exact = scores.to(torch.promote_types(scores.dtype, torch.float32))
        largest = exact.masked_fill(~mask, torch.finfo(exact.dtype).min).amax(-1, keepdim=True)
        # tau never lies under -1, so what is cut off at -2 has no weight either way.
        z = ((exact - largest) * (alpha - 1)).clamp(min=-2).masked_fill(~mask, -2)
        weights = (z - threshold(z)).clamp(min=0).pow(1 / (alpha - 1)).masked_fill(~mask, 0)
        total = weights.sum(-1, keepdim=True)
        weights = weights / total.masked_fill(total == 0, 1)
        ctx.save_for_backward(weights)
        ctx.alpha = alpha
        return weights.to(scores.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (weights,) = ctx.saved_tensors
        is_read = weights > 0
        slope = weights.masked_fill(~is_read, 1).pow(2 - ctx.alpha).masked_fill(~is_read, 0)
        total = slope.sum(-1, keepdim=True)
        inner = (gradient * slope).sum(-1, keepdim=True) / total.masked_fill(total == 0, 1)
        return ((gradient - inner) * slope).to(gradient.dtype), None, None, None
