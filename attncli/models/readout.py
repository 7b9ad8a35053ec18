"""From decoder state and context to the vector the output layer reads."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from attncli.recurring import Recurring
from attncli.registry import Count


class ReadoutSizes(NamedTuple):
    """Widths of what a readout may read."""

    hidden: int
    context: int
    embedding: int


class Readout(nn.Module):
    """Joins decoder state, context and the last word's embedding.

    Options:
        dim: width of the result; 0 takes the state's
    """

    family: ClassVar[str] = "readout"
    name: ClassVar[str | None] = None

    def __init__(self, sizes: ReadoutSizes, *, dim: Count = 0) -> None:
        super().__init__()
        self.dim = dim or sizes.hidden

    def forward(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> Tensor:
        """(batch, queries, hidden | context | embedding) to (batch, queries, dim)."""
        raise NotImplementedError


class TanhReadout(Readout):
    """Luong 2015, eq. 5: the attentional state.

    out_t = tanh(W [c_t ; h_t])
    """

    name = "tanh"

    def __init__(self, sizes: ReadoutSizes, *, dim: Count = 0) -> None:
        super().__init__(sizes, dim=dim)
        self.join = Recurring(sizes.context + sizes.hidden, self.dim, bias=False)

    def forward(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> Tensor:
        return torch.tanh(self.join(torch.cat([context, hidden], -1)))


class DeepReadout(Readout):
    """Deep output with the last word's embedding (Pascanu et al. 2014, arXiv 1312.6026).

    out_t = tanh(U h_t + V E y_t-1 + C c_t + b)
    """

    name = "deep"

    def __init__(self, sizes: ReadoutSizes, *, dim: Count = 0) -> None:
        super().__init__(sizes, dim=dim)
        self.join = Recurring(sum(sizes), self.dim)

    def forward(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> Tensor:
        return torch.tanh(self.join(torch.cat([hidden, context, embedded], -1)))


class MaxoutReadout(Readout):
    """Bahdanau 2015, appendix A.2.2: deep output with pairs of units of which the larger counts.

        s_t = U h_t + V E y_t-1 + C c_t      out_t = [max(s_t,2j-1 , s_t,2j)]_j

    The appendix reads the state before the step; its section 3.1, as here, the one after.
    """

    name = "maxout"

    def __init__(self, sizes: ReadoutSizes, *, dim: Count = 0) -> None:
        super().__init__(sizes, dim=dim)
        self.join = Recurring(sum(sizes), 2 * self.dim)

    def forward(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> Tensor:
        pairs: Tensor = self.join(torch.cat([hidden, context, embedded], -1))
        return pairs.view(*pairs.shape[:-1], self.dim, 2).amax(-1)
