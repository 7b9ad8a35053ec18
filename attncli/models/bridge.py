"""From the encoder's last states to the decoder's first: the bridge between the two."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from attncli.errors import UsageError
from attncli.models.encoder import Encoded


class BridgeSizes(NamedTuple):
    """What lies on both sides of a bridge."""

    memory: int  # width of the encoder's states
    hidden: int  # width of the decoder's
    layers: int  # of either
    parts: int  # tensors in a cell's state
    directions: int  # in which the encoder reads


class Bridge(nn.Module):
    """Makes the first state of every decoder layer."""

    family: ClassVar[str] = "bridge"
    name: ClassVar[str | None] = None

    def __init__(self, sizes: BridgeSizes) -> None:
        super().__init__()
        self.sizes = sizes

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        """Per layer and part of the cell's state: (batch, hidden_dim)."""
        raise NotImplementedError


class LastBridge(Bridge):
    """Each decoder layer goes on where the encoder layer of the same number stopped.

    s_0 = [forward h_S ; backward h_1]
    """

    name = "last"

    def __init__(self, sizes: BridgeSizes) -> None:
        super().__init__(sizes)
        if sizes.memory != sizes.hidden:
            raise UsageError(f"the bridge 'last' needs equal sizes: {sizes.memory}, {sizes.hidden}")

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        return encoded.ends


class BackwardBridge(Bridge):
    """Bahdanau 2015, appendix A.2.2: from the backward reader, which ends on the first word.

    s_0 = tanh(W backward h_1)
    """

    name = "backward"

    def __init__(self, sizes: BridgeSizes) -> None:
        super().__init__(sizes)
        if sizes.directions != 2:
            raise UsageError("the bridge 'backward' needs model.encoder=bidirectional")
        self.dense = nn.Linear(sizes.memory // 2, sizes.layers * sizes.parts * sizes.hidden)

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        end = encoded.ends[-1][0]
        backward = end[:, end.size(1) // 2 :]
        return _shared(torch.tanh(self.dense(backward)), self.sizes)


class MeanBridge(Bridge):
    """Sennrich et al. 2017 (Nematus), arXiv 1703.04357: from the mean of the encoder states.

    s_0 = tanh(W mean_s h_s + b)
    """

    name = "mean"

    def __init__(self, sizes: BridgeSizes) -> None:
        super().__init__(sizes)
        self.dense = nn.Linear(sizes.memory, sizes.layers * sizes.parts * sizes.hidden)

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        mean = encoded.states.sum(1) / encoded.mask.sum(1, keepdim=True)
        return _shared(torch.tanh(self.dense(mean)), self.sizes)


class ZeroBridge(Bridge):
    """The decoder starts from nothing: all it learns of the source comes through attention.

    s_0 = 0
    """

    name = "zero"

    def forward(self, encoded: Encoded) -> list[tuple[Tensor, ...]]:
        blank = encoded.states.new_zeros(encoded.states.size(0), self.sizes.hidden)
        return [tuple(blank for _ in range(self.sizes.parts)) for _ in range(self.sizes.layers)]


def _shared(joined: Tensor, sizes: BridgeSizes) -> list[tuple[Tensor, ...]]:
    pieces = iter(joined.chunk(sizes.layers * sizes.parts, -1))
    return [tuple(next(pieces) for _ in range(sizes.parts)) for _ in range(sizes.layers)]
