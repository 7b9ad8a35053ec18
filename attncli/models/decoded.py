"""What goes into a model and what comes out of its decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from attncli.attention.base import State


class Source(NamedTuple):
    """What the encoder gets."""

    ids: Tensor  # (batch, src_len)
    mask: Tensor  # (batch, src_len), True at real tokens
    before: Source | None = None  # its ids and mask (batch, sentences, src_len), the nearest first

    def select(self, rows: Tensor) -> Source:
        """Some sentences of the batch; `rows` (rows,) are their indices."""
        before = None if self.before is None else self.before.select(rows)
        return Source(self.ids.index_select(0, rows), self.mask.index_select(0, rows), before)

    def previous(self, sentences: int) -> Source:
        """Up to so many sentences of the document before this one; one that is absent for none."""
        if self.before is None:
            blank = self.ids.new_zeros(self.ids.size(0), 1, 1)
            return Source(blank, torch.zeros_like(blank, dtype=torch.bool))
        return Source(self.before.ids[:, :sentences], self.before.mask[:, :sentences])


class Glimpse(NamedTuple):
    """What each step looked at and from where: for outputs that take words from the source."""

    context: Tensor  # (batch, queries, context_dim)
    state: Tensor  # (batch, queries, state_dim), the decoder's
    word: Tensor  # (batch, queries, word_dim), the last word's embedding
    weights: Tensor | None  # (batch, queries, src_len); None: this mechanism looks at nothing


class GlimpseSizes(NamedTuple):
    """Widths of a glimpse."""

    context: int
    state: int
    word: int


class Decoded(NamedTuple):
    """One step for every hypothesis, or all steps of the target: `queries` is either."""

    hidden: Tensor  # (batch, queries, output_dim): the output layer makes words of it; where it
    # `spreads`, (batch, queries, positions, output_dim)
    weights: Tensor | None  # (batch, layers, heads, queries, src_len); None where not asked for
    state: State
    trace: dict[str, Tensor]  # to look at: see `seen`
    losses: dict[str, Tensor]  # (batch, queries)
    glimpse: Glimpse | None = None  # where the output asks for it
    members: tuple[Decoded, ...] = ()  # of several models that decode together, what each decoded


HEADS = "heads"
"""In an attention's trace: what each of several heads has, (batch, queries, heads, ...)."""


def by_layer(traces: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """What the heads of each layer show, as (batch, queries, layers, heads, ...), by plain name."""
    return {
        name.removeprefix(HEADS + "."): torch.stack([trace[name] for trace in traces], 2)
        for name in (traces[0] if traces else ())
        if name.partition(".")[0] == HEADS
    }


def seen(trace: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A decoder's trace in one shape: (batch, layers, heads, queries), or src_len after that.

    What comes as (batch, queries) or (batch, queries, src_len) is of one layer with one head; what
    has more axes is (batch, queries, layers, heads) or (batch, queries, layers, heads, src_len).
    With a dot in its name it is a component's own, and shown only as (batch, queries).
    """
    each = {
        name: part if part.dim() > 3 else part.unsqueeze(2).unsqueeze(2)
        for name, part in trace.items()
        if part.dim() == 2 or "." not in name
    }
    return {name: part.movedim(1, 3) for name, part in each.items()}
