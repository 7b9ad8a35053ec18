"""What every encoder-decoder is to its callers: encode once, then decode by steps or at once."""

from __future__ import annotations

import sys
from typing import ClassVar

import torch
from torch import Tensor, nn

from attncli.attention.base import Attention, Memory, State
from attncli.models.columns import by_columns
from attncli.models.decoded import Decoded, Glimpse, Source
from attncli.models.output import Output
from attncli.models.writing import PlainWriting, Writing


class Seq2Seq(nn.Module):
    """An encoder-decoder. Search and objective know no more of a model than this."""

    family: ClassVar[str] = "model"
    name: ClassVar[str | None] = None
    output: Output
    longest: int = sys.maxsize  # pieces that the decoder has positions for
    previous: int = 0  # sentences of the document before the one it translates that it reads

    def freeze(self) -> None:
        """Readies a model to translate whose weights will not change any more."""
        by_columns(self)

    def encode(self, source: Source) -> tuple[tuple[Memory, ...], State]:
        """What the readers of the decoder may look at, and the state before the first word."""
        raise NotImplementedError

    def reserve(self, memories: tuple[Memory, ...], queries: int, steps: int) -> tuple[Memory, ...]:
        """Adds room for what a decoder remembers of itself over `steps` steps of `queries`."""
        return memories

    def writing(
        self, memories: tuple[Memory, ...], queries: int, steps: int, look: bool
    ) -> Writing:
        """The sentences of these memories, to be written in up to `steps` steps of `queries`.

        A model that has a faster way than its `decode_step` gives that; a test holds them equal.
        """
        return PlainWriting(self.decode_step, self.reserve(memories, queries, steps))

    def decode_step(
        self, token: Tensor, memories: tuple[Memory, ...], state: State, look: bool = False
    ) -> Decoded:
        """One step after the words `token` (batch, queries); with `look`, weights are kept."""
        raise NotImplementedError

    def pure_step(
        self, token: Tensor, room: tuple[Memory, ...], memories: tuple[Memory, ...], state: State
    ) -> tuple[Decoded, tuple[Memory, ...]]:
        """The same step, which changes nothing that it is given, and the room after it.

        `room` is what `reserve` puts before the memories, with a place for every word so far. A
        model that has a faster way than its `decode_step` takes that; a test holds them equal.
        """
        longer = tuple(memory.longer(token.size(1)) for memory in room)
        return self.decode_step(token, (*longer, *memories), state), longer

    def forward(self, source: Source, tgt: Tensor, look: bool = False) -> Decoded:
        """All steps after the words `tgt` (batch, tgt_len), the first of which is the start.

        This plain form folds `decode_step`; a model whose steps do not wait for one another
        computes them together instead, and a test holds the two equal.
        """
        memories, state = self.encode(source)
        memories = self.reserve(memories, 1, tgt.size(1))
        steps = []
        for position in range(tgt.size(1)):
            steps.append(self.decode_step(tgt[:, position : position + 1], memories, state, look))
            state = steps[-1].state
        return join_steps(steps)

    def readers(self) -> list[Attention]:
        """The attentions with which the decoder reads the source, first layer first."""
        return []

    def self_attention(self, source: Source, tgt: Tensor) -> dict[str, Tensor]:
        """What its two sides see of themselves, where they look: encoder and decoder, by name.

        "encoder" (batch, layers, heads, src_len, src_len); "decoder" (batch, layers, heads,
        tgt_len, tgt_len), the columns of which are the words `tgt`, the first of them the start.
        """
        return {}


def join_steps(steps: list[Decoded]) -> Decoded:
    """Consecutive single steps as one Decoded over all of them."""
    weights = [step.weights for step in steps if step.weights is not None]
    return Decoded(
        torch.cat([step.hidden for step in steps], 1),
        torch.cat(weights, 3) if weights else None,
        steps[-1].state,
        join([step.trace for step in steps]),
        join([step.losses for step in steps]),
        join_glimpses([step.glimpse for step in steps if step.glimpse is not None]),
        tuple(join_steps(list(own)) for own in zip(*(s.members for s in steps), strict=True)),
    )


def join_glimpses(steps: list[Glimpse]) -> Glimpse | None:
    """What consecutive steps saw as one; None where nothing was kept."""
    if not steps:
        return None
    weights = [step.weights for step in steps if step.weights is not None]
    return Glimpse(
        torch.cat([step.context for step in steps], 1),
        torch.cat([step.state for step in steps], 1),
        torch.cat([step.word for step in steps], 1),
        torch.cat(weights, 1) if weights else None,
    )


def join(parts: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Dictionaries of (batch, 1, ...) tensors as one of (batch, steps, ...)."""
    return {name: torch.cat([part[name] for part in parts], 1) for name in parts[0]}
