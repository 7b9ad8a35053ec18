"""The decoder of a Transformer as a search runs it, and as a program that changes nothing does.

The same numbers as `Transformer.decode_step`, which is the plain form of both. A search writes what
a step remembers into memory that is there from the beginning; `grown` gives it back instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import pad

from attncli.attention.base import Memory, State
from attncli.models.decoded import Decoded
from attncli.models.transformer_rows import Room, WrittenLayer
from attncli.products import for_rows, multiplied


def written(place: Tensor, so_far: Room, parts: Tensor, widths: list[int]) -> tuple[Tensor, Room]:
    """The query, and keys and values so far, those of the words in their place at the end."""
    query, word = torch.split(parts, [widths[0], sum(widths)], 3)
    place.copy_(word)
    return query, so_far


def appended(
    own: Memory, kept: list[Memory], parts: Tensor, widths: list[int]
) -> tuple[Tensor, Room]:
    """The query, and keys and values so far with those of the words behind them, which are kept."""
    query, *words = torch.split(parts, [widths[0], *widths], 3)
    longer = Room(*(torch.cat(both, 2) for both in zip(own[:2], words, strict=True)))
    kept.append(Memory(*longer, pad(own.mask, (0, query.size(2)))))
    return query, longer


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


def blocked(mask: Tensor) -> Tensor | None:
    """What is added to scores: 0 where the mask is True, -inf elsewhere; None for True alone."""
    return None if bool(mask.all()) else barred(mask)


def barred(mask: Tensor) -> Tensor:
    """The same with numbers for any mask."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill_(~mask, -math.inf)


def grown(
    layers: list[WrittenLayer],
    words: Tensor,
    room: tuple[Memory, ...],
    sources: tuple[Memory, ...],
    past: Tensor,
    window: int,
) -> tuple[Tensor, tuple[Memory, ...], Tensor]:
    """States of words (batch, queries, dim), what is remembered with them, their slots.

    `room` has what each layer remembers so far, `past` the slots of each hypothesis there; with one
    query all of them are its own.
    """
    queries = words.size(1)
    bars, lineage = looking_back(past, room[0].keys.size(2), window)
    reach = bars if queries > 1 or window else None
    real = barred(sources[0].mask.unsqueeze(1))
    states = words.flatten(0, 1)
    kept: list[Memory] = []
    for layer, own, source in zip(layers, room, sources, strict=True):
        remember = partial(appended, own, kept)
        states = layer.step(states, queries, remember, Room(*source[:2]), reach, real)
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
        # The fused kernel reads a head faster where it lies in one piece.
        self.sources = [Room(*(part.contiguous() for part in memory[:2])) for memory in sources]
        self.real = blocked(sources[0].mask.unsqueeze(1))
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
        rooms = map(Room, keys.unbind(), values.unbind())
        states = inputs.flatten(0, 1)
        with multiplied(for_rows(len(states), states.device, states.size(1))):
            for layer, place, room, source in zip(
                self.layers, places, rooms, self.sources, strict=True
            ):
                remember = partial(written, place, room)
                states = layer.step(states, queries, remember, source, reach, self.real)
        self.written += 1
        self.filled = end
        hidden = self.finished(states).view(batch, queries, -1)
        return Decoded(hidden, None, state, {}, {})

    def keep(self, rows: Tensor) -> None:
        self.sources = [
            Room(*(part.index_select(0, rows) for part in source)) for source in self.sources
        ]
        kept = self.own.new_empty(len(self.layers), len(rows), *self.own.shape[2:])
        kept[:, :, :, : self.filled] = self.own[:, :, :, : self.filled].index_select(1, rows)
        self.own = kept
        if self.real is not None:
            self.real = self.real.index_select(0, rows)
