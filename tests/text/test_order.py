"""The order of an epoch: a sequence of batches, on disk, in memory that does not grow."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from attncli.text.batch import Batches
from attncli.text.order import Order, shuffled
from attncli.text.store import Store


def store_of(folder: Path, pairs: int) -> Store:
    """A store of so many pairs of one to nine pieces, written without any text."""
    folder.mkdir()
    (folder / "store.json").write_text(json.dumps({"links": False}))
    starts = np.append(0, np.cumsum(np.arange(pairs) % 9 + 1))
    for side in ("src", "tgt"):
        np.zeros(starts[-1], np.uint32).tofile(folder / f"{side}.ids")
        starts.astype(np.int64).tofile(folder / f"{side}.starts")
    np.arange(pairs, dtype=np.int64).tofile(folder / "kept")
    for name in ("links", "links.starts"):
        (folder / name).touch()
    return Store(folder)


def test_an_order_is_a_sequence_of_batches() -> None:
    order = Order(np.arange(10), np.array([3, 4, 10]), np.array([2, 0, 1]))
    batches = [[4, 5, 6, 7, 8, 9], [0, 1, 2], [3]]
    assert [rows.tolist() for rows in order] == batches
    assert [rows.tolist() for rows in order[1:9]] == batches[1:]
    assert order[2].tolist() == [3]
    assert len(order) == 3
    with pytest.raises(IndexError):
        order[3]


def test_rows_are_shuffled_on_disk_as_in_memory(tmp_path: Path) -> None:
    rows = np.arange(0, 90, 3)
    found = shuffled(rows, np.random.default_rng(5), tmp_path)
    assert isinstance(found.base, np.memmap)
    assert found.tolist() == np.random.default_rng(5).permutation(rows).tolist()
    assert list(tmp_path.iterdir()) == []
    assert len(shuffled(rows[:0], np.random.default_rng(5), tmp_path)) == 0


def test_memory_does_not_grow_with_the_pairs(tmp_path: Path) -> None:
    def peak(pairs: int) -> int:
        store = store_of(tmp_path / str(pairs), pairs)
        tracemalloc.start()
        assert len(Batches(tokens=4096, pool=5_000).epoch(store, 0, 1)) > 20
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(120_000) < peak(20_000) + 100_000  # its rows alone are 960,000 bytes
