"""How a Transformer knows the order of words: added to the embeddings."""

from __future__ import annotations

import math
import sys
from typing import ClassVar

import torch
from torch import Tensor, nn

from attncli.errors import DataError
from attncli.registry import Positive


class Positions(nn.Module):
    """A vector for every position."""

    family: ClassVar[str] = "positions"
    name: ClassVar[str | None] = None

    longest: int = sys.maxsize

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, positions: Tensor) -> Tensor:
        """Positions (...) from 0 to vectors (..., dim)."""
        raise NotImplementedError


class Sinusoidal(Positions):
    """Waves of rising length; any position has a vector (Vaswani 2017, section 3.5).

    PE(p, 2i) = sin(p / 10000^(2i/dim))      PE(p, 2i+1) = cos(p / 10000^(2i/dim))
    """

    name = "sinusoidal"

    def forward(self, positions: Tensor) -> Tensor:
        even = torch.arange(0, self.dim, 2, device=positions.device, dtype=torch.float32)
        angles = positions.unsqueeze(-1) * torch.exp(even * (-math.log(10000.0) / self.dim))
        waves = torch.stack([angles.sin(), angles.cos()], -1)
        return waves.flatten(-2)[..., : self.dim]


class Learned(Positions):
    """A learned vector for each position up to a greatest length (Gehring et al. 2017).

    Options:
        max_length: positions that have a vector
    """

    name = "learned"

    def __init__(self, dim: int, *, max_length: Positive = 512) -> None:
        super().__init__(dim)
        self.longest = max_length
        self.table = nn.Embedding(max_length, dim)
        nn.init.normal_(self.table.weight, std=dim**-0.5)

    def forward(self, positions: Tensor) -> Tensor:
        if positions.numel() and int(positions.max()) >= self.longest:
            raise DataError(
                f"a sentence has more than {self.longest} positions; "
                "raise model.positions.max_length"
            )
        vectors: Tensor = self.table(positions)
        return vectors


class NoPositions(Positions):
    """No positions at all: the control that shows what they are for."""

    name = "none"

    def forward(self, positions: Tensor) -> Tensor:
        return torch.zeros(*positions.shape, self.dim, device=positions.device)
