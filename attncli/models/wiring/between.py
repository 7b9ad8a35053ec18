"""Sennrich et al. 2017 (Nematus), arXiv 1703.04357, section 3."""

from __future__ import annotations

from torch import Tensor

from attncli.attention.base import Memory, State
from attncli.models.cells import Cell
from attncli.models.wiring.base import DecoderPlan, Glance, Wiring


class Between(Wiring):
    """Conditional cell (Nematus, LIUM): update with the last word, look, update with what was seen.

    s'_t = RNN_1(s_t-1, E y_t-1)      c_t = attend(s'_t)      s_t = RNN_2(s'_t, c_t)
    """

    name = "between"

    def __init__(self, plan: DecoderPlan) -> None:
        super().__init__(plan)
        self.second: Cell = plan.cell.build(plan.attention.context_dim, plan.hidden)

    def advance(self, projected: Tensor, embedded: Tensor, memory: Memory, state: State) -> Glance:
        before = self.layers(state)
        halfway: tuple[Tensor, ...] = self.first(projected, before[0])
        attended = self.look(halfway[0], memory, state)
        layers = [self.second(self.second.project(attended.context), halfway)]
        for cell, layer in zip(list(self.cells)[1:], before[1:], strict=True):
            layers.append(cell(cell.project(self.dropout(layers[-1][0])), layer))
        return Glance(layers[-1][0], attended, self.state_after(layers, attended), layers[-1][0])
