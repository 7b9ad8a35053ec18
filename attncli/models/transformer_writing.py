"""The decoder of a Transformer as a search runs it: a step is plain products on rows of states.

The same numbers as `Transformer.decode_step`, which is the plain form of this. Where a batch is
small, most of a step's time goes into starting operations; here are as few as there can be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, scaled_dot_product_attention

from attncli.attention.base import Heads, Memory, State
from attncli.models.decoded import Decoded
from attncli.models.transformer_layers import DecoderLayer, Residual

Rows = Callable[[Tensor], Tensor]


def affine(*layers: nn.Linear) -> Rows:
    """Linear layers that read the same rows, as one, its weight stored by columns."""
    if len(layers) == 1:
        return partial(linear, weight=layers[0].weight, bias=layers[0].bias)
    weight = torch.cat([layer.weight.t() for layer in layers], 1).t()
    return partial(linear, weight=weight, bias=torch.cat([layer.bias for layer in layers]))


def normalized(norm: nn.LayerNorm) -> Rows:
    """What a layer norm does to rows."""
    shape, weight, bias, eps = norm.normalized_shape, norm.weight, norm.bias, norm.eps
    return lambda rows: torch.layer_norm(rows, shape, weight, bias, eps)


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


class Room(NamedTuple):
    """Keys and values, each (batch, heads, length, dim)."""

    keys: Tensor
    values: Tensor

    def keep(self, rows: Tensor, length: int) -> Room:
        """Some sentences of the batch, of which only the first `length` places are filled."""
        kept = Room(*(part.new_empty(len(rows), *part.shape[1:]) for part in self))
        for new, part in zip(kept, self, strict=True):
            new[:, :, :length] = part[:, :, :length].index_select(0, rows)
        return kept


class WrittenLayer:
    """The weights of a layer, joined where they read the same rows."""

    def __init__(self, layer: DecoderLayer, back: Heads, looks: Heads) -> None:
        self.back, self.looks = back, looks
        self.around_back = Around(layer.around_looks_back)
        self.around_looks = Around(layer.around_looks)
        self.around_feed_forward = Around(layer.around_feed_forward)
        self.ask_and_write = affine(back.query, back.key, back.value)
        self.widths = [part.out_features for part in (back.query, back.key, back.value)]
        self.ask = affine(looks.query)
        self.join_back, self.join = affine(back.join), affine(looks.join)
        self.wide = affine(layer.feed_forward.wide)
        self.narrow = affine(layer.feed_forward.narrow)

    def step(
        self,
        states: Tensor,
        own: Room,
        source: Room,
        slots: slice,
        reach: Tensor | None,
        real: Tensor | None,
    ) -> Tensor:
        """States (batch * queries, dim) after this layer; their words go into `slots` of `own`.

        `reach` and `real` are added to the scores of the words so far and of the source; None
        where every one of these may be looked at.
        """
        batch = own.keys.size(0)

        def looked_back(rows: Tensor) -> Tensor:
            parts = torch.split(self.ask_and_write(rows), self.widths, 1)
            query, keys, values = (by_head(part, batch, self.back.number) for part in parts)
            own.keys[:, :, slots] = keys
            own.values[:, :, slots] = values
            so_far = own.keys[:, :, : slots.stop], own.values[:, :, : slots.stop]
            context = scaled_dot_product_attention(query, *so_far, attn_mask=reach)
            return self.join_back(context.transpose(1, 2).reshape(rows.shape))

        def looked(rows: Tensor) -> Tensor:
            query = by_head(self.ask(rows), batch, self.looks.number)
            context = scaled_dot_product_attention(query, *source, attn_mask=real)
            return self.join(context.transpose(1, 2).reshape(rows.shape))

        states = self.around_back(states, looked_back)
        states = self.around_looks(states, looked)
        return self.around_feed_forward(
            states, lambda rows: self.narrow(torch.relu_(self.wide(rows)))
        )


def by_head(rows: Tensor, batch: int, heads: int) -> Tensor:
    """Rows (batch * queries, heads * width) to (batch, heads, queries, width)."""
    return rows.view(batch, rows.size(0) // batch, heads, -1).transpose(1, 2)


def blocked(mask: Tensor) -> Tensor | None:
    """What is added to scores: 0 where the mask is True, -inf elsewhere; None for True alone."""
    if bool(mask.all()):
        return None
    return torch.zeros(mask.shape, device=mask.device).masked_fill_(~mask, -math.inf)


class TransformerWriting:
    """A batch of sentences in a Transformer's decoder, with room for every step of every query."""

    def __init__(
        self,
        layers: list[WrittenLayer],
        sources: list[Memory],
        queries: int,
        steps: int,
        embedded: Callable[[Tensor, int], Tensor],
        finished: Callable[[Tensor], Tensor],
        window: int,
    ) -> None:
        self.layers = layers
        self.queries = queries
        self.embedded = embedded  # words and their step to vectors
        self.finished = finished  # the last layer's states to what the output layer reads
        self.window = window
        self.written = 0  # steps
        self.filled = 0  # slots, one for each query of each step
        self.sources = [Room(memory.keys, memory.values) for memory in sources]
        self.real = blocked(sources[0].mask.unsqueeze(1))
        self.own = [
            Room(
                *(
                    part.new_empty(len(part), layer.back.number, queries * steps, width)
                    for part, width in zip(source, _widths(layer.back), strict=True)
                )
            )
            for layer, source in zip(layers, self.sources, strict=True)
        ]

    def step(self, token: Tensor, state: State, look: bool) -> Decoded:
        batch, queries = token.shape
        slots = slice(self.filled, self.filled + queries)
        inputs = self.embedded(token, self.written)  # (batch, queries, dim)
        reach, state = self.reach(state, token.shape, slots)
        states = inputs.flatten(0, 1)
        for layer, own, source in zip(self.layers, self.own, self.sources, strict=True):
            states = layer.step(states, own, source, slots, reach, self.real)
        self.written += 1
        self.filled = slots.stop
        hidden = self.finished(states).view(batch, queries, -1)
        return Decoded(hidden, None, state, {}, {})

    def reach(self, state: State, shape: torch.Size, slots: slice) -> tuple[Tensor | None, State]:
        """What is added to the scores of the words so far, and the slots of each hypothesis."""
        if self.queries == 1 and not self.window:
            return None, {}
        batch, queries = shape
        past = state["lineage"].expand(batch, queries, -1)
        own = torch.arange(slots.start, slots.stop, device=past.device)
        lineage = torch.cat([past, own.expand(batch, -1).unsqueeze(2)], 2)
        near = lineage[:, :, -(self.window + 1) :] if self.window else lineage
        reach = torch.full((batch, 1, queries, slots.stop), -math.inf, device=past.device)
        return reach.scatter_(3, near.unsqueeze(1), 0.0), {"lineage": lineage}

    def keep(self, rows: Tensor) -> None:
        self.sources = [room.keep(rows, room.keys.size(2)) for room in self.sources]
        self.own = [room.keep(rows, self.filled) for room in self.own]
        if self.real is not None:
            self.real = self.real.index_select(0, rows)


def _widths(heads: Heads) -> tuple[int, int]:
    return heads.key.out_features // heads.number, heads.value.out_features // heads.number
