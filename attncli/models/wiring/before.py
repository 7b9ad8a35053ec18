"""Bahdanau, Cho and Bengio 2015, arXiv 1409.0473, section 3.1 and appendix A.2.2."""

from __future__ import annotations

from torch import Tensor

from attncli.attention.base import Memory, State
from attncli.models.wiring.base import DecoderPlan, Glance, Wiring
from attncli.recurring import Recurring


class Before(Wiring):
    """Bahdanau 2015: look with the state before the step, then update the state with what was seen.

    c_t = attend(s_t-1)      s_t = RNN(s_t-1, [E y_t-1 ; c_t])      out_t = readout(s_t, c_t)
    """

    name = "before"

    def __init__(self, plan: DecoderPlan) -> None:
        super().__init__(plan)
        self.seen = Recurring(plan.attention.context_dim, self.first.input.out_features, bias=False)

    def advance(self, projected: Tensor, embedded: Tensor, memory: Memory, state: State) -> Glance:
        before = self.layers(state)
        attended = self.look(before[-1][0], memory, state)
        layers = self.stack(self.seen(attended.context).add_(projected), before)
        return Glance(layers[-1][0], attended, self.state_after(layers, attended), layers[-1][0])
