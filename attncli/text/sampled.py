"""Training text whose words are cut in another way in every epoch."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np

from attncli.text.codec import Codec
from attncli.text.piece_model import UNK
from attncli.text.sampling import Sampler
from attncli.text.store import Cut, Store
from attncli.text.tokenise import Links, piece_links


class SampledStore(Store):
    """A store that draws the cut of each pair when it is read.

    The draw depends on seed, epoch and row, and on nothing read before: training that is resumed
    within an epoch reads what it would have read. `lengths` draws too: batches sorted by the stored
    cuts would hold a third more padding, and more pieces than their budget.
    """

    def __init__(self, folder: Path, codec: Codec, samplers: tuple[Sampler, Sampler]) -> None:
        super().__init__(folder)
        self.codec = codec
        self.samplers = samplers
        self.seed, self.epoch = 0, 0

    def begin(self, epoch: int, seed: int) -> None:
        """Sets which epoch is read next."""
        self.seed, self.epoch = seed, epoch

    def read(self, rows: np.ndarray) -> list[Cut]:
        """These pairs, each in its cut of this epoch."""
        return [self._cut(int(row)) for row in rows]

    def lengths(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pieces of each of these pairs in its cut of this epoch, source and target."""
        cuts = ((len(cut.src), len(cut.tgt)) for cut in map(self._cut, rows.tolist()))
        src, tgt = np.array(list(cuts), np.int64).reshape(-1, 2).T
        return src, tgt

    def _cut(self, row: int) -> Cut:
        random = Random(f"{self.seed} {self.epoch} {row}")
        stored = self._within(self.src(row), 0), self._within(self.tgt(row), 1)
        src, tgt = (
            sampler.draw(ids, random) for sampler, ids in zip(self.samplers, stored, strict=True)
        )
        links = self.links(row)
        if links is not None and len(links):
            links = self._moved(links, stored, (src, tgt))
        return Cut(np.array(src, np.int64), np.array(tgt, np.int64), links)

    def _within(self, ids: np.ndarray, side: int) -> list[int]:
        """The ids, unknown pieces without their numbers: a draw may cut words in another way."""
        size = (self.codec.src, self.codec.tgt)[side].size
        known: list[int] = np.where(ids < size, ids, UNK).tolist()
        return known

    def _moved(
        self,
        links: Links,
        stored: tuple[list[int], list[int]],
        drawn: tuple[list[int], list[int]],
    ) -> Links:
        """The links of the stored pieces, by way of their words, as links of the drawn ones."""
        src, tgt = self.codec.src.words, self.codec.tgt.words
        src_words, tgt_words = src(stored[0]), tgt(stored[1])
        words = {(src_words[own], tgt_words[other]) for own, other in links.tolist()}
        return piece_links(sorted(words), src(drawn[0]), tgt(drawn[1]))
