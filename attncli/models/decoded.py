"""What goes into a model and what comes out of its decoder."""

from __future__ import annotations

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


class Decoded(NamedTuple):
    """One step for every hypothesis, or all steps of the target: `queries` is either."""

    hidden: Tensor  # (batch, queries, output_dim): the output layer makes words of it
    weights: Tensor | None  # (batch, layers, heads, queries, src_len); None where not asked for
    state: State
    trace: dict[str, Tensor]
    losses: dict[str, Tensor]  # (batch, queries)
