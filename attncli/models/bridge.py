"""From the encoder's last states to the decoder's first: the bridge between the two."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from attncli.errors import UsageError
from attncli.models.encoder import Encoded


class Bridge(nn.Module):
    """Makes the first state of every decoder layer."""

    family: ClassVar[str] = "bridge"
    name: ClassVar[str | None] = None

    def __init__(self, memory_dim: int, hidden_dim: int, layers: int, parts: int) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        self.layers = layers
        self.parts = parts

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        """Per layer and part of the cell's state: (batch, hidden_dim)."""
        raise NotImplementedError


class LastBridge(Bridge):
    """Each decoder layer goes on where the encoder layer of the same number stopped.

    s_0 = [forward h_S ; backward h_1]
    """

    name = "last"

    def __init__(self, memory_dim: int, hidden_dim: int, layers: int, parts: int) -> None:
        super().__init__(memory_dim, hidden_dim, layers, parts)
        if memory_dim != hidden_dim:
            raise UsageError(f"the bridge 'last' needs equal sizes: {memory_dim}, {hidden_dim}")

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        return encoded.ends


class BackwardBridge(Bridge):
    """Bahdanau 2015, appendix A.2.2: from the backward reader, which ends on the first word.

    s_0 = tanh(W backward h_1)
    """

    name = "backward"

    def __init__(self, memory_dim: int, hidden_dim: int, layers: int, parts: int) -> None:
        super().__init__(memory_dim, hidden_dim, layers, parts)
        self.dense = nn.Linear(memory_dim // 2, layers * parts * hidden_dim)

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        end = encoded.ends[-1][0]
        backward = end[:, end.size(1) // 2 :]
        return _shared(torch.tanh(self.dense(backward)), self.layers, self.parts)


class MeanBridge(Bridge):
    """Sennrich et al. 2017 (Nematus), arXiv 1703.04357: from the mean of the encoder states.

    s_0 = tanh(W mean_s h_s + b)
    """

    name = "mean"

    def __init__(self, memory_dim: int, hidden_dim: int, layers: int, parts: int) -> None:
        super().__init__(memory_dim, hidden_dim, layers, parts)
        self.dense = nn.Linear(memory_dim, layers * parts * hidden_dim)

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        mean = encoded.states.sum(1) / encoded.mask.sum(1, keepdim=True)
        return _shared(torch.tanh(self.dense(mean)), self.layers, self.parts)


class ZeroBridge(Bridge):
    """The decoder starts from nothing: all it learns of the source comes through attention.

    s_0 = 0
    """

    name = "zero"

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        blank = encoded.states.new_zeros(encoded.states.size(0), self.hidden_dim)
        return [tuple(blank for _ in range(self.parts)) for _ in range(self.layers)]


def _shared(joined: Tensor, layers: int, parts: int) -> list[tuple[Tensor, ...]]:
    pieces = iter(joined.chunk(layers * parts, -1))
    return [tuple(next(pieces) for _ in range(parts)) for _ in range(layers)]
