"""The ids of a split on disk, read through memory maps: memory does not grow with the corpus."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attncli.text.codec import Codec
from attncli.text.tokenise import Chunk, Kept, Links, Tokenised, tokenise
from attncli.text.workers import in_order

CHUNK = 10_000


class Cut(NamedTuple):
    """A pair as pieces: ids with EOS at the end, and the links between them."""

    src: np.ndarray
    tgt: np.ndarray
    links: Links | None


class Store:
    """A tokenised split. Pair i of the text is pair i here, also where a side is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts = json.loads((folder / "store.json").read_text(encoding="utf-8"))
        self.src_ids = _mapped(folder / "src.ids", np.uint32)
        self.tgt_ids = _mapped(folder / "tgt.ids", np.uint32)
        self.src_starts = _mapped(folder / "src.starts", np.int64)
        self.tgt_starts = _mapped(folder / "tgt.starts", np.int64)
        self.kept = _mapped(folder / "kept", np.int64)  # the pairs that train
        self.documents = (
            _mapped(folder / "documents", np.int64) if self.facts.get("documents") else None
        )
        self.link_ends = _mapped(folder / "links", np.int32).reshape(-1, 2)
        self.link_starts = _mapped(folder / "links.starts", np.int64)

    def __len__(self) -> int:
        return len(self.src_starts) - 1

    def src(self, row: int) -> np.ndarray:
        """Source ids of a pair, EOS at the end."""
        return self.src_ids[self.src_starts[row] : self.src_starts[row + 1]]

    def tgt(self, row: int) -> np.ndarray:
        """Target ids of a pair, EOS at the end."""
        return self.tgt_ids[self.tgt_starts[row] : self.tgt_starts[row + 1]]

    def links(self, row: int) -> Links | None:
        """Gold links between pieces; None where the data has none."""
        if not self.facts["links"]:
            return None
        return self.link_ends[self.link_starts[row] : self.link_starts[row + 1]]

    def before(self, row: int, count: int) -> list[np.ndarray]:
        """Source ids of up to `count` sentences before a pair, the nearest first."""
        if self.documents is None:
            return []
        first = int(self.documents[row])
        found: list[np.ndarray] = []
        while row > first and len(found) < count:
            row -= 1
            if len(ids := self.src(row)) > 1:
                found.append(ids)
        return found

    def begin(self, epoch: int, seed: int) -> None:
        """Hears which epoch is read next; every one reads the same here."""

    def read(self, rows: np.ndarray) -> list[Cut]:
        """These pairs as training reads them in the epoch that has begun."""
        return [Cut(self.src(row), self.tgt(row), self.links(row)) for row in rows]

    def lengths(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pieces of each of these pairs, source and target."""
        src = self.src_starts[rows + 1] - self.src_starts[rows]
        tgt = self.tgt_starts[rows + 1] - self.tgt_starts[rows]
        return src, tgt


def write_store(
    folder: Path,
    pairs: Iterable[Kept],
    codec: Codec,
    advance: Callable[[int], None],
    workers: int = 1,
) -> Store:
    """Tokenises a split into `folder`, whole or not at all; however many `workers`, the same.

    `advance` hears of every so many pairs done.
    """
    partial_folder = folder.with_name(folder.name + ".part")
    shutil.rmtree(partial_folder, ignore_errors=True)
    partial_folder.mkdir(parents=True)
    try:
        with _Writer(partial_folder) as writer:
            for done in in_order(partial(tokenise, codec), _chunks(pairs), workers):
                writer.write(done)
                advance(len(done.trains))
        shutil.rmtree(folder, ignore_errors=True)
        partial_folder.rename(folder)
    finally:
        shutil.rmtree(partial_folder, ignore_errors=True)
    return Store(folder)


def _chunks(pairs: Iterable[Kept]) -> Iterator[Chunk]:
    pending = iter(pairs)
    while chunk := list(islice(pending, CHUNK)):
        yield Chunk.of(chunk)


class _Writer:
    def __init__(self, folder: Path) -> None:
        names = ["src.ids", "tgt.ids", "src.starts", "tgt.starts", "kept", "documents"]
        names += ["links", "links.starts"]
        self.folder = folder
        self.files = {name: (folder / name).open("wb") for name in names}
        self.ends = {"src": 0, "tgt": 0, "links": 0}
        self.rows = 0
        self.document: str | None = None
        self.first = 0  # row of the current document
        self.documented = 0  # pairs that name a document
        self.linked = 0
        self.unlinked = 0
        self.pieces = 0
        self.unknown = 0
        for name in self.ends:
            self._append(f"{name}.starts", np.zeros(1, np.int64))

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *raised: object) -> None:
        for file in self.files.values():
            file.close()
        facts = {
            "rows": self.rows,
            "links": self.linked > 0,
            "documents": self.documented > 0,
            "unlinked": self.unlinked,
            "pieces": self.pieces,
            "unknown": self.unknown,
        }
        (self.folder / "store.json").write_text(json.dumps(facts), encoding="utf-8")

    def write(self, done: Tokenised) -> None:
        self._append("src.ids", done.src.values)
        self._append("tgt.ids", done.tgt.values)
        self._append("links", done.links.values)
        for name, rows in (("src", done.src), ("tgt", done.tgt), ("links", done.links)):
            self._ends(name, rows.lengths)
        self._append("kept", self.rows + np.flatnonzero(done.trains).astype(np.int64))
        firsts = [self._first(name, self.rows + row) for row, name in enumerate(done.documents)]
        self._append("documents", np.array(firsts, np.int64))
        self.rows += len(done.trains)
        self.linked += len(done.links.values)
        self.unlinked += done.unlinked
        self.pieces += done.pieces
        self.unknown += done.unknown

    def _first(self, document: str | None, row: int) -> int:
        """The row at which the document of a pair begins."""
        if document is None or document != self.document:
            self.first = row
        self.document = document
        self.documented += document is not None
        return self.first

    def _ends(self, name: str, lengths: np.ndarray) -> None:
        ends = self.ends[name] + np.cumsum(lengths)
        self._append(f"{name}.starts", ends)
        self.ends[name] = int(ends[-1])

    def _append(self, name: str, values: np.ndarray) -> None:
        values.tofile(self.files[name])


def _mapped(path: Path, dtype: type) -> np.ndarray:
    if path.stat().st_size == 0:
        return np.zeros(0, dtype)
    # as a plain array, of which rows are taken several times faster
    return np.asarray(np.memmap(path, dtype, mode="r"))
