"""The source as a step of a Transformer's decoder looks at it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import linear

from attncli.attention.base import Memory
from attncli.models.transformer_rows import WrittenLayer, by_head, side_by_side
from attncli.products import attend


class LookedAt(Protocol):
    """The sources of a batch, as one layer looks at them."""

    def __call__(self, rows: Tensor, queries: int) -> Tensor:
        """What rows (batch * queries, dim) see, in their shape."""

    def keep(self, rows: Tensor) -> None:
        """Goes on with some of the sentences, by their place in the batch."""


def blocked(mask: Tensor) -> Tensor | None:
    """What is added to scores: 0 where the mask is True, -inf elsewhere; None for True alone."""
    return None if bool(mask.all()) else barred(mask)


def barred(mask: Tensor) -> Tensor:
    """The same with numbers for any mask."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill_(~mask, -math.inf)


Bars = Callable[[Tensor], Tensor | None]
"""Takes a mask, True where something is real; gives what is added to scores."""


class ByHead:
    """Sources head by head.

    `real` is added to the scores of every place; None where all of them are real.
    """

    def __init__(self, layer: WrittenLayer, memory: Memory, real: Tensor | None) -> None:
        self.layer = layer
        # The fused kernel reads a head faster where it lies in one piece.
        self.keys, self.values = (part.contiguous() for part in memory[:2])
        self.real = real

    def __call__(self, rows: Tensor, queries: int) -> Tensor:
        query = by_head(self.layer.ask(rows), queries, self.layer.heads)
        seen = attend(query, self.keys, self.values, self.real)
        return self.layer.join(side_by_side(seen, queries))

    def keep(self, rows: Tensor) -> None:
        self.keys, self.values = (part.index_select(0, rows) for part in (self.keys, self.values))
        if self.real is not None:
            self.real = self.real.index_select(0, rows)


class OfOne:
    """The source of one sentence for one query, all heads in one product.

    What a head does to a state before it meets the keys, and to what it sees of the values, does
    not change from step to step, and is done to keys and values once:

        e = x (K W_Q)^T + K b_Q      c = sum over heads of a (V W_O^T + b_O / heads)

    where K is divided by the root of a key's width, and what is not real has -inf as its K b_Q. The
    sentence has a word at least. `ByHead` is the plain form.
    """

    def __init__(self, layer: WrittenLayer, memory: Memory) -> None:
        heads, dim = layer.heads, layer.join.weight.size(0)
        keys = memory.keys[0] / math.sqrt(memory.keys.size(3))  # (heads, src_len, key_dim)
        ask = layer.ask.weight.view(heads, -1, dim)  # (heads, key_dim, dim)
        offset = keys @ layer.ask.bias.view(heads, -1, 1) + barred(memory.mask).mT
        join = layer.join.weight.view(dim, heads, -1).permute(1, 2, 0)  # (heads, value_dim, dim)
        values = memory.values[0] @ join + layer.join.bias / heads
        self.heads = heads
        self.keys = (keys @ ask).flatten(0, 1)  # (heads * src_len, dim)
        self.offset = offset.flatten()  # (heads * src_len,)
        self.values = values.flatten(0, 1)  # (heads * src_len, dim)

    @staticmethod
    def pays(layer: WrittenLayer, src_len: int) -> bool:
        """Whether a step has fewer multiplications for it: that of a long sentence has more."""
        return (layer.heads - 1) * src_len <= layer.join.weight.size(0)

    def __call__(self, rows: Tensor, queries: int) -> Tensor:
        scores = linear(rows, self.keys, self.offset).view(self.heads, -1)
        return torch.mm(scores.softmax(1).view(1, -1), self.values)

    def keep(self, rows: Tensor) -> None:
        """There is none but this sentence."""


def looked_at(
    layers: Iterable[WrittenLayer], sources: Sequence[Memory], alone: bool, bars: Bars
) -> list[LookedAt]:
    """The sources of each layer, those of one query of one sentence `alone` for all its heads."""
    if alone:
        return [OfOne(layer, source) for layer, source in zip(layers, sources, strict=True)]
    real = bars(sources[0].mask.unsqueeze(1))
    return [ByHead(layer, source, real) for layer, source in zip(layers, sources, strict=True)]
