"""Sentences that a model has begun to translate: what its graphs are traced and tried with."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from attncli.attention.base import Memory, State
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Source
from attncli.text.piece_model import BOS, EOS, PAD

TOKEN = "token"


class Held(NamedTuple):
    """What a search holds of a model between two steps."""

    memories: tuple[Memory, ...]
    state: State

    def named(self) -> State:
        """All its parts under the names that they have in the graphs."""
        found = {
            f"memory{number}.{name}": part
            for number, memory in enumerate(self.memories)
            for name, part in memory._asdict().items()
        }
        return found | {f"state.{name}": part for name, part in self.state.items()}

    @classmethod
    def of(cls, parts: State) -> Held:
        """The same from its parts by name."""
        count = sum(name.startswith("memory") for name in parts) // len(Memory._fields)
        memories = tuple(
            Memory(*(parts[f"memory{number}.{name}"] for name in Memory._fields))
            for number in range(count)
        )
        begin = "state."
        own = {n.removeprefix(begin): part for n, part in parts.items() if n.startswith(begin)}
        return cls(memories, own)


class Sizes(NamedTuple):
    """How large an example is."""

    batch: int
    queries: int
    src_len: int
    steps: int  # that were taken


class Example(NamedTuple):
    """Random words, what is held of them after some steps, and the words that come next."""

    token: Tensor  # (batch, queries)
    source: Source
    read: Held  # what `encode` gave
    held: Held

    def to_encode(self) -> dict[str, Tensor]:
        """The inputs of the graph `encode`."""
        return {"source": self.source.ids, "source_mask": self.source.mask}

    def to_step(self) -> dict[str, Tensor]:
        """The inputs of the graph `step`."""
        return {TOKEN: self.token} | self.held.named()


@torch.no_grad()
def example(model: Seq2Seq, words: int, sizes: Sizes) -> Example:
    """Sentences of words below `words`; the last one is a word shorter where it has two."""
    random = torch.Generator().manual_seed(sum(sizes))
    batch, queries, src_len, steps = sizes

    def drawn(*shape: int) -> Tensor:
        return torch.randint(EOS + 1, words, shape, generator=random)

    ids = drawn(batch, src_len)
    ids[-1, max(1, src_len - 1) :] = PAD
    source = Source(ids, ids != PAD)
    read = Held(*model.encode(source))
    memories = model.reserve(read.memories, queries, steps)
    state = {name: part.expand(-1, queries, *part.shape[2:]) for name, part in read.state.items()}
    token = torch.full((batch, queries), BOS)
    for _ in range(steps):
        state = model.decode_step(token, memories, state).state
        token = drawn(batch, queries)
    held = Held(memories, {name: part.contiguous() for name, part in state.items()})
    return Example(token, source, read, held)
