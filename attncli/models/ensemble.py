"""Several models that decode together: the mean of their probabilities at every word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.nn import functional

from attncli.attention.base import Memory, State
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Decoded, Source
from attncli.models.layers import Layers
from attncli.models.output import Output


class MeanOutput(Output):
    """The mean over models of the probability of every word.

    A word that a model cannot write, for it only stands in the source, has no probability there.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        super().__init__()
        self.outputs: Layers[Output] = Layers(outputs)

    def log_probs(self, decoded: Decoded, source: Source) -> Tensor:
        each = []
        for output, own in zip(self.outputs, decoded.members, strict=True):
            each.append(output.log_probs(own, source))
        width = max(one.size(-1) for one in each)
        wide = [functional.pad(one, (0, width - one.size(-1)), value=-math.inf) for one in each]
        return torch.stack(wide).logsumexp(0) - math.log(len(wide))

    def look(self, decoded: Decoded, source: Source) -> dict[str, Tensor]:
        """Nothing: what one model shows has no meaning for all of them."""
        return {}


class Group(NamedTuple):
    """The memories of one model; what the search does to a memory, it does to all of them."""

    memories: tuple[Memory, ...]

    def select(self, rows: Tensor) -> Group:
        """The memories of some sentences of the batch."""
        return Group(tuple(memory.select(rows) for memory in self.memories))


class Ensemble(Seq2Seq):
    """Models over one vocabulary, as one model.

        p(y) = 1/M sum_m p_m(y)

    The mean weights of each model stand where a single model has its layers.
    """

    def __init__(self, models: Sequence[Seq2Seq]) -> None:
        super().__init__()
        self.models: Layers[Seq2Seq] = Layers(models)
        self.longest = min(model.longest for model in models)
        self.previous = max(model.previous for model in models)
        self.output = MeanOutput([model.output for model in models])

    def encode(self, source: Source) -> tuple[tuple[Memory, ...], State]:
        encoded = [model.encode(source) for model in self.models]
        groups = tuple(Group(memories) for memories, _ in encoded)
        state = {
            f"{number}.{name}": part
            for number, (_, start) in enumerate(encoded)
            for name, part in start.items()
        }
        return cast("tuple[Memory, ...]", groups), state

    def reserve(self, memories: tuple[Memory, ...], queries: int, steps: int) -> tuple[Memory, ...]:
        groups = cast("tuple[Group, ...]", memories)
        room = tuple(
            Group(model.reserve(group.memories, queries, steps))
            for model, group in zip(self.models, groups, strict=True)
        )
        return cast("tuple[Memory, ...]", room)

    def decode_step(
        self, token: Tensor, memories: tuple[Memory, ...], state: State, look: bool = False
    ) -> Decoded:
        groups = cast("tuple[Group, ...]", memories)
        members: list[Decoded] = []
        after: State = {}
        for number, (model, group) in enumerate(zip(self.models, groups, strict=True)):
            prefix = f"{number}."
            own = {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}
            members.append(model.decode_step(token, group.memories, own, look))
            after.update({prefix + name: part for name, part in members[-1].state.items()})
        seen = [
            one.weights.mean((1, 2), keepdim=True) for one in members if one.weights is not None
        ]
        weights = torch.cat(seen, 1) if seen else None
        return Decoded(members[0].hidden, weights, after, {}, {}, members=tuple(members))
