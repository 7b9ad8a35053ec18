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
STATE = "state."  # before the name of each of its parts


class Held(NamedTuple):
    """What a search holds of a model between two steps."""

    room: tuple[Memory, ...]  # what a step writes into; nothing reads their masks
    memories: tuple[Memory, ...]
    state: State

    def named(self) -> State:
        """All parts that are read, under the names that they have in the graphs."""
        found = {
            f"memory{number}.{name}": part
            for number, memory in enumerate((*self.room, *self.memories))
            for name, part in memory._asdict().items()
            if number >= len(self.room) or name != "mask"
        }
        return found | {STATE + name: part for name, part in self.state.items()}

    @classmethod
    def of(cls, parts: State) -> Held:
        """The same from its parts by name; room is what has no mask."""
        room, memories = [], []
        of_memories = [name for name in parts if name.startswith("memory")]
        for number in range(sum(name.endswith(".keys") for name in of_memories)):
            keys, values = (parts[f"memory{number}.{name}"] for name in ("keys", "values"))
            mask = parts.get(f"memory{number}.mask")
            if mask is None:
                room.append(Memory(keys, values, unread(keys)))
            else:
                memories.append(Memory(keys, values, mask))
        own = {n.removeprefix(STATE): part for n, part in parts.items() if n.startswith(STATE)}
        return cls(tuple(room), tuple(memories), own)


def unread(keys: Tensor) -> Tensor:
    """A mask for keys (batch, ..., length, width) that has the right shape: (batch, 1, length)."""
    return keys.new_zeros(keys.size(0), 1, keys.size(-2), dtype=torch.bool)


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
    """Sentences of words below `words`, each a word shorter than the one before it."""
    random = torch.Generator().manual_seed(sum(sizes))
    batch, queries, src_len, steps = sizes

    def drawn(*shape: int) -> Tensor:
        return torch.randint(EOS + 1, words, shape, generator=random)

    ids = drawn(batch, src_len)
    for row in range(batch):
        ids[row, max(1, src_len - row) :] = PAD
    source = Source(ids, ids != PAD)
    read = Held((), *model.encode(source))
    memories = model.reserve(read.memories, queries, steps)
    state = {name: part.expand(-1, queries, *part.shape[2:]) for name, part in read.state.items()}
    token = torch.full((batch, queries), BOS)
    for _ in range(steps):
        state = model.decode_step(token, memories, state).state
        token = drawn(batch, queries)
    written = len(memories) - len(read.memories)
    own = {name: part.contiguous() for name, part in state.items()}
    held = Held(memories[:written], memories[written:], own)
    return Example(token, source, read, held)
