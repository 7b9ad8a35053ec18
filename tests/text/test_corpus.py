"""Where pairs come from: nothing shifts, and what cannot be read is said with its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from attncli.errors import DataError
from attncli.text.corpus import Data
from attncli.text.pair import Pair


def folder(path: Path, **files: bytes) -> str:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / name.replace("_", ".")).write_bytes(text)
    return str(path)


def pairs(data: Data) -> list[Pair]:
    train = data.load().train
    assert train is not None
    return list(train)


def test_a_blank_target_keeps_its_place(tmp_path: Path) -> None:
    name = folder(tmp_path, train_en=b"one\ntwo\nthree\n", train_de=b"eins\n\ndrei\n")
    assert pairs(Data(name=name)) == [
        ("one", "eins", None),
        ("two", "", None),
        ("three", "drei", None),
    ]


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    text = "a\u2028b\x0bc\x85d\re\r\nf".encode()
    name = folder(tmp_path, train_en=text, train_de=b"x\ny")
    assert [pair.src for pair in pairs(Data(name=name))] == ["a\u2028b\x0bc\x85d\re", "f"]


@pytest.mark.parametrize("links", [{}, {"train_align": b"0-0\n0-0\n0-0\n"}])
def test_different_counts_name_both_counts_and_files(
    tmp_path: Path, links: dict[str, bytes]
) -> None:
    name = folder(tmp_path, train_en=b"a\nb\nc\n", train_de=b"x\ny\n", **links)
    with pytest.raises(DataError, match=r"train\.en and .*train\.de have 3 and 2 lines"):
        pairs(Data(name=name))


def test_bytes_that_are_no_utf8_have_a_place(tmp_path: Path) -> None:
    name = folder(tmp_path, train_en=b"a\n\xff\n", train_de=b"x\ny\n")
    with pytest.raises(DataError, match=r"train\.en:2: not UTF-8 at byte 0"):
        pairs(Data(name=name))


def test_gold_links_come_along(tmp_path: Path) -> None:
    name = folder(tmp_path, train_en=b"a b\n", train_de=b"x y\n", train_align=b"0-1 1-0\n")
    assert pairs(Data(name=name))[0].links == ((0, 1), (1, 0))


def test_gzip_is_read_and_a_broken_one_is_said(tmp_path: Path) -> None:
    whole = gzip.compress(b"a\n" * 9999)
    name = folder(tmp_path, train_en_gz=whole, train_de_gz=whole)
    assert len(pairs(Data(name=name))) == 9999
    folder(tmp_path, train_en_gz=whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"train\.en\.gz: cannot be read"):
        pairs(Data(name=name))


def test_a_missing_side_is_said(tmp_path: Path) -> None:
    name = folder(tmp_path, train_en=b"a\n", val_en=b"a\n", val_de=b"x\n")
    with pytest.raises(DataError, match=r"train\.en: no train\.de beside it"):
        Data(name=name).load()


def test_tsv_by_position_and_by_header(tmp_path: Path) -> None:
    plain, headed = tmp_path / "a.tsv", tmp_path / "b.tsv"
    plain.write_text("hello\thallo\n")
    headed.write_text("id\tde\ten\n1\thallo\thello\n")
    assert (
        pairs(Data(train=str(plain)))
        == pairs(Data(train=str(headed)))
        == [("hello", "hallo", None)]
    )


def test_a_third_column_without_a_header_is_no_guess(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("1\thello\thallo\n")
    with pytest.raises(DataError, match=r"a\.tsv:1: 3 columns, and no header"):
        pairs(Data(train=str(path)))


@pytest.mark.parametrize(
    ("row", "src", "tgt"),
    [
        ({"en": "a", "de": "b"}, "en", "de"),
        ({"translation": {"en": "a", "de": "b"}}, "en", "de"),
        ({"text": "a", "translation": "b"}, "text", "translation"),
    ],
)
def test_jsonl_flat_and_nested(tmp_path: Path, row: dict[str, object], src: str, tgt: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row))
    assert pairs(Data(train=str(path), src=src, tgt=tgt)) == [("a", "b", None)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"en": "a"}', "a.jsonl:1: no text under 'en' and 'de'; there is en"),
        ('{"en": "\\ud800", "de": "b"}', "a.jsonl:1: half a surrogate pair"),
        ("no json", "a.jsonl:1: no JSON"),
    ],
)
def test_a_wrong_row_has_a_place(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "a.jsonl").write_text(line)
    with pytest.raises(DataError, match=message):
        pairs(Data(train=str(tmp_path / "a.jsonl")))


@pytest.mark.parametrize("inside", ["", "data"])
@pytest.mark.parametrize("row", [{"en": "a", "de": "b"}, {"translation": {"en": "a", "de": "b"}}])
def test_a_parquet_folder_of_the_hubs_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: dict[str, object], inside: str
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    place = tmp_path / "set" / inside
    place.mkdir(parents=True)
    for part in ("train", "validation", "test"):
        pq.write_table(pa.Table.from_pylist([row]), place / f"{part}-00000-of-00001.parquet")
    data = Data(name=str(tmp_path / "set"))
    assert pairs(data) == [("a", "b", None)]
    assert data.load().valid is not None
    assert list(data.load().tests) == ["test"]


def test_a_data_set_that_needs_a_script_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **options: object) -> None:
        raise RuntimeError("Dataset scripts are no longer supported, but found iwslt2017.py")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(DataError, match="loading script"):
        Data(name="IWSLT/iwslt2017").load()


def test_an_unknown_name_is_met_with_a_suggestion() -> None:
    with pytest.raises(DataError, match="did you mean 'multi30k'"):
        Data(name="multi30").load()
