"""What every recurrent decoder does, whenever it looks."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from attncli.attention.base import Attended, Attention, Memory, State
from attncli.models.base import join
from attncli.models.cells import Cell, CellChoice
from attncli.models.decoded import HEADS, Decoded, Glimpse, GlimpseSizes, by_layer
from attncli.models.dropout import Dropout
from attncli.models.layers import Layers
from attncli.models.readout import Readout, ReadoutSizes
from attncli.recurring import unrolled
from attncli.registry import Choice


class DecoderPlan(NamedTuple):
    """What a recurrent decoder is made of: widths, layers, and its components."""

    embedding: int
    hidden: int
    layers: int
    attention: Attention
    cell: CellChoice
    readout: Choice
    dropout: float


class Glance(NamedTuple):
    """One step inside the loop: the decoder's state, what it saw, and what it hands on."""

    hidden: Tensor  # (batch, queries, hidden), or what the readout made of it
    attended: Attended
    state: State
    top: Tensor  # (batch, queries, hidden), the state itself


class Wiring(nn.Module):
    """A recurrent decoder around one attention. A subclass says in which order things happen."""

    family: ClassVar[str] = "wiring"
    name: ClassVar[str | None] = None

    def __init__(self, plan: DecoderPlan) -> None:
        super().__init__()
        self.attention = plan.attention
        self.cells: Layers[Cell] = Layers(
            plan.cell.build(plan.hidden if layer else plan.embedding, plan.hidden)
            for layer in range(plan.layers)
        )
        self.dropout = Dropout(plan.dropout)
        context_dim = plan.attention.context_dim
        widths = ReadoutSizes(plan.hidden, context_dim, plan.embedding)
        self.readout: Readout = plan.readout.build(widths)
        self.sees = GlimpseSizes(context_dim, plan.hidden, plan.embedding)
        self.parts = len(self.first.parts)

    @property
    def first(self) -> Cell:
        """The cell that reads the last word."""
        return self.cells.at(0)

    def start(self, layers: list[tuple[Tensor, ...]], memory: Memory) -> State:
        """The state before the first word, from each layer's (batch, hidden)."""
        state = named([tuple(part.unsqueeze(1) for part in layer) for layer in layers])
        for name, part in self.attention.start(memory).items():
            state["attention." + name] = part
        return state

    def advance(self, projected: Tensor, embedded: Tensor, memory: Memory, state: State) -> Glance:
        """One step from the first cell's projected input (batch, queries, gates)."""
        raise NotImplementedError

    def step(
        self, projected: Tensor, embedded: Tensor, memory: Memory, state: State, look: bool
    ) -> Decoded:
        """One step after words embedded as (batch, queries, embedding), as the first cell reads it.

        `projected` is (batch, queries, gates).
        """
        glance = self.advance(projected, embedded, memory, state)
        return self.finish(glance, embedded, look)

    def run(self, embedded: Tensor, memory: Memory, state: State, look: bool) -> Decoded:
        """All steps after the words embedded as (batch, tgt_len, embedding)."""
        glances = []
        steps = torch.split(self.first.project(embedded), 1, 1)
        with unrolled():
            for projected, word in zip(steps, torch.split(embedded, 1, 1), strict=True):
                glances.append(self.advance(projected, word, memory, state))
                state = glances[-1].state
        return self.finish(joined(glances, look), embedded, look)

    def finish(self, glance: Glance, embedded: Tensor, look: bool) -> Decoded:
        """What the output layer reads: no step waits for it, so it is computed for all at once."""
        hidden = self.readout(glance.hidden, glance.attended.context, embedded)
        return as_decoded(hidden, glance, embedded, look)

    def look(self, query: Tensor, memory: Memory, state: State) -> Attended:
        """One look at the source with the attention's part of the decoder's state."""
        prefix = "attention."
        own = {name.removeprefix(prefix): v for name, v in state.items() if prefix in name}
        attended: Attended = self.attention(query, memory, own)
        return attended

    def stack(
        self, projected: Tensor, layers: list[tuple[Tensor, ...]]
    ) -> list[tuple[Tensor, ...]]:
        """One step of every layer, the first from its projected input."""
        after: list[tuple[Tensor, ...]] = [self.first(projected, layers[0])]
        for cell, before in zip(list(self.cells)[1:], layers[1:], strict=True):
            after.append(cell(cell.project(self.dropout(after[-1][0])), before))
        return after

    def layers(self, state: State) -> list[tuple[Tensor, ...]]:
        """Each layer's parts of the decoder's state."""
        return [
            tuple(state[f"layer{number}.{part}"] for part in range(self.parts))
            for number in range(len(self.cells))
        ]

    def state_after(self, layers: list[tuple[Tensor, ...]], attended: Attended) -> State:
        """The decoder's state after a step."""
        return named(layers) | {"attention." + name: v for name, v in attended.state.items()}


def named(layers: list[tuple[Tensor, ...]]) -> State:
    """The parts of each layer's state under their names."""
    return {
        f"layer{number}.{part}": value
        for number, layer in enumerate(layers)
        for part, value in enumerate(layer)
    }


def joined(glances: list[Glance], look: bool) -> Glance:
    """Consecutive steps as one glance over all of them."""
    seen = [glance.attended for glance in glances]
    weights = [attended.weights for attended in seen if attended.weights is not None]
    attended = Attended(
        torch.cat([attended.context for attended in seen], 1),
        torch.cat(weights, 1) if look and weights else None,
        seen[-1].state,
        join([attended.trace for attended in seen]) if look else {},
        join([attended.losses for attended in seen]),
    )
    hidden = torch.cat([glance.hidden for glance in glances], 1)
    top = torch.cat([glance.top for glance in glances], 1) if look else glances[-1].top
    return Glance(hidden, attended, glances[-1].state, top)


def as_decoded(hidden: Tensor, glance: Glance, embedded: Tensor, look: bool) -> Decoded:
    """A glance as the model's callers see it; its weights as one layer, with one head or more."""
    attended = glance.attended
    if not look:
        return Decoded(hidden, None, glance.state, {}, attended.losses)
    glimpse = Glimpse(attended.context, glance.top, embedded, attended.weights)
    if attended.weights is None:
        return Decoded(hidden, None, glance.state, {}, attended.losses, glimpse)
    heads = by_layer([{HEADS: attended.weights.unsqueeze(2)} | attended.trace])
    weights = heads.pop(HEADS).movedim(1, 3)  # (batch, 1, heads, queries, src_len)
    plain = {name: part for name, part in attended.trace.items() if not name.startswith(HEADS)}
    return Decoded(hidden, weights, glance.state, plain | heads, attended.losses, glimpse)
