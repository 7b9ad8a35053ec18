"""Luong, Pham and Manning 2015, arXiv 1508.04025, sections 3 and 3.3."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncli.attention.base import Memory, State, all_steps
from attncli.models.decoded import Decoded
from attncli.models.wiring.base import DecoderPlan, Glance, Wiring, as_decoded
from attncli.recurring import Recurring


class After(Wiring):
    """Luong 2015: update the state with the last word, then look with the new state.

        h_t = RNN(h_t-1, [E y_t-1 ; out_t-1])      c_t = attend(h_t)      out_t = readout(h_t, c_t)

    Without input feeding out_t-1 is left out; then nothing in the recurrence waits for attention,
    and one look serves the whole target.

    Options:
        feed: input feeding: the last attentional state is part of the next input
    """

    name = "after"

    def __init__(self, plan: DecoderPlan, *, feed: bool = True) -> None:
        super().__init__(plan)
        self.feed = feed
        if feed:
            self.fed = Recurring(self.readout.dim, self.first.input.out_features, bias=False)
            nn.init.uniform_(self.fed.weight, -(plan.hidden**-0.5), plan.hidden**-0.5)

    def start(self, layers: list[tuple[Tensor, ...]], memory: Memory) -> State:
        state = super().start(layers, memory)
        if self.feed:
            state["feed"] = layers[0][0].new_zeros(layers[0][0].size(0), 1, self.readout.dim)
        return state

    def advance(self, projected: Tensor, embedded: Tensor, memory: Memory, state: State) -> Glance:
        if self.feed:
            projected = self.fed(state["feed"]).add_(projected)
        layers = self.stack(projected, self.layers(state))
        hidden = layers[-1][0]
        attended = self.look(hidden, memory, state)
        after = self.state_after(layers, attended)
        if self.feed:
            hidden = self.readout(hidden, attended.context, embedded)
            after["feed"] = hidden
        return Glance(hidden, attended, after, layers[-1][0])

    def run(self, embedded: Tensor, memory: Memory, state: State, look: bool) -> Decoded:
        if self.feed or self.attention.sequential:
            return super().run(embedded, memory, state, look)
        outputs = embedded
        every = torch.ones(embedded.shape[:2], dtype=torch.bool, device=embedded.device)
        for number, (cell, start) in enumerate(zip(self.cells, self.layers(state), strict=True)):
            inputs = self.dropout(outputs) if number else outputs
            outputs = cell.run(inputs, tuple(part.squeeze(1) for part in start), every).outputs
        at_once = {f"attention.{name}": part for name, part in self.steps(state, embedded).items()}
        attended = self.look(outputs, memory, at_once)
        return self.finish(Glance(outputs, attended, {}, outputs), embedded, look)

    def steps(self, state: State, embedded: Tensor) -> State:
        """The attention's start state, for all steps of the target at once."""
        return all_steps({"position": state["attention.position"]}, embedded.size(1))

    def finish(self, glance: Glance, embedded: Tensor, look: bool) -> Decoded:
        if self.feed:
            return as_decoded(glance.hidden, glance, embedded, look)
        return super().finish(glance, embedded, look)
