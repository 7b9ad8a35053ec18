"""The contract of a normalizer: scores in, weights out, 0 where there is nothing to read."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class Normalizer(nn.Module):
    """Turns scores into weights that are 0 wherever the mask is False."""

    family: ClassVar[str] = "normalizer"
    name: ClassVar[str | None] = None
    fused: ClassVar[bool] = False  # a scaled-dot kernel that normalizes this way exists

    def forward(self, scores: Tensor, mask: Tensor) -> Tensor:
        """Weights of scores (batch, queries, src_len); a row without a real position gives 0."""
        raise NotImplementedError
