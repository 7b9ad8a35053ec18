"""What turns scores into weights, for any score."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn


class Normalizer(nn.Module):
    """Turns scores into weights that are 0 wherever the mask is False."""

    family: ClassVar[str] = "normalizer"
    fused: ClassVar[bool] = False  # a scaled-dot kernel that normalizes this way exists

    def forward(self, scores: Tensor, mask: Tensor) -> Tensor:
        """Weights of scores (batch, queries, src_len); a row without a real position gives 0."""
        raise NotImplementedError


class Softmax(Normalizer):
    """Every real position gets a share that grows exponentially with its score.

    a_s = exp(e_s) / sum_s' exp(e_s')
    """

    name = "softmax"
    fused = True

    def forward(self, scores: Tensor, mask: Tensor) -> Tensor:
        hidden = ~mask
        lowest = torch.finfo(scores.dtype).min
        return scores.masked_fill(hidden, lowest).softmax(-1).masked_fill(hidden, 0.0)
