"""The ids of a split on disk, read through memory maps: memory does not grow with the corpus."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attncli.text.codec import Codec
from attncli.text.pair import Pair
from attncli.text.piece_model import NO_WORD, UNK

CHUNK = 10_000
Links = np.ndarray  # (links, 2), source piece and target piece


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


class Kept(NamedTuple):
    """A pair, and whether it trains."""

    pair: Pair
    trains: bool


def write_store(
    folder: Path, pairs: Iterable[Kept], codec: Codec, advance: Callable[[int], None]
) -> Store:
    """Tokenises a split into `folder`, whole or not at all.

    `advance` hears of every so many pairs done.
    """
    partial = folder.with_name(folder.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with _Writer(partial) as writer:
            pending = iter(pairs)
            while chunk := list(islice(pending, CHUNK)):
                writer.write(chunk, codec)
                advance(len(chunk))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Store(folder)


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
        self.unlinked = 0  # pairs whose gold links did not survive tokenisation
        self.pieces = 0  # of pairs that train
        self.unknown = 0  # of those
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

    def write(self, chunk: list[Kept], codec: Codec) -> None:
        src, tgt = codec.encode_pairs([(kept.pair.src, kept.pair.tgt) for kept in chunk])
        links = [
            self._links(kept.pair, codec, src_ids, tgt_ids)
            for kept, src_ids, tgt_ids in zip(chunk, src, tgt, strict=True)
        ]
        for name, rows, size in (("src", src, codec.src.size), ("tgt", tgt, codec.tgt.size)):
            flat = np.fromiter((token for row in rows for token in row), np.uint32)
            self._append(f"{name}.ids", flat)
            self._ends(name, [len(row) for row in rows])
            train = [row for row, kept in zip(rows, chunk, strict=True) if kept.trains]
            self.pieces += sum(map(len, train))
            self.unknown += sum(token == UNK or token >= size for row in train for token in row)
        self._append("links", np.concatenate(links).astype(np.int32))
        self._ends("links", [len(row) for row in links])
        trains = np.array([kept.trains for kept in chunk])
        self._append("kept", self.rows + np.flatnonzero(trains).astype(np.int64))
        firsts = [self._first(kept.pair, self.rows + row) for row, kept in enumerate(chunk)]
        self._append("documents", np.array(firsts, np.int64))
        self.rows += len(chunk)
        self.linked += sum(map(len, links))

    def _first(self, pair: Pair, row: int) -> int:
        """The row at which the pair's document begins."""
        if pair.document is None or pair.document != self.document:
            self.first = row
        self.document = pair.document
        self.documented += pair.document is not None
        return self.first

    def _links(self, pair: Pair, codec: Codec, src_ids: list[int], tgt_ids: list[int]) -> Links:
        none = np.zeros((0, 2), np.int32)
        if not pair.links:
            return none
        src_words, tgt_words = codec.src.words(src_ids), codec.tgt.words(tgt_ids)
        if codec.preprocess.tokenize or codec.preprocess.normalize:
            src_owners, tgt_owners = codec.owners(pair.src, 0), codec.owners(pair.tgt, 1)
            if src_owners is None or tgt_owners is None:
                self.unlinked += 1
                return none
            src_words = [word if word == NO_WORD else src_owners[word] for word in src_words]
            tgt_words = [word if word == NO_WORD else tgt_owners[word] for word in tgt_words]
        return piece_links(pair.links, src_words, tgt_words)

    def _ends(self, name: str, lengths: list[int]) -> None:
        ends = self.ends[name] + np.cumsum(lengths, dtype=np.int64)
        self._append(f"{name}.starts", ends)
        self.ends[name] = int(ends[-1])

    def _append(self, name: str, values: np.ndarray) -> None:
        values.tofile(self.files[name])


def piece_links(
    links: Iterable[tuple[int, int]], src_words: list[int], tgt_words: list[int]
) -> Links:
    """Links between words as links between all pieces of those words."""
    src_pieces: dict[int, list[int]] = {}
    tgt_pieces: dict[int, list[int]] = {}
    for pieces, owners in ((src_pieces, src_words), (tgt_pieces, tgt_words)):
        for piece, word in enumerate(owners):
            pieces.setdefault(word, []).append(piece)
    ends = [
        (src_piece, tgt_piece)
        for src_word, tgt_word in links
        for src_piece in src_pieces.get(src_word, [])
        for tgt_piece in tgt_pieces.get(tgt_word, [])
    ]
    return np.array(ends, np.int32).reshape(-1, 2)


def _mapped(path: Path, dtype: type) -> np.ndarray:
    if path.stat().st_size == 0:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, mode="r")
