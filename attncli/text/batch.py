"""Pairs of like length put together, by a budget of tokens or of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from attncli.registry import Count, Positive
from attncli.text.order import Order, shuffled
from attncli.text.piece_model import PAD
from attncli.text.store import Cut, Store


class Batch(NamedTuple):
    """Some pairs as arrays, padded at the end."""

    rows: np.ndarray  # (batch,), which pairs of the store
    src: np.ndarray  # (batch, src_len) int64, EOS at the end
    tgt: np.ndarray  # (batch, tgt_len) int64, EOS at the end, no BOS
    links: np.ndarray | None  # (batch, tgt_len, src_len) float32, linked rows sum to one
    before: np.ndarray | None = None  # (batch, sentences, src_len), the nearest sentence first


class Batches:
    """How pairs are put together: shuffled, sorted by length within a pool, cut by a budget.

    Options:
        tokens: pieces in a batch with its padding, on its longer side
        sentences: pairs in a batch; 0 goes by `tokens`
        pool: pairs that are sorted by length together; 0 takes all of the epoch's
    """

    def __init__(
        self, *, tokens: Positive = 4096, sentences: Count = 0, pool: Count = 100_000
    ) -> None:
        self.tokens = tokens
        self.sentences = sentences
        self.pool = pool

    def epoch(self, store: Store, epoch: int, seed: int) -> Order:
        """The rows of every batch of an epoch, in order; the same for the same epoch and seed.

        Only pairs that train are in it, each of them once.
        """
        store.begin(epoch, seed)
        random = np.random.default_rng([seed, epoch])
        rows = shuffled(store.kept, random, store.folder)
        ends = [np.zeros(0, np.int64)]
        size = self.pool or max(1, len(rows))
        for begin in range(0, len(rows), size):
            ends.append(begin + self._cut(store, rows[begin : begin + size]))
        cuts = np.concatenate(ends)
        return Order(rows, cuts, random.permutation(len(cuts)))

    def _cut(self, store: Store, rows: np.ndarray) -> np.ndarray:
        """Sorts rows by length, in their place, and says where among them each batch ends.

        By that of the target, and where it is the same by that of the source, upwards and downwards
        in turn: the sources of a batch with two lengths of target are then of like length too.
        """
        src, tgt = store.lengths(rows)
        order = np.lexsort((np.where(tgt % 2, src, -src), tgt))
        rows[:], longest = rows[order], np.maximum(src, tgt)[order]
        if self.sentences:
            return np.append(np.arange(self.sentences, len(rows), self.sentences), len(rows))
        ends: list[int] = []
        begin, most = 0, 0
        for place, length in enumerate(longest.tolist()):
            most = max(most, length)
            if most * (place - begin + 1) > self.tokens and place > begin:
                ends.append(place)
                begin, most = place, length
        return np.array([*ends, len(rows)])

    def collate(self, store: Store, rows: np.ndarray, previous: int = 0) -> Batch:
        """The pairs of these rows as one batch, cut as the epoch that has begun cuts them.

        With up to `previous` sentences of its document before each.
        """
        cuts = store.read(rows)
        src, tgt = pad([cut.src for cut in cuts]), pad([cut.tgt for cut in cuts])
        links = _links(cuts, src.shape[1], tgt.shape[1]) if store.facts["links"] else None
        before = pad_documents([store.before(int(row), previous) for row in rows])
        return Batch(rows, src, tgt, links, before)


def pad(rows: Sequence[Sequence[int] | np.ndarray]) -> np.ndarray:
    """Ids of unequal lengths as (rows, longest) int64, PAD at the end."""
    padded = np.full((len(rows), max(map(len, rows))), PAD, np.int64)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = row
    return padded


def pad_documents(before: Sequence[Sequence[Sequence[int] | np.ndarray]]) -> np.ndarray | None:
    """The sentences before each of some sentences as (rows, most, longest), PAD at the ends.

    None where nothing stands before any.
    """
    most = max(map(len, before))
    if not most:
        return None
    longest = max(len(ids) for sentences in before for ids in sentences)
    padded = np.full((len(before), most, longest), PAD, np.int64)
    for place, sentences in enumerate(before):
        for distance, ids in enumerate(sentences):
            padded[place, distance, : len(ids)] = ids
    return padded


def _links(cuts: list[Cut], src_len: int, tgt_len: int) -> np.ndarray:
    gold = np.zeros((len(cuts), tgt_len, src_len), np.float32)
    for place, cut in enumerate(cuts):
        if cut.links is not None:
            gold[place, cut.links[:, 1], cut.links[:, 0]] = 1.0
    shared: np.ndarray = gold / np.maximum(gold.sum(-1, keepdims=True), 1.0)
    return shared
