"""Batches: every pair once, the same for the same seed, never over the budget."""

from __future__ import annotations

import numpy as np
import pytest

from attncli.text.batch import Batches, pad
from attncli.text.pair import Pair
from attncli.text.preprocess import Preprocess
from attncli.text.store import Store, write_store
from attncli.text.subword import Subword
from attncli.text.tokenise import Kept


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    random = np.random.default_rng(3)
    pairs = [
        Pair(" ".join("ab" for _ in range(src)), " ".join("cd" for _ in range(tgt)), ((0, 0),))
        for src, tgt in random.integers(1, 30, (500, 2))
    ]
    codec = Subword(kind="word", vocab_size=8).train(pairs, Preprocess(), ("en", "de"))
    kept = (Kept(pair, row % 7 > 0) for row, pair in enumerate(pairs))
    return write_store(tmp_path_factory.mktemp("store") / "train", kept, codec, lambda count: None)


@pytest.mark.parametrize(
    "options", [{"tokens": 100}, {"sentences": 16}, {"tokens": 100, "pool": 50}]
)
def test_every_pair_that_trains_comes_once(store: Store, options: dict[str, int]) -> None:
    rows = np.concatenate(Batches(**options).epoch(store, 0, 1))
    assert sorted(rows.tolist()) == store.kept.tolist()


@pytest.mark.parametrize("tokens", [10, 100, 1000])
def test_the_budget_holds_with_padding(store: Store, tokens: int) -> None:
    batches = Batches(tokens=tokens)
    for rows in batches.epoch(store, 0, 1):
        batch = batches.collate(store, rows)
        assert max(batch.src.size, batch.tgt.size) <= tokens or len(rows) == 1


def test_what_is_put_together_is_of_like_length(store: Store) -> None:
    """Sorted upwards by source for every length of target, 60% of the source places were real."""
    padded = np.zeros(2)
    for rows in Batches(sentences=8).epoch(store, 0, 1):
        padded += [len(rows) * side.max() for side in store.lengths(rows)]
    src, tgt = [side.sum() for side in store.lengths(store.kept)] / padded
    assert src > 0.68
    assert tgt > 0.95


def test_seed_and_epoch_decide(store: Store) -> None:
    def order(epoch: int, seed: int) -> list[list[int]]:
        return [rows.tolist() for rows in Batches(tokens=100).epoch(store, epoch, seed)]

    assert order(2, 5) == order(2, 5)
    assert order(2, 5) != order(3, 5)
    assert order(2, 5) != order(2, 6)


def test_a_batch_is_padded_at_the_end_and_linked_rows_sum_to_one(store: Store) -> None:
    rows = store.kept[:5]
    batch = Batches().collate(store, rows)
    for place, row in enumerate(rows):
        assert batch.src[place, : len(store.src(row))].tolist() == store.src(row).tolist()
        assert not batch.src[place, len(store.src(row)) :].any()
    assert batch.links is not None
    assert batch.links.shape == (5, batch.tgt.shape[1], batch.src.shape[1])
    assert set(batch.links.sum(2).ravel().tolist()) == {0.0, 1.0}


def test_pad() -> None:
    assert pad([[5], [6, 7]]).tolist() == [[5, 0], [6, 7]]


def test_a_pair_beyond_the_budget_is_a_batch_of_its_own(store: Store) -> None:
    batches = Batches(tokens=20)
    longest = np.maximum(*store.lengths(np.arange(len(store))))
    alone = {int(row) for row in store.kept if longest[row] > 20}
    found = {int(rows[0]) for rows in batches.epoch(store, 0, 1) if len(rows) == 1}
    assert alone
    assert alone <= found


def test_nothing_is_cut_off(store: Store) -> None:
    batches = Batches(tokens=10)
    for rows in batches.epoch(store, 0, 1):
        batch = batches.collate(store, rows)
        src, tgt = store.lengths(rows)
        assert (batch.src != 0).sum(1).tolist() == src.tolist()
        assert (batch.tgt != 0).sum(1).tolist() == tgt.tolist()


def test_a_budget_of_sentences(store: Store) -> None:
    sizes = sorted(len(rows) for rows in Batches(sentences=16).epoch(store, 0, 1))
    assert sizes[1:] == [16] * (len(sizes) - 1)


def test_like_lengths_come_together(store: Store) -> None:
    spread = [np.ptp(store.lengths(rows)[1]) for rows in Batches(tokens=200).epoch(store, 0, 1)]
    assert max(spread) < 10


def test_where_every_pair_is_beyond_the_budget_each_is_alone(store: Store) -> None:
    assert [len(rows) for rows in Batches(tokens=1).epoch(store, 0, 1)] == [1] * len(store.kept)
