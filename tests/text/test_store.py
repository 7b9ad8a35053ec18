"""Ids on disk: pair i is pair i, gold links reach pieces, memory does not grow."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from attncli.text.codec import Codec
from attncli.text.pair import Pair
from attncli.text.preprocess import Preprocess
from attncli.text.store import Store, write_store
from attncli.text.subword import Subword
from attncli.text.tokenise import Kept, piece_links

PAIRS = [
    Pair(
        "the dog sees the cat", "der hund sieht die katze", ((0, 0), (1, 1), (2, 2), (3, 3), (4, 4))
    ),
    Pair("the cat", ""),
    Pair("a cat", "eine katze", ((0, 0), (1, 1))),
]


def codec(preprocess: Preprocess | None = None) -> Codec:
    return Subword(kind="char", vocab_size=60).train(
        PAIRS, preprocess or Preprocess(), ("en", "de")
    )


def said(number: int) -> None:
    """Progress that nobody reads."""


def written(folder: Path, pairs: list[Pair], made: Codec) -> Store:
    return write_store(folder, (Kept(pair, bool(pair.tgt)) for pair in pairs), made, said)


def test_every_pair_keeps_its_row(tmp_path: Path) -> None:
    made = codec()
    store = written(tmp_path / "train", PAIRS, made)
    assert len(store) == 3
    assert store.kept.tolist() == [0, 2]
    for row, pair in enumerate(PAIRS):
        assert made.src.decode(store.src(row).tolist()) == pair.src
        assert made.tgt.decode(store.tgt(row).tolist()) == pair.tgt
    src, tgt = store.lengths(np.array([1, 2]))
    assert src.tolist() == [len(store.src(1)), len(store.src(2))]
    assert tgt.tolist() == [1, len(store.tgt(2))]


def test_links_join_all_pieces_of_linked_words() -> None:
    assert piece_links([(0, 1)], [0, 0, 1, -1], [0, 1, 1, -1]).tolist() == [
        [0, 1], [0, 2], [1, 1], [1, 2],
    ]  # fmt: skip


def test_links_hold_after_tokenising(tmp_path: Path) -> None:
    pairs = [Pair("Hello, world now.", "Hallo, Welt jetzt.", ((0, 0), (1, 1), (2, 2)))] * 9
    made = Subword(kind="word", vocab_size=50).train(pairs, Preprocess(tokenize=True), ("en", "de"))
    store = written(tmp_path / "train", pairs, made)
    links = store.links(0)
    assert links is not None
    named = {
        (made.src.pieces([int(store.src(0)[src])])[0], made.tgt.pieces([int(store.tgt(0)[tgt])])[0])
        for src, tgt in links
    }
    assert ("▁world", "▁Welt") in named
    assert ("▁,", "▁Welt") not in named


def test_a_write_that_fails_leaves_the_old_store(tmp_path: Path) -> None:
    made = codec()
    written(tmp_path / "train", PAIRS, made)

    def broken() -> Iterator[Kept]:
        yield Kept(PAIRS[0], True)
        raise RuntimeError("pulled the plug")

    with pytest.raises(RuntimeError, match="plug"):
        write_store(tmp_path / "train", broken(), made, said)
    assert len(Store(tmp_path / "train")) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_what_a_killed_writer_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "train.part").mkdir()
    (tmp_path / "train.part" / "src.ids").write_bytes(b"half")
    written(tmp_path / "train", PAIRS, codec())
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_ids_and_links_stay_on_disk(tmp_path: Path) -> None:
    store = written(tmp_path / "train", PAIRS, codec())
    arrays = (store.src_ids, store.tgt_ids, store.src_starts, store.kept, store.link_starts)
    assert all(isinstance(array.base, np.memmap) for array in arrays)
    assert np.shares_memory(store.src(0), store.src_ids)
    assert not store.src(0).flags.writeable


def test_links_come_back_by_their_words(tmp_path: Path) -> None:
    made = codec()
    store = written(tmp_path / "train", PAIRS, made)
    for row, pair in enumerate(PAIRS):
        links = store.links(row)
        assert links is not None
        src, tgt = made.src.words(store.src(row).tolist()), made.tgt.words(store.tgt(row).tolist())
        assert {(src[own], tgt[other]) for own, other in links} == set(pair.links or ())


def test_without_gold_there_are_no_links(tmp_path: Path) -> None:
    store = written(tmp_path / "train", [pair._replace(links=None) for pair in PAIRS], codec())
    assert store.links(0) is None
    assert store.read(np.array([0]))[0].links is None


def test_unknown_pieces_are_counted(tmp_path: Path) -> None:
    pairs = [Pair("the ж", "die katze"), Pair("a", "ж ж"), Pair("ж does not train", "")]
    store = written(tmp_path / "train", pairs, codec())
    assert store.facts["unknown"] == 3
    trains = store.lengths(store.kept)
    assert store.facts["pieces"] == sum(int(lengths.sum()) for lengths in trains)


def test_nothing_at_all_is_a_store_too(tmp_path: Path) -> None:
    assert len(written(tmp_path / "train", [], codec())) == 0


def test_memory_does_not_grow_with_the_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attncli.text.store.CHUNK", 1_000)
    pairs = [Pair("a b", "c d")]
    made = Subword(kind="word", vocab_size=9).train(pairs, Preprocess(), ("en", "de"))

    def peak(count: int) -> int:
        tracemalloc.start()
        write_store(tmp_path / str(count), (Kept(pairs[0], True) for _ in range(count)), made, said)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(9_000) < 1.3 * peak(3_000)
