"""Bahdanau, Cho and Bengio 2015, arXiv 1409.0473, section 3.1 (the weights of its equation 6)."""

from __future__ import annotations

import torch
from torch import Tensor

from attncli.attention.normalizers.base import Normalizer


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
