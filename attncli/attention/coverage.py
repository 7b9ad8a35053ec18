"""Tu, Lu, Liu, Liu and Li 2016, "Modeling coverage for neural machine translation", arXiv
1601.04811, section 3.1; See, Liu and Manning 2017, "Get to the point: summarization with
pointer-generator networks", arXiv 1704.04368, eq. 10 to 12.

The score knows how much each source word was looked at already.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from attncli.attention.accounts import KEPT, Account
from attncli.attention.base import Attended, AttentionChoice, Memory, State, next_step
from attncli.attention.scored import Scored
from attncli.recurring import weighted_sums
from attncli.registry import Choice


class Coverage(Scored):
    """The score knows how much each source word was looked at already.

        e_ts = v . tanh(W query_t + U state_s + V C_t-1,s + b)      C_t = account(C_t-1, a_t)
        loss_t = sum_s min(a_ts, sum_t'<t a_t's)

    Another score than additive gets its term by addition: e_ts = score(query_t, state_s) + v . C.
    The loss counts what is looked at twice; `loss` asks for it, and objective.terms.coverage is its
    weight. See's account is `sum`, Tu's are `linguistic` and `neural`.

    Options:
        score: the attention whose scores are taken
        account: what is kept of how much each word was looked at
        loss: bring See's coverage loss
    """

    name = "coverage"
    sequential = True

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        score: AttentionChoice = Choice("attention", "additive"),
        account: Annotated[Choice, "account"] = Choice("account", "linguistic"),
        loss: bool = False,
    ) -> None:
        super().__init__(query_dim, memory_dim, score=score)
        self.account: Account = account.build(query_dim, memory_dim)
        self.feature = nn.Linear(self.account.dim, self.scorer.extra_dim, bias=False)
        self.loss = loss

    def start(self, memory: Memory) -> State:
        nothing = memory.values.new_zeros(memory.values.shape[:2]).unsqueeze(1)
        return {**super().start(memory), **self.account.start(memory), "seen": nothing}

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        seen = state["seen"]  # (batch, queries, src_len), the weights of all steps before
        scores = self.scorer.score_with(query, memory, state, self.feature(state[KEPT]))
        weights = self.normalize(scores, self.reachable(memory))
        after = {
            **next_step(state),
            KEPT: self.account(query, state, weights),
            "seen": seen + weights,
        }
        trace = {"scores": scores, "coverage": after["seen"]}
        losses = {"coverage": torch.minimum(weights, seen).sum(-1)} if self.loss else {}
        return Attended(weighted_sums(weights, memory.values), weights, after, trace, losses)
