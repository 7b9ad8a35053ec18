"""Which lines repeat an earlier one, told by a 64-bit hash of each, in memory that stays small.

The hashes lie in a temporary file. Afterwards they are looked through a part at a time, each part
being those with a certain remainder: equal hashes are in one part. Two different lines may have
one hash; among ten million lines the chance that any two do is 3 in a million.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np

PART = 1_000_000
CODE = np.dtype("<u8")


def code(text: str) -> bytes:
    """The hash of a text: 8 bytes."""
    return hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"), digest_size=CODE.itemsize
    ).digest()


class Repeated(NamedTuple):
    """How many lines repeat an earlier one, and the numbers of the first of them, from 1."""

    total: int
    first: list[int]


class Repeats:
    """Hears the hash of each line; a context manager. Its file is in `folder`."""

    def __init__(self, folder: Path | None = None) -> None:
        self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self.count = 0

    def __enter__(self) -> Repeats:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()

    def add(self, found: bytes) -> None:
        """The hash of the next line."""
        self.file.write(found)
        self.count += 1

    def find(self, shown: int) -> Repeated:
        """All that repeat, and the first `shown` of them."""
        total, first = 0, np.zeros(0, np.int64)
        parts = -(-self.count // PART)
        for part in range(parts):
            lines = self._repeated(part, parts)
            total += len(lines)
            first = np.sort(np.concatenate([first, lines]))[:shown]
        return Repeated(total, (first + 1).tolist())

    def _repeated(self, part: int, parts: int) -> np.ndarray:
        """The lines of a part, from 0, whose hash an earlier line has."""
        codes, lines = (np.concatenate(both) for both in zip(*self._of(part, parts), strict=True))
        order = np.argsort(codes, kind="stable")
        sorted_codes = codes[order]
        again = np.flatnonzero(sorted_codes[1:] == sorted_codes[:-1]) + 1
        repeated: np.ndarray = lines[order[again]]
        return repeated

    def _of(self, part: int, parts: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        self.file.seek(0)
        begin = 0
        while held := self.file.read(PART * CODE.itemsize):
            codes = np.frombuffer(held, CODE)
            places = np.flatnonzero(codes % parts == part)
            yield codes[places], begin + places
            begin += len(codes)
