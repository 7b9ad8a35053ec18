"""The order in which an epoch reads its pairs: on disk, so that memory does not grow with it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

COPIED = 1_000_000


class Order(Sequence[np.ndarray]):
    """The rows of every batch; batch i is the one at `places[i]` of those cut from `rows`.

    `ends` says where in `rows` each of them ends.
    """

    def __init__(self, rows: np.ndarray, ends: np.ndarray, places: np.ndarray) -> None:
        self.rows, self.ends, self.places = rows, ends, places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> np.ndarray: ...

    @overload
    def __getitem__(self, index: slice) -> list[np.ndarray]: ...

    def __getitem__(self, index: int | slice) -> np.ndarray | list[np.ndarray]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = self.places[index]
        begin = self.ends[place - 1] if place else 0
        return np.array(self.rows[begin : self.ends[place]])


def shuffled(rows: np.ndarray, random: np.random.Generator, folder: Path) -> np.ndarray:
    """The rows in a random order, in a temporary file in `folder`, which ends with the array."""
    if not len(rows):
        return np.zeros(0, rows.dtype)
    with tempfile.TemporaryFile(dir=folder) as file:
        found = np.memmap(file, rows.dtype, "w+", shape=rows.shape)
    for begin in range(0, len(rows), COPIED):
        found[begin : begin + COPIED] = rows[begin : begin + COPIED]
    plain = np.asarray(found)  # which numpy shuffles in its place, and many times faster
    random.shuffle(plain)
    return plain
