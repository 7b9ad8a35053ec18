"""The layers of a Transformer (Vaswani et al. 2017, arXiv 1706.03762, section 3)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from attncli.attention.base import Attended, Attention, Heads, Memory, State, all_steps
from attncli.models.dropout import Dropout

Norm = Literal["pre", "post"]
Trace = dict[str, Tensor]


class FeedForward(nn.Module):
    """The same two-layer network at every position: W_2 max(0, W_1 x + b_1) + b_2 (eq. 2)."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.wide = nn.Linear(dim, width)
        self.narrow = nn.Linear(width, dim)
        for layer in (self.wide, self.narrow):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.narrow(torch.relu(self.wide(inputs)))
        return outputs


class Residual(nn.Module):
    """What surrounds a sub-layer: its input is added to its output, and normalized.

    post: x + f(x) normalized      pre: x + f(x normalized)
    """

    def __init__(self, dim: int, norm: Norm, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.dropout = Dropout(dropout)
        self.before = norm == "pre"

    def enter(self, inputs: Tensor) -> Tensor:
        """What the sub-layer reads."""
        entered: Tensor = self.norm(inputs) if self.before else inputs
        return entered

    def leave(self, inputs: Tensor, outputs: Tensor) -> Tensor:
        """What the next sub-layer gets."""
        total = inputs + self.dropout(outputs)
        left: Tensor = total if self.before else self.norm(total)
        return left


class EncoderLayer(nn.Module):
    """Self-attention, then the feed-forward network."""

    def __init__(self, looks: Attention, dim: int, width: int, norm: Norm, dropout: float) -> None:
        super().__init__()
        self.looks = looks
        self.feed_forward = FeedForward(dim, width)
        self.around_looks = Residual(dim, norm, dropout)
        self.around_feed_forward = Residual(dim, norm, dropout)

    def forward(self, inputs: Tensor, mask: Tensor, look: bool) -> tuple[Tensor, Trace]:
        """States (batch, src_len, dim), mask (batch, 1 or src_len, src_len)."""
        entered = self.around_looks.enter(inputs)
        memory = self.looks.remember(entered, mask[:, 0])._replace(mask=mask)
        state = all_steps(self.looks.start(memory), inputs.size(1))
        context, seen = read(self.looks, entered, memory, state, look)
        inputs = self.around_looks.leave(inputs, context)
        outputs = self.feed_forward(self.around_feed_forward.enter(inputs))
        return self.around_feed_forward.leave(inputs, outputs), seen


class DecoderLayer(nn.Module):
    """Self-attention over the words so far, attention to the source, the feed-forward network."""

    def __init__(
        self,
        looks_back: Attention,
        looks: Attention,
        dim: int,
        width: int,
        norm: Norm,
        dropout: float,
    ) -> None:
        super().__init__()
        self.looks_back = looks_back
        self.looks = looks
        self.feed_forward = FeedForward(dim, width)
        self.around_looks_back = Residual(dim, norm, dropout)
        self.around_looks = Residual(dim, norm, dropout)
        self.around_feed_forward = Residual(dim, norm, dropout)

    def forward(
        self, inputs: Tensor, own: Memory, source: Memory, state: State, look: bool
    ) -> tuple[Tensor, Trace, Trace, Tensor]:
        """States (batch, queries, dim), with `look` what was seen of `own` and of `source`, and
        the source's context. `own` is the memory of the words so far.
        """
        entered = self.around_looks_back.enter(inputs)
        back, seen_back = read(self.looks_back, entered, own, state, look)
        inputs = self.around_looks_back.leave(inputs, back)
        entered = self.around_looks.enter(inputs)
        context, seen = read(self.looks, entered, source, state, look)
        inputs = self.around_looks.leave(inputs, context)
        outputs = self.feed_forward(self.around_feed_forward.enter(inputs))
        return self.around_feed_forward.leave(inputs, outputs), seen_back, seen, context

    def heads_of_products(self) -> tuple[Heads, Heads] | None:
        """What is around the heads on the words so far and on the source; None: not products."""
        back, looks = self.looks_back.heads_of_products(), self.looks.heads_of_products()
        return None if back is None or looks is None else (back, looks)


def read(
    attention: Attention, query: Tensor, memory: Memory, state: State, look: bool
) -> tuple[Tensor, Trace]:
    """The context, by the fastest way unless its heads are looked at."""
    if look:
        attended: Attended = attention(query, memory, state)
        return attended.context, attended.trace
    return attention.read(query, memory, state)[0], {}
