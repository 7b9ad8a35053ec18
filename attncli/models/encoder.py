"""The recurrent encoder: a stack of layers, each of which reads in one direction or in both."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from attncli.errors import UsageError
from attncli.models.cells import Cell, CellChoice, Ran
from attncli.models.dropout import Dropout
from attncli.models.layers import Layers

READS_BACKWARD = {
    "bidirectional": (False, True),
    "forward": (False,),
    "reversed": (True,),
}


class Encoded(NamedTuple):
    """What came of a sentence, in the order in which it was written whatever the reading order."""

    states: Tensor  # (batch, src_len, hidden)
    mask: Tensor  # (batch, src_len)
    ends: list[tuple[Tensor, ...]]  # per layer and part of the cell's state: (batch, hidden)


class RecurrentEncoder(nn.Module):
    """Layers of cells over the source; padding is never read."""

    def __init__(
        self,
        cell: CellChoice,
        embedding: int,
        hidden: int,
        layers: int,
        reading: str,
        dropout: float,
    ) -> None:
        super().__init__()
        self.backward_flags = READS_BACKWARD[reading]
        self.directions = len(self.backward_flags)
        if hidden % len(self.backward_flags):
            raise UsageError(f"model.hidden {hidden}: a {reading} encoder divides it in two")
        width = hidden // len(self.backward_flags)
        self.layers: Layers[Layers[Cell]] = Layers(
            Layers(cell.build(hidden if layer else embedding, width) for _ in self.backward_flags)
            for layer in range(layers)
        )
        self.dropout = Dropout(dropout)

    def forward(self, embedded: Tensor, mask: Tensor) -> Encoded:
        """Reads embeddings (batch, src_len, embedding) with their mask (batch, src_len)."""
        ends = []
        states = embedded
        for number, layer in enumerate(self.layers):
            inputs = self.dropout(states) if number else states
            read = [
                _read(cell, inputs, mask, backward)
                for cell, backward in zip(layer, self.backward_flags, strict=True)
            ]
            states = torch.cat([one.outputs for one in read], -1)
            parts = zip(*(one.end for one in read), strict=True)
            ends.append(tuple(torch.cat(part, -1) for part in parts))
        return Encoded(states * mask.unsqueeze(-1), mask, ends)


def _read(cell: Cell, inputs: Tensor, mask: Tensor, backward: bool) -> Ran:
    """One direction, its outputs in written order.

    Padding stands behind the words in either direction, so that no word's state depends on it.
    """
    before = cell.zeros(inputs.size(0))
    if not backward:
        return cell.run(inputs, before, mask)
    rows = _reading_order(mask)
    outputs, end = cell.run(_reordered(inputs, rows), before, mask)
    return Ran(_reordered(outputs, rows), end)


def _reading_order(mask: Tensor) -> Tensor:
    """Rows of (batch * src_len): each sentence from its last word to its first, then padding."""
    batch, src_len = mask.shape
    positions = torch.arange(src_len, device=mask.device)
    last_word = mask.sum(1, keepdim=True) - 1
    order = torch.where(mask, last_word - positions, positions)  # (batch, src_len)
    first = torch.arange(0, batch * src_len, src_len, device=mask.device)
    return (first.unsqueeze(1) + order).flatten()


def _reordered(sequence: Tensor, rows: Tensor) -> Tensor:
    return sequence.flatten(0, 1).index_select(0, rows).view_as(sequence)
