"""Some pairs of text as ids and links in flat arrays: what is written to disk, and what is sent."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

import numpy as np

from attncli.text.codec import Codec
from attncli.text.pair import Pair
from attncli.text.piece_model import NO_WORD, UNK

Links = np.ndarray  # (links, 2), source piece and target piece


class Kept(NamedTuple):
    """A pair, and whether it trains."""

    pair: Pair
    trains: bool


class Chunk(NamedTuple):
    """Pairs that follow one another, a column each: so they are sent many times faster."""

    src: tuple[str, ...]
    tgt: tuple[str, ...]
    links: tuple[Iterable[tuple[int, int]] | None, ...]
    documents: tuple[str | None, ...]
    trains: tuple[bool, ...]

    @classmethod
    def of(cls, kept: list[Kept]) -> Chunk:
        """The columns of these pairs, of which there are some."""
        pairs, trains = zip(*kept, strict=True)
        src, tgt, links, _, documents = zip(*pairs, strict=True)
        return cls(src, tgt, links, documents, trains)


class Flat(NamedTuple):
    """Rows of unequal lengths, one after the other."""

    values: np.ndarray
    lengths: np.ndarray  # (rows,)


class Tokenised(NamedTuple):
    """Pairs that follow one another, as ids and links."""

    src: Flat
    tgt: Flat
    links: Flat
    trains: np.ndarray  # (pairs,) bool
    documents: tuple[str | None, ...]
    pieces: int  # of pairs that train
    unknown: int  # of those
    unlinked: int  # pairs whose gold links did not survive tokenisation


def tokenise(codec: Codec, chunk: Chunk) -> Tokenised:
    """The ids of pairs, EOS at the end of each side, and the gold links between pieces."""
    texts = list(zip(chunk.src, chunk.tgt, strict=True))
    src, tgt = codec.encode_pairs(texts)
    links = [
        _links(codec, gold, text, ids) if gold else NO_LINKS
        for gold, text, *ids in zip(chunk.links, texts, src, tgt, strict=True)
    ]
    trains = np.array(chunk.trains)
    sides = _flat(src), _flat(tgt)
    trained = [side.values[np.repeat(trains, side.lengths)] for side in sides]
    return Tokenised(
        *sides,
        Flat(
            np.concatenate([NO_LINKS if found is None else found for found in links]),
            np.array([0 if found is None else len(found) for found in links], np.int64),
        ),
        trains,
        chunk.documents,
        pieces=sum(map(len, trained)),
        unknown=sum(
            int(((values == UNK) | (values >= model.size)).sum())
            for values, model in zip(trained, (codec.src, codec.tgt), strict=True)
        ),
        unlinked=sum(found is None for found in links),
    )


NO_LINKS: Links = np.zeros((0, 2), np.int32)


def _flat(rows: list[list[int]]) -> Flat:
    lengths = np.array([len(row) for row in rows], np.int64)
    return Flat(np.fromiter(chain.from_iterable(rows), np.uint32, int(lengths.sum())), lengths)


def _links(
    codec: Codec, gold: Iterable[tuple[int, int]], text: tuple[str, str], ids: list[list[int]]
) -> Links | None:
    """The links between pieces; None where words cannot be followed through preprocessing."""
    src_words, tgt_words = codec.src.words(ids[0]), codec.tgt.words(ids[1])
    if codec.preprocess.tokenize or codec.preprocess.normalize:
        src_owners, tgt_owners = codec.owners(text[0], 0), codec.owners(text[1], 1)
        if src_owners is None or tgt_owners is None:
            return None
        src_words = [word if word == NO_WORD else src_owners[word] for word in src_words]
        tgt_words = [word if word == NO_WORD else tgt_owners[word] for word in tgt_words]
    return piece_links(gold, src_words, tgt_words)


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
