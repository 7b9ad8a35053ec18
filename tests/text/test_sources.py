"""Sources of pairs: each can be read again, and says where a row is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncli.errors import DataError
from attncli.text.pair import Pair
from attncli.text.sources import Generated, JsonLines, Rows, Table, TwoFiles, pair_of, reversed_pair


def test_a_source_is_read_anew_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.en").write_text("one\n\n")
    (tmp_path / "a.de").write_text("\nzwei\n")
    split = TwoFiles(tmp_path / "a.en", tmp_path / "a.de")
    assert list(split) == list(split) == [Pair("one", ""), Pair("", "zwei")]


@pytest.mark.parametrize(("src", "tgt", "line"), [(1, 3, 2), (3, 1, 2), (0, 1, 1)])
def test_counts_that_differ(tmp_path: Path, src: int, tgt: int, line: int) -> None:
    (tmp_path / "a.en").write_text("x\n" * src)
    (tmp_path / "a.de").write_text("x\n" * tgt)
    with pytest.raises(DataError, match=rf"have {src} and {tgt} lines; from line {line} "):
        list(TwoFiles(tmp_path / "a.en", tmp_path / "a.de"))


def test_gold_of_another_length_is_refused(tmp_path: Path) -> None:
    for name, text in (("en", "x\ny\n"), ("de", "x\ny\n"), ("align", "0-0\n")):
        (tmp_path / f"a.{name}").write_text(text)
    with pytest.raises(DataError, match=r"a\.align: 1 lines"):
        list(TwoFiles(*(tmp_path / f"a.{end}" for end in ("en", "de", "align"))))


def test_a_row_without_a_tab_has_a_place(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("a\tb\nc\n")
    with pytest.raises(DataError, match=r"a\.tsv:2: 1 columns"):
        list(Table(tmp_path / "a.tsv", "en", "de"))


def test_a_tab_within_a_sentence_has_a_place(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("a\tb\nc\td\te\n")
    with pytest.raises(DataError, match=r"a\.tsv:2: 3 columns where 2 are expected"):
        list(Table(path, "en", "de"))
    path.write_text("en\tde\tid\na\tb\t1\nc\td\t1\t2\n")
    with pytest.raises(DataError, match=r"a\.tsv:3: 4 columns where 3 are expected"):
        list(Table(path, "en", "de"))


def test_a_header_that_names_one_language_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("en\tfr\na\tb\n")
    with pytest.raises(DataError, match=r"a\.tsv:1: 2 columns, and no header that names 'en'"):
        list(Table(tmp_path / "a.tsv", "en", "de"))


def test_json_that_nests_without_end_has_a_place(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("[" * 100_000 + "\n")
    with pytest.raises(DataError, match=r"a\.jsonl:1: no JSON"):
        list(JsonLines(tmp_path / "a.jsonl", "en", "de"))


def test_a_blank_cell_keeps_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("a\tb\nc\t\nd\te\n")
    rows = list(Table(tmp_path / "a.tsv", "en", "de"))
    assert [row[:2] for row in rows] == [("a", "b"), ("c", ""), ("d", "e")]


def test_rows_name_the_row_that_lacks_a_column() -> None:
    rows = Rows("hub train", [{"en": "a", "de": "b"}, {"en": "a", "fr": "b"}], "en", "de")
    with pytest.raises(DataError, match="hub train"):
        list(rows)


def test_a_null_is_an_empty_side() -> None:
    assert pair_of({"en": None, "de": "b"}, "en", "de", "here") == Pair("", "b")


def test_a_pair_turns_round_with_its_links() -> None:
    pair = Pair("a b", "x y", ((0, 1), (1, 0), (1, 1)))
    assert reversed_pair(pair) == Pair("x y", "a b", ((0, 1), (1, 0), (1, 1)))
    assert reversed_pair(Pair("a", "x y", ((0, 1),), ((0, 0),))) == Pair(
        "x y", "a", ((1, 0),), ((0, 0),)
    )
    assert reversed_pair(Pair("a", "x")).links is None


def test_a_generator_is_made_anew_each_time() -> None:
    split = Generated("made", lambda: iter([Pair("a", "b")]), reverse=True)
    assert list(split) == list(split) == [Pair("b", "a")]
