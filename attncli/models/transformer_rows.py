"""The layers of a Transformer's decoder as plain products on rows of states, for one step.

Where a batch is small, most of a step's time goes into starting operations; here are as few as
there can be. `DecoderLayer` is the plain form of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear

from attncli.attention.base import Heads
from attncli.models.transformer_layers import DecoderLayer, FeedForward, Residual

Rows = Callable[[Tensor], Tensor]


class Affine(NamedTuple):
    """W x + b of every row x."""

    weight: Tensor  # (outputs, inputs)
    bias: Tensor  # (outputs,)

    @classmethod
    def of(cls, layer: nn.Linear) -> Affine:
        """What a linear layer does to rows."""
        return cls(layer.weight, layer.bias)

    def __call__(self, rows: Tensor) -> Tensor:
        return linear(rows, self.weight, self.bias)


def joined(heads: Heads) -> Affine:
    """Query, key and value of rows in one product, each of all heads side by side.

    The weight of all three is stored by columns, as those of a frozen model are.
    """
    layers = heads.query, heads.key, heads.value
    weight = torch.cat([layer.weight for layer in layers])
    return Affine(weight.t().contiguous().t(), torch.cat([layer.bias for layer in layers]))


def normalized(norm: nn.LayerNorm) -> Rows:
    """What a layer norm does to rows."""
    shape = norm.normalized_shape
    return partial(
        layer_norm, normalized_shape=shape, weight=norm.weight, bias=norm.bias, eps=norm.eps
    )


Look = Callable[[Tensor, int], Tensor]
"""Takes rows and how many queries each sentence has; gives what they see, as rows."""


class Around:
    """A residual connection and its normalization, without dropout."""

    def __init__(self, residual: Residual) -> None:
        self.norm = normalized(residual.norm)
        self.before = residual.before

    def __call__(self, inputs: Tensor, within: Rows) -> Tensor:
        """What the next sub-layer gets of this one's inputs."""
        if self.before:
            return inputs + within(self.norm(inputs))
        return self.norm(inputs + within(inputs))


class Fed:
    """The feed-forward network and what is around it."""

    def __init__(self, around: Residual, feed_forward: FeedForward) -> None:
        self.around = Around(around)
        self.wide, self.narrow = Affine.of(feed_forward.wide), Affine.of(feed_forward.narrow)

    def __call__(self, states: Tensor) -> Tensor:
        return self.around(states, lambda rows: self.narrow(torch.relu_(self.wide(rows))))


class WrittenLayer:
    """The weights of a layer as a step reads them."""

    def __init__(self, layer: DecoderLayer, back: Heads, looks: Heads) -> None:
        self.heads_back, self.heads = back.number, looks.number
        self.widths = [part.out_features for part in (back.query, back.key, back.value)]
        self.around_back = Around(layer.around_looks_back)
        self.around_looks = Around(layer.around_looks)
        self.ask_and_write = joined(back)
        self.ask = Affine.of(looks.query)
        self.join_back, self.join = Affine.of(back.join), Affine.of(looks.join)
        self.fed = Fed(layer.around_feed_forward, layer.feed_forward)

    def step(self, states: Tensor, queries: int, look_back: Look, look: Look) -> Tensor:
        """States (batch * queries, dim) after this layer.

        `look_back` takes query, key and value of each word side by side, and gives what its heads
        see of all words so far; `look` takes states, and gives what they see of the source.
        """
        states = self.around_back(
            states, lambda rows: self.join_back(look_back(self.ask_and_write(rows), queries))
        )
        return self.fed(self.around_looks(states, lambda rows: look(rows, queries)))


@torch.no_grad()
def on_rows(layers: Iterable[DecoderLayer]) -> list[WrittenLayer]:
    """Layers as a step reads them; none where a head is no plain product."""
    each = [(layer, layer.heads_of_products()) for layer in layers]
    found = [WrittenLayer(layer, *heads) for layer, heads in each if heads is not None]
    return found if len(found) == len(each) else []


def by_head(rows: Tensor, queries: int, heads: int) -> Tensor:
    """Rows (batch * queries, heads * width) to (batch, heads, queries, width)."""
    if queries == 1:
        return rows.view(rows.size(0), heads, 1, -1)
    return rows.view(-1, queries, heads, rows.size(1) // heads).transpose(1, 2)


def side_by_side(contexts: Tensor, queries: int) -> Tensor:
    """What heads saw, (batch, heads, queries, width), to (batch * queries, heads * width)."""
    if queries == 1:
        return contexts.flatten(1)
    return contexts.transpose(1, 2).flatten(0, 1).flatten(1)
