"""Sentences on their way: what a search holds of a model between two steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from attncli.attention.base import Memory, State
from attncli.models.decoded import Decoded

Step = Callable[[Tensor, tuple[Memory, ...], State, bool], Decoded]


class Writing(Protocol):
    """A batch of sentences that is written one word at a time."""

    def step(self, token: Tensor, state: State, look: bool) -> Decoded:
        """One step after the words `token` (batch, queries); with `look`, weights are kept."""

    def keep(self, rows: Tensor) -> None:
        """Goes on with some sentences of the batch; `rows` (rows,) are their indices."""


class PlainWriting:
    """By a model's own step."""

    def __init__(self, step: Step, memories: tuple[Memory, ...]) -> None:
        self.plain_step = step
        self.memories = memories

    def step(self, token: Tensor, state: State, look: bool) -> Decoded:
        return self.plain_step(token, self.memories, state, look)

    def keep(self, rows: Tensor) -> None:
        self.memories = tuple(memory.select(rows) for memory in self.memories)
