"""A model and a search on many sentences: batches of neighbours in length, one core each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch

from attncli.experiment import source_of
from attncli.models.base import Seq2Seq
from attncli.parallel import Cores, one_by_one
from attncli.search import Found, Search

SENTENCES = 64


class Encoded(NamedTuple):
    """A sentence as a search gets it."""

    ids: list[int]
    before: Sequence[Sequence[int]] = ()  # sentences before it in its document, nearest first
    seed: Sequence[int] = (0,)  # of its draws, where words are drawn


def nobody(count: int) -> None:
    """Is told, and does nothing."""


class Batch(NamedTuple):
    """Sentences that are decoded together, and whether to keep what they look at."""

    sentences: Sequence[Encoded]
    look: bool


class Decoding:
    """A model and a search for any number of sentences, those of a batch on one core.

    Once it has decoded, both must stay as they are until `close`: forks of this process wait for
    the next call (`Cores`).
    """

    def __init__(self, model: Seq2Seq, search: Search, device: torch.device) -> None:
        find = partial(_find, model, search, device)
        self.cores = Cores(find)
        self.each = self.cores.each if device.type == "cpu" else partial(one_by_one, find)

    def found(
        self,
        encoded: Sequence[Encoded],
        look: bool = False,
        sentences: int = SENTENCES,
        tell: Callable[[int], object] = nobody,
    ) -> list[list[Found]]:
        """Translations of sentences, in their order; neighbours in length share a batch.

        The longest come first, so that no core is left with them at the end. `tell` is told how
        many more are done, batch by batch.
        """
        order = sorted(range(len(encoded)), key=lambda row: len(encoded[row].ids))
        begins = reversed(range(0, len(order), sentences))
        chosen = [order[begin : begin + sentences] for begin in begins]
        batches = [Batch([encoded[row] for row in rows], look) for rows in chosen]

        def done(batch: Batch) -> object:
            return tell(len(batch.sentences))

        found: list[list[Found]] = [[] for _ in encoded]
        for rows, results in zip(chosen, self.each(batches, done), strict=True):
            for row, hypotheses in zip(rows, results, strict=True):
                found[row] = hypotheses
        return found

    def close(self) -> None:
        """Ends the forks; what is decoded next is decoded by the model as it is then."""
        self.cores.close()


def _find(model: Seq2Seq, search: Search, device: torch.device, batch: Batch) -> list[list[Found]]:
    ids, before, seeds = zip(*batch.sentences, strict=True)
    return search.find(model, source_of(ids, device, before), batch.look, seeds)
