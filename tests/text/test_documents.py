"""Documents: where they end in every kind of data, and what stands before a sentence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from attncli.errors import DataError, UsageError
from attncli.text.batch import Batches, pad_documents
from attncli.text.corpus import Data
from attncli.text.documents import Line, Past, by_blank_lines
from attncli.text.pair import Pair
from attncli.text.piece_model import PAD
from attncli.text.preprocess import Preprocess
from attncli.text.report import DataReport
from attncli.text.sources import Rows
from attncli.text.store import Store, write_store
from attncli.text.subword import Subword
from attncli.text.tokenise import Kept

TEXT = {"en": "a b\nc\n\nd\n\n\ne\nf\n", "de": "A B\nC\n\nD\n\n\nE\nF\n"}


def test_the_past_is_the_nearest_sentences_of_the_same_document() -> None:
    past: Past[str] = Past(2)
    lines = [("a", "1"), ("b", "1"), ("", "1"), ("c", "1"), ("d", "2"), ("e", None), ("f", None)]
    heard = [past.hear(text, document, bool(text)) for text, document in lines]
    assert heard == [(), ("a",), ("b", "a"), ("b", "a"), (), (), ()]
    assert Past[str](0).hear("a", "1", True) == ()


def test_blank_lines_divide_documents_also_over_windows() -> None:
    (first, second) = by_blank_lines([["a", "b", ""], ["c", " ", "d"]])
    assert first == [Line("a", "0"), Line("b", "0"), Line("")]
    assert second == [Line("c", "1"), Line(" "), Line("d", "2")]


def plain(folder: Path) -> str:
    for language, text in TEXT.items():
        (folder / f"x.{language}").write_text(text)
    return str(folder / "x")


def test_blank_lines_in_files_keep_their_rows(tmp_path: Path) -> None:
    split = Data(train=plain(tmp_path), documents="blank").load().train
    assert split is not None
    pairs = list(split)
    assert [pair.src for pair in pairs] == ["a b", "c", "", "d", "", "", "e", "f"]
    assert [pair.document for pair in pairs] == ["0", "0", None, "1", None, None, "3", "3"]
    again = Data(train=plain(tmp_path)).load().train
    assert again is not None
    assert {pair.document for pair in again} == {None}


def test_a_line_blank_on_one_side_ends_no_document(tmp_path: Path) -> None:
    (tmp_path / "x.en").write_text("a\n\nb\n")
    (tmp_path / "x.de").write_text("A\nC\nB\n")
    split = Data(train=str(tmp_path / "x"), documents="blank").load().train
    assert split is not None
    assert [pair.document for pair in split] == ["0", "0", "0"]


ROWS = [("a", "A", "1"), ("b", "B", "1"), ("c", "C", "2")]


@pytest.mark.parametrize("kind", ["tsv", "tsv.gz", "jsonl", "nested"])
def test_a_column_names_the_document(tmp_path: Path, kind: str) -> None:
    if kind.startswith("tsv"):
        path = tmp_path / f"x.{kind}"
        text = "".join(
            f"{cells[2]}\t{cells[1]}\t{cells[0]}\n" for cells in [("en", "de", "talk"), *ROWS]
        )
        path.write_bytes(gzip.compress(text.encode()) if kind.endswith("gz") else text.encode())
    else:
        path = tmp_path / "x.jsonl"
        rows = [{"en": en, "de": de} for en, de, _ in ROWS]
        objects = [
            {**(row if kind == "jsonl" else {"translation": row}), "talk": int(talk)}
            for row, (_, _, talk) in zip(rows, ROWS, strict=True)
        ]
        path.write_text("".join(json.dumps(entry) + "\n" for entry in objects))
    split = Data(train=str(path), documents="talk").load().train
    assert split is not None
    assert [(*pair[:2], pair.document) for pair in split] == ROWS


def test_a_column_of_a_hub_data_set() -> None:
    rows = [{"translation": {"en": "a", "de": "A"}, "talk": talk} for talk in (7, 7, 9)]
    split = Rows("hub train", rows, "en", "de", "talk")
    assert [pair.document for pair in split] == ["7", "7", "9"]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("en\tde\na\tA\n")
    with pytest.raises(DataError, match=r"x\.tsv:1: no header that names en, de, talk"):
        list(Data(train=str(tmp_path / "x.tsv"), documents="talk").load().train or [])
    (tmp_path / "x.jsonl").write_text('{"en": "a", "de": "b"}\n')
    with pytest.raises(DataError, match=r"x\.jsonl:1: no document's id under 'talk'; there is en"):
        list(Data(train=str(tmp_path / "x.jsonl"), documents="talk").load().train or [])
    with pytest.raises(DataError, match="plain files have no column 'talk'"):
        Data(train=plain(tmp_path), documents="talk").load()


def test_concatenation_moves_links_and_stops_at_the_documents_end(tmp_path: Path) -> None:
    (tmp_path / "x.align").write_text("0-1 1-0\n0-0\n\n0-0\n\n\n0-0\n0-0\n")
    split = Data(train=plain(tmp_path), documents="blank", concatenate=2).load().train
    assert split is not None
    pairs = list(split)
    assert [pair.src for pair in pairs] == ["a b", "a b | c", "", "d", "", "", "e", "e | f"]
    assert [pair.tgt for pair in pairs][:2] == ["A B", "C"]
    assert [pair.links for pair in pairs][:4] == [((0, 1), (1, 0)), ((3, 0),), (), ((0, 0),)]
    data = Data(train=plain(tmp_path), documents="blank", concatenate=1, separator="<s>")
    windows = data.lines([["a b", "c"], ["g", "", "d"]])
    assert [[line.text for line in window] for window in windows] == [
        ["a b", "a b <s> c"], ["c <s> g", "", "d"],
    ]  # fmt: skip


def test_nothing_is_put_before_without_documents() -> None:
    with pytest.raises(UsageError, match=r"data\.concatenate .* no documents"):
        Data(concatenate=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    documents = ["1", "1", "1", "1", None, "2", None, None]
    texts = ["a", "b b", "", "c", "", "d", "e", "f"]
    pairs = [
        Pair(text, text.upper(), document=name) for text, name in zip(texts, documents, strict=True)
    ]
    codec = Subword(kind="word", vocab_size=16).train(pairs, Preprocess(), ("en", "de"))
    kept = (Kept(pair, bool(pair.src)) for pair in pairs)
    return write_store(tmp_path_factory.mktemp("store") / "x", kept, codec, lambda count: None)


def test_a_store_knows_what_stands_before_each_pair(store: Store) -> None:
    rows = {tuple(store.src(row).tolist()): row for row in (0, 1, 3)}
    before = [[rows[tuple(ids.tolist())] for ids in store.before(row, 3)] for row in range(8)]
    assert before == [[], [0], [1, 0], [1, 0], [], [], [], []]
    assert len(store.before(3, 1)) == 1
    assert store.before(3, 0) == []


def test_a_batch_has_them_only_where_they_are_asked_for(store: Store) -> None:
    rows = np.array([3, 0, 1])
    assert Batches().collate(store, rows).before is None
    assert Batches().collate(store, np.array([0, 5]), 3).before is None
    before = Batches().collate(store, rows, 3).before
    assert before is not None
    assert before.shape == (3, 2, 3)
    assert before[0, 0].tolist() == store.src(1).tolist()
    assert before[0, 1].tolist() == [*store.src(0).tolist(), PAD]
    assert before[2, 0].tolist() == before[0, 1].tolist()
    assert not (before[1] != PAD).any()
    assert not (before[2, 1] != PAD).any()
    assert pad_documents([[], []]) is None


def test_a_sentence_behind_another_one_is_another_sentence() -> None:
    report = DataReport(9)
    first, same = Pair("a", "A", document="0"), Pair("it", "IT", document="0")
    report.hold_out([first._replace(document="x"), same._replace(document="x")])
    pairs = [first, same, Pair("b", "B", document="1"), same._replace(document="1")]
    list(report.watch([*pairs, *(pair._replace(document="2") for pair in pairs[:2])]))
    assert str(report.counts["seen before"]) == "2 (line 5, 6)"
    assert str(report.counts["also in valid or test"]) == "4 (line 1, 2, 5, 6)"


def test_the_report_counts_documents_and_what_stands_between_them() -> None:
    report = DataReport(9)
    pairs = [
        Pair("a", "A", document="0"),
        Pair("", ""),
        Pair("b", "B", document="1"),
        Pair("", "C"),
    ]
    assert [kept.trains for kept in report.watch(pairs)] == [True, False, True, False]
    said = report.lines()
    assert "  documents: 2" in said
    assert "  blank on both sides: 1 (line 2)" in said
    assert "  empty on one side: 1 (line 4)" in said
