"""The decoder of a Transformer as a search runs it, and as a program that changes nothing does.

The same numbers as `Transformer.decode_step`, which is the plain form of both. A search writes what
a step remembers into memory that is there from the beginning; `grown` gives it back instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import pad

from attncli.attention.base import Memory, State
from attncli.models.decoded import Decoded
from attncli.models.transformer_rows import WrittenLayer
from attncli.models.transformer_source import Bars, ByHead, LookedAt, OfOne, barred, blocked
from attncli.products import attend, for_rows, multiplied

AttendOn = Callable[
    [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor | None], tuple[Tensor, Tensor, Tensor]
]


def attend_on(
    query: Tensor, keys: Tensor, values: Tensor, key: Tensor, value: Tensor, reach: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """What is seen of words so far and of those behind them, and keys and values of them all."""
    keys, values = torch.cat([keys, key], 2), torch.cat([values, value], 2)
    return attend(query, keys, values, reach), keys, values


def looking_back(past: Tensor, begin: int, window: int) -> tuple[Tensor, Tensor]:
    """What is added to the scores of the words so far, and the slots of each hypothesis.

    `past` (batch, queries, steps) has the slots of their words before this step, whose own slots
    begin at `begin`.
    """
    batch, queries, _ = past.shape
    own = torch.arange(begin, begin + queries, device=past.device)
    lineage = torch.cat([past, own.expand(batch, queries).unsqueeze(2)], 2)
    near = lineage[:, :, -(window + 1) :] if window else lineage
    reach = torch.full((batch, 1, queries, begin + queries), -math.inf, device=past.device)
    return reach.scatter_(3, near.unsqueeze(1), 0.0), lineage


def looked_at(
    layers: list[WrittenLayer], sources: Sequence[Memory], queries: int, bars: Bars
) -> list[LookedAt]:
    """The sources as each layer looks at them."""
    if queries == 1 and len(sources[0].keys) == 1:
        return [OfOne(layer, source) for layer, source in zip(layers, sources, strict=True)]
    real = bars(sources[0].mask.unsqueeze(1))
    return [ByHead(layer, source, real) for layer, source in zip(layers, sources, strict=True)]


def grown(
    layers: list[WrittenLayer],
    words: Tensor,
    room: tuple[Memory, ...],
    sources: tuple[Memory, ...],
    past: Tensor,
    window: int,
    attend_on: AttendOn,
) -> tuple[Tensor, tuple[Memory, ...], Tensor]:
    """States of words (batch, queries, dim), what is remembered with them, their slots.

    `room` has what each layer remembers so far, `past` the slots of each hypothesis there; with one
    query all of them are its own.
    """
    queries = words.size(1)
    bars, lineage = looking_back(past, room[0].keys.size(2), window)
    reach = bars if queries > 1 or window else None
    states = words.flatten(0, 1)
    kept: list[Memory] = []

    def look_back(own: Memory, widths: list[int], parts: Tensor) -> Tensor:
        query, key, value = torch.split(parts, [widths[0], *widths], 3)
        seen, keys, values = attend_on(query, own.keys, own.values, key, value, reach)
        kept.append(Memory(keys, values, pad(own.mask, (0, queries))))
        return seen

    looks = looked_at(layers, sources, queries, barred)
    for layer, own, look in zip(layers, room, looks, strict=True):
        states = layer.step(states, queries, partial(look_back, own, layer.widths), look)
    return states.view(words.shape), tuple(kept), lineage


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
        self.sources = looked_at(layers, sources, queries, blocked)
        first, keys = layers[0], sources[0].keys
        self.widths = first.widths
        room = first.heads_back, queries * steps, sum(first.widths)
        self.own = keys.new_empty(len(layers), len(keys), *room)  # keys and values side by side

    def step(self, token: Tensor, state: State, look: bool) -> Decoded:
        batch, queries = token.shape
        begin, end = self.filled, self.filled + queries
        inputs = self.embedded(token, self.written)  # (batch, queries, dim)
        reach = None
        if self.queries > 1 or self.window:
            past = state["lineage"].expand(batch, queries, -1)
            reach, lineage = looking_back(past, begin, self.window)
            state = {"lineage": lineage}
        places = self.own[:, :, :, begin:end].unbind()
        keys, values = torch.split(self.own[:, :, :, :end], self.widths, 4)
        rooms = zip(places, keys.unbind(), values.unbind(), strict=True)

        def look_back(place: Tensor, keys: Tensor, values: Tensor, parts: Tensor) -> Tensor:
            query, word = torch.split(parts, [self.widths[0], sum(self.widths)], 3)
            place.copy_(word)
            return attend(query, keys, values, reach)

        states = inputs.flatten(0, 1)
        with multiplied(for_rows(len(states), states.device, states.size(1))):
            for layer, room, look_at in zip(self.layers, rooms, self.sources, strict=True):
                states = layer.step(states, queries, partial(look_back, *room), look_at)
        self.written += 1
        self.filled = end
        hidden = self.finished(states).view(batch, queries, -1)
        return Decoded(hidden, None, state, {}, {})

    def keep(self, rows: Tensor) -> None:
        for source in self.sources:
            source.keep(rows)
        kept = self.own.new_empty(len(self.layers), len(rows), *self.own.shape[2:])
        kept[:, :, :, : self.filled] = self.own[:, :, :, : self.filled].index_select(1, rows)
        self.own = kept
