"""What goes into a model and what comes out of its decoder."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from attncli.attention.base import State


class Source(NamedTuple):
    """What the encoder gets."""

    ids: Tensor  # (batch, src_len)
    mask: Tensor  # (batch, src_len), True at real tokens

    def select(self, rows: Tensor) -> Source:
        """Some sentences of the batch; `rows` (rows,) are their indices."""
        return Source(self.ids.index_select(0, rows), self.mask.index_select(0, rows))


class Decoded(NamedTuple):
    """One step for every hypothesis, or all steps of the target: `queries` is either."""

    hidden: Tensor  # (batch, queries, output_dim): the output layer makes words of it
    weights: Tensor | None  # (batch, layers, heads, queries, src_len); None where not asked for
    state: State
    trace: dict[str, Tensor]
    losses: dict[str, Tensor]  # (batch, queries)
