"""What an attention is that takes another one's scores and makes something else of them."""

from __future__ import annotations

from torch import Tensor

from attncli.attention.base import Attention, AttentionChoice, Memory, State
from attncli.errors import UsageError
from attncli.registry import Choice


class Scored(Attention):
    """Holds an attention for its scores and its normalizer; a subclass says what becomes of them.

    Options:
        score: the attention whose scores are taken
    """

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        score: AttentionChoice = Choice("attention", "general"),
    ) -> None:
        super().__init__(query_dim, memory_dim)
        self.scorer: Attention = score.build(query_dim, memory_dim)
        if type(self.scorer).forward is not Attention.forward:
            raise UsageError(f"{self.name} takes scores, and '{score.name}' is more than a score")
        self.normalize = self.scorer.normalize
        self.positional = self.positional or self.scorer.positional

    def keys(self, states: Tensor) -> Tensor:
        return self.scorer.keys(states)

    def reachable(self, memory: Memory) -> Tensor:
        return self.scorer.reachable(memory)

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return self.scorer.score(query, memory, state)
