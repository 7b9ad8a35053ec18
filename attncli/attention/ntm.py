"""Graves, Wayne and Danihelka 2014, "Neural Turing machines", arXiv 1410.5401, section 3.3,
eq. 5 to 9.

The encoder's states are the memory; one head reads it and nothing is written.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attncli.attention.base import (
    Attended,
    Attention,
    Memory,
    NormalizerChoice,
    State,
    next_step,
)
from attncli.attention.normalizers.base import Normalizer
from attncli.attention.normalizers.softmax import Softmax
from attncli.errors import UsageError
from attncli.recurring import dot_products, weighted_sums
from attncli.registry import Choice, Count

Looked = tuple[Tensor, dict[str, Tensor]]
"""Weights (batch, queries, src_len), and what there is to look at."""


class NeuralTuringMachine(Attention):
    """Looks for words like a key, or keeps its place and moves on, and then sharpens.

        c_ts = softmax_s(b_t cos(W query_t, state_s))      b_t = softplus(.)
        g_ts = i_t c_ts + (1 - i_t) a_t-1,s                i_t = sigmoid(.)
        m_ts = sum_k p_t(k) g_t,s-k                        p_t = softmax(.)
        a_ts = m_ts^y_t / sum_s' m_ts'^y_t                 y_t = 1 + softplus(.)

    Each (.) is a linear layer on the query. The shift goes around from the last word of a sentence
    to its first; padding has no part in it. The paper leaves the first weights open: here they
    rest on the first word. What is left out by an option hands its weights on unchanged.

    Options:
        content: look for words like a key; without it the weights only move
        interpolation: mix what was found with the weights of the step before
        shift: words by which the weights may move either way; 0 leaves the shift out
        sharpening: sharpen what the shift has blurred
    """

    name = "ntm"
    sequential = True
    positional = True

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        content: bool = True,
        interpolation: bool = True,
        shift: Count = 1,
        sharpening: bool = True,
        normalize: NormalizerChoice = Choice("normalizer", "softmax"),
    ) -> None:
        super().__init__(query_dim, memory_dim, normalize=normalize)
        if interpolation and not content:
            raise UsageError(
                f"{self.name} without content has nothing to interpolate with: "
                "set model.attention.interpolation=false too"
            )
        if not content:
            self.refuse_normalizer("without content has no scores")
        stages: list[nn.Module] = []
        if content:
            stages.append(Content(query_dim, memory_dim, self.normalize))
        if interpolation:
            stages.append(Interpolation(query_dim))
        if shift:
            stages.append(Shift(query_dim, shift))
        if sharpening:
            stages.append(Sharpening(query_dim))
        self.stages = nn.ModuleList(stages)

    def keys(self, states: Tensor) -> Tensor:
        return F.normalize(states, dim=-1)

    def start(self, memory: Memory) -> State:
        first = torch.zeros_like(memory.mask[:, :1], dtype=memory.values.dtype)
        first[..., 0] = 1.0
        return {**super().start(memory), "weights": first * memory.mask[:, :1]}

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        weights = last = state["weights"]
        trace: dict[str, Tensor] = {}
        for stage in self.stages:
            weights, seen = stage(query, memory, weights, last)
            trace |= seen
        weights = weights.expand(-1, query.size(1), -1)
        after = {**next_step(state), "weights": weights}
        return Attended(weighted_sums(weights, memory.values), weights, after, trace, {})


class Content(nn.Module):
    """Eq. 5 and 6: weights by the angle between a key and each state."""

    def __init__(self, query_dim: int, memory_dim: int, normalize: Normalizer) -> None:
        super().__init__()
        self.normalize = normalize
        self.key = nn.Linear(query_dim, memory_dim)
        self.strength = nn.Linear(query_dim, 1)
        nn.init.constant_(self.strength.bias, 10.0)  # a cosine alone leaves softmax nearly uniform

    def forward(self, query: Tensor, memory: Memory, weights: Tensor, last: Tensor) -> Looked:
        cosine = dot_products(F.normalize(self.key(query), dim=-1), memory.keys)
        strength = F.softplus(self.strength(query))
        scores = strength * cosine
        found = self.normalize(scores, memory.mask)
        return found, {"scores": scores, "strength": strength.squeeze(-1)}


class Interpolation(nn.Module):
    """Eq. 7: a gate between what was found and the weights of the step before."""

    def __init__(self, query_dim: int) -> None:
        super().__init__()
        self.gate = nn.Linear(query_dim, 1)

    def forward(self, query: Tensor, memory: Memory, weights: Tensor, last: Tensor) -> Looked:
        gate = torch.sigmoid(self.gate(query))
        return gate * weights + (1 - gate) * last, {"gate": gate.squeeze(-1)}


class Shift(nn.Module):
    """Eq. 8: a circular convolution over the words of the sentence."""

    def __init__(self, query_dim: int, reach: int) -> None:
        super().__init__()
        self.shares = nn.Linear(query_dim, 2 * reach + 1)
        self.moves = range(-reach, reach + 1)

    def forward(self, query: Tensor, memory: Memory, weights: Tensor, last: Tensor) -> Looked:
        shares = self.shares(query).softmax(-1)  # (batch, queries, moves)
        shape = (*shares.shape[:2], memory.mask.size(-1))
        positions = torch.arange(shape[2], device=query.device)
        length = memory.mask.sum(-1, keepdim=True).clamp(min=1)
        moved = torch.zeros(shape, dtype=weights.dtype, device=query.device)
        for number, move in enumerate(self.moves):
            origin = ((positions - move) % length).expand(shape)
            moved = moved + shares[..., number, None] * weights.expand(shape).gather(2, origin)
        moves = torch.tensor(self.moves, dtype=shares.dtype, device=query.device)
        return moved.masked_fill(~memory.mask, 0), {"shift": shares @ moves}


class Sharpening(nn.Module):
    """Eq. 9: a power of at least one, after which the weights are shares again."""

    def __init__(self, query_dim: int) -> None:
        super().__init__()
        self.power = nn.Linear(query_dim, 1)
        self.shares = Softmax()

    def forward(self, query: Tensor, memory: Memory, weights: Tensor, last: Tensor) -> Looked:
        power = 1 + F.softplus(self.power(query))
        # As exp(y log m), so that high powers of small shares do not all vanish at once.
        logs = weights.clamp(min=torch.finfo(weights.dtype).tiny).log()
        sharp = self.shares(power * logs, memory.mask)
        return sharp, {"sharpening": power.squeeze(-1)}
