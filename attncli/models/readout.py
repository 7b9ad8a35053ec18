"""From decoder state and context to the vector the output layer reads."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from attncli.recurring import Recurring
from attncli.registry import Count


class ReadoutSizes(NamedTuple):
    """Widths of what a readout may read."""

    hidden: int
    context: int
    embedding: int


class Readout(nn.Module):
    """Joins decoder state, context and the last word's embedding.

        out_t = squash(W [parts])

    Options:
        dim: width of the result; 0 takes the state's
    """

    family: ClassVar[str] = "readout"
    name: ClassVar[str | None] = None
    join: Recurring

    def __init__(self, sizes: ReadoutSizes, *, dim: Count = 0) -> None:
        super().__init__()
        self.dim = dim or sizes.hidden

    def parts(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> list[Tensor]:
        """Which of them are read, in the order of W's columns."""
        raise NotImplementedError

    def squash(self, joined: Tensor) -> Tensor:
        """The result (..., dim) from the product."""
        raise NotImplementedError

    def forward(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> Tensor:
        """(batch, queries, hidden | context | embedding) to (batch, queries, dim)."""
        return self.squash(self.join(torch.cat(self.parts(hidden, context, embedded), -1)))

    def of_each(self, hidden: Tensor, contexts: Tensor, embedded: Tensor) -> Tensor:
        """The same where the three broadcast: a column block of W meets each at its own size."""
        parts = self.parts(hidden, contexts, embedded)
        blocks = torch.split(self.join.weight, [part.size(-1) for part in parts], 1)
        products = [linear(part, block) for part, block in zip(parts, blocks, strict=True)]
        joined = sum(products[1:], products[0])
        return self.squash(joined if self.join.bias is None else joined + self.join.bias)


class TanhReadout(Readout):
    """Luong 2015, eq. 5: the attentional state.

    out_t = tanh(W [c_t ; h_t])
    """

    name = "tanh"

    def __init__(self, sizes: ReadoutSizes, *, dim: Count = 0) -> None:
        super().__init__(sizes, dim=dim)
        self.join = Recurring(sizes.context + sizes.hidden, self.dim, bias=False)

    def parts(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> list[Tensor]:
        return [context, hidden]

    def squash(self, joined: Tensor) -> Tensor:
        return torch.tanh(joined)


class DeepReadout(Readout):
    """Deep output with the last word's embedding (Pascanu et al. 2014, arXiv 1312.6026).

    out_t = tanh(U h_t + V E y_t-1 + C c_t + b)
    """

    name = "deep"

    def __init__(self, sizes: ReadoutSizes, *, dim: Count = 0) -> None:
        super().__init__(sizes, dim=dim)
        self.join = Recurring(sum(sizes), self.dim)

    def parts(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> list[Tensor]:
        return [hidden, context, embedded]

    def squash(self, joined: Tensor) -> Tensor:
        return torch.tanh(joined)


class MaxoutReadout(Readout):
    """Bahdanau 2015, appendix A.2.2: deep output with pairs of units of which the larger counts.

        s_t = U h_t + V E y_t-1 + C c_t      out_t = [max(s_t,2j-1 , s_t,2j)]_j

    The appendix reads the state before the step; its section 3.1, as here, the one after.
    """

    name = "maxout"

    def __init__(self, sizes: ReadoutSizes, *, dim: Count = 0) -> None:
        super().__init__(sizes, dim=dim)
        self.join = Recurring(sum(sizes), 2 * self.dim)

    def parts(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> list[Tensor]:
        return [hidden, context, embedded]

    def squash(self, joined: Tensor) -> Tensor:
        pairs = joined.view(*joined.shape[:-1], self.dim, 2)
        return pairs.amax(-1)
