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
from attncli.models.transformer_rows import WrittenLayer, by_head, side_by_side
from attncli.models.transformer_source import OfOne, barred, blocked, looked_at
from attncli.products import attend, for_rows, multiplied, whole_blocks

AttendOn = Callable[
    [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor | None], tuple[Tensor, Tensor, Tensor]
]


def attend_on(
    query: Tensor, key: Tensor, value: Tensor, keys: Tensor, values: Tensor, reach: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """What words see of those before them and of themselves, and keys and values of them all.

    Args:
        query, key, value: of each word, (batch, queries, heads * width)
        keys, values: of the words before, (batch, heads, length, width)
        reach: what is added to the scores; None where every word may be looked at

    Returns:
        What is seen, in the shape of the values of words, and keys and values.
    """
    asked, *own = (
        part.view(*part.shape[:2], keys.size(1), -1).transpose(1, 2) for part in (query, key, value)
    )
    keys, values = (torch.cat(both, 2) for both in zip((keys, values), own, strict=True))
    return attend(asked, keys, values, reach).transpose(1, 2).flatten(2), keys, values


def looking_back(past: Tensor, begin: int, slots: int, window: int) -> tuple[Tensor, Tensor]:
    """What is added to the scores of what is in so many slots, and the slots of each hypothesis.

    `past` (batch, queries, steps) has the slots of their words before this step, whose own slots
    begin at `begin`.
    """
    batch, queries, _ = past.shape
    own = torch.arange(begin, begin + queries, device=past.device)
    lineage = torch.cat([past, own.expand(batch, queries).unsqueeze(2)], 2)
    near = lineage[:, :, -(window + 1) :] if window else lineage
    reach = torch.full((batch, 1, queries, slots), -math.inf, device=past.device)
    return reach.scatter_(3, near.unsqueeze(1), 0.0), lineage


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
    begin = room[0].keys.size(2)
    bars, lineage = looking_back(past, begin, begin + queries, window)
    reach = bars if queries > 1 or window else None
    states = words.flatten(0, 1)
    kept: list[Memory] = []

    def look_back(own: Memory, rows: Tensor, queries: int) -> Tensor:
        parts = rows.view(words.size(0), queries, -1)
        query, key, value = torch.split(parts, layers[0].widths, 2)
        seen, keys, values = attend_on(query, key, value, own.keys, own.values, reach)
        kept.append(Memory(keys, values, pad(own.mask, (0, queries))))
        return seen.flatten(0, 1)

    alone = queries == 1 and words.size(0) == 1
    looks = looked_at(layers, sources, alone, barred)
    for layer, own, look in zip(layers, room, looks, strict=True):
        states = layer.step(states, queries, partial(look_back, own), look)
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
        self.filled = 0  # slots
        self.cleared = 0  # slots that hold numbers, of words or none
        keys = sources[0].keys
        batch, _, length, _ = keys.shape
        if queries > 1 and keys.device.type == "cpu":
            sources = [source.longer(whole_blocks(length) - length) for source in sources]
        first = layers[0]
        alone = queries == batch == 1 and OfOne.pays(first, length)
        self.sources = looked_at(layers, sources, alone, blocked)
        self.heads, self.widths = first.heads_back, first.widths
        # (layers, batch, slots, widths): keys and values of all heads, side by side
        room = whole_blocks(queries * steps), sum(first.widths[1:])
        self.own = keys.new_empty(len(layers), batch, *room)

    def step(self, token: Tensor, state: State, look: bool) -> Decoded:
        batch, queries = token.shape
        inputs = self.embedded(token, self.written)  # (batch, queries, dim)
        slots, reach = self.filled + queries, None
        if self.queries > 1 or self.window:
            past = self.packed(state["lineage"].expand(batch, queries, -1))
            slots = whole_blocks(self.filled + queries)
            reach, lineage = looking_back(past, self.filled, slots, self.window)
            state = {"lineage": lineage}
            self.own[:, :, self.cleared : slots] = 0
        self.cleared = max(self.cleared, slots)
        begin, end = self.filled, self.filled + queries
        places = self.own[:, :, begin:end].unbind()
        keys, values = (
            part.view(*part.shape[:3], self.heads, -1).transpose(2, 3).unbind()
            for part in torch.split(self.own[:, :, :slots], self.widths[1:], 3)
        )

        def look_back(
            place: Tensor, keys: Tensor, values: Tensor, rows: Tensor, queries: int
        ) -> Tensor:
            query, *_ = torch.split(rows, self.widths, 1)
            place.copy_(rows[:, self.widths[0] :].view_as(place))
            seen = attend(by_head(query, queries, self.heads), keys, values, reach)
            return side_by_side(seen, queries)

        rooms = zip(places, keys, values, strict=True)
        states = inputs.flatten(0, 1)
        with multiplied(for_rows(len(states), states.device, states.size(1))):
            for layer, room, look_at in zip(self.layers, rooms, self.sources, strict=True):
                states = layer.step(states, queries, partial(look_back, *room), look_at)
        self.written += 1
        self.filled = end
        hidden = self.finished(states).view(batch, queries, -1)
        return Decoded(hidden, None, state, {}, {})

    def packed(self, past: Tensor) -> Tensor:
        """The slots of each hypothesis once those that none has any more are given up.

        That takes time, and is done where there is a block less to look at for it.
        """
        batch, queries, _ = past.shape
        used = past.flatten(1)
        if whole_blocks(self.filled + queries) == whole_blocks(self.filled):
            return past
        alive = past.new_zeros(batch, self.filled).scatter_(1, used, 1)
        count = int(alive.sum(1).max())
        if whole_blocks(count + queries) > whole_blocks(self.filled):
            return past
        order = alive.argsort(stable=True, dim=1, descending=True)[:, :count]
        sentences = torch.arange(batch, device=past.device).unsqueeze(1) * self.own.size(2)
        kept = self.own.flatten(1, 2).index_select(1, (order + sentences).flatten())
        self.own[:, :, :count] = kept.view(len(kept), batch, count, -1)
        self.filled = count
        return (alive.cumsum(1) - 1).gather(1, used).view_as(past)

    def keep(self, rows: Tensor) -> None:
        for source in self.sources:
            source.keep(rows)
        kept = self.own.new_empty(len(self.layers), len(rows), *self.own.shape[2:])
        kept[:, :, : self.cleared] = self.own[:, :, : self.cleared].index_select(1, rows)
        self.own = kept
