"""Where pairs come from: nothing shifts, and what cannot be read is said with its place."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from attncli.errors import DataError, UsageError
from attncli.text import corpus
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
        Pair("one", "eins"),
        Pair("two", ""),
        Pair("three", "drei"),
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


def test_a_language_is_not_translated_into_itself() -> None:
    with pytest.raises(UsageError, match="from en into en"):
        Data(src="en", tgt="en")


def test_a_test_set_without_its_other_side_is_left_out_and_said(tmp_path: Path) -> None:
    parts = {f"{part}_{side}": b"a\n" for part in ("train", "val", "test") for side in ("en", "de")}
    name = folder(tmp_path, **parts, test2_de=b"x\n", notes_en=b"n\n")
    corpus = Data(name=name).load()
    assert list(corpus.tests) == ["test"]
    assert corpus.left_out == [f"{name}/test2.de: no test2.en beside it"]


def test_tsv_by_position_and_by_header(tmp_path: Path) -> None:
    plain, headed = tmp_path / "a.tsv", tmp_path / "b.tsv"
    plain.write_text("hello\thallo\n")
    headed.write_text("id\tde\ten\n1\thallo\thello\n")
    assert (
        pairs(Data(train=str(plain))) == pairs(Data(train=str(headed))) == [Pair("hello", "hallo")]
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
    assert pairs(Data(train=str(path), src=src, tgt=tgt)) == [Pair("a", "b")]


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
    assert pairs(data) == [Pair("a", "b")]
    assert data.load().valid is not None
    assert list(data.load().tests) == ["test"]


def test_a_folder_with_other_parquet_files_is_no_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "set" / "deep").mkdir(parents=True)
    (tmp_path / "set" / "deep" / "x.parquet").write_bytes(b"PAR1 of something else PAR1")
    with pytest.raises(
        DataError, match=r"set: cannot be loaded .*\.tsv and \.jsonl need no"
    ) as seen:
        Data(name=str(tmp_path / "set")).load()
    assert "download" not in str(seen.value)


@pytest.mark.parametrize("name", ["/nope", "./nope", "path/to/nope"])
def test_a_path_where_nothing_is_is_not_looked_for_on_the_hub(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "load_dataset", lambda *given, **options: pytest.fail("asked"))
    with pytest.raises(DataError, match=f"^no data '{name}' \\(a folder, "):
        Data(name=name).load()


def test_a_data_set_that_needs_a_script_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **options: object) -> None:
        raise RuntimeError("Dataset scripts are no longer supported, but found iwslt2017.py")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(DataError, match="loading script"):
        Data(name="IWSLT/iwslt2017").load()


def test_an_unknown_name_is_met_with_a_suggestion() -> None:
    with pytest.raises(DataError, match="did you mean 'multi30k'"):
        Data(name="multi30").load()


def test_parts_are_found_by_their_usual_names(tmp_path: Path) -> None:
    for part in ("train", "dev", "test_2016_flickr", "test.2017", "notes"):
        for language in ("en", "de"):
            (tmp_path / f"{part}.{language}").write_text(f"{part} {language}\n")
    found = Data(name=str(tmp_path)).load()
    assert found.valid is not None
    assert [pair[:2] for pair in found.valid] == [("dev en", "dev de")]
    assert sorted(found.tests) == ["test.2017", "test_2016_flickr"]


@pytest.mark.parametrize("valid", ["valid", "validation", "val", "dev"])
@pytest.mark.parametrize("end", [".tsv", ".tsv.gz", ".jsonl"])
def test_whole_files_in_a_folder(tmp_path: Path, valid: str, end: str) -> None:
    text = b'{"en": "a", "de": "b"}\n' if end == ".jsonl" else b"a\tb\n"
    for part in ("train", valid, "test"):
        path = tmp_path / f"{part}{end}"
        path.write_bytes(gzip.compress(text) if end.endswith("gz") else text)
    found = Data(name=str(tmp_path)).load()
    for split in (found.train, found.valid, found.tests["test"]):
        assert split is not None
        assert list(split) == [Pair("a", "b")]


def test_a_name_within_the_folder_of_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNCLI_DATA", str(tmp_path))
    for name in ("multi30k", "mine"):
        folder(tmp_path / name, train_en=b"a\n", train_de=name.encode())
        assert pairs(Data(name=name))[0].tgt == name
    with pytest.raises(DataError, match="did you mean 'mine'"):
        Data(name="mina").load()


def test_the_usual_name_of_a_hub_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNCLI_DATA", raising=False)
    asked = []

    def load(path: str, *given: object, **options: object) -> dict[str, list[dict[str, str]]]:
        asked.append(path)
        return {"train": [{"en": "a", "de": "b"}], "validation": [], "test": []}

    monkeypatch.setattr(datasets, "load_dataset", load)
    assert pairs(Data(name="multi30k")) == [Pair("a", "b")]
    assert asked == ["bentrevett/multi30k"]


def test_the_sides_change_places(tmp_path: Path) -> None:
    name = folder(tmp_path, train_en=b"a b\n", train_de=b"x\n", train_fr=b"z\n")
    assert pairs(Data(name=name, src="de", tgt="en")) == [Pair("x", "a b")]
    assert pairs(Data(name=name, src="fr", tgt="de")) == [Pair("z", "x")]


@pytest.mark.parametrize("documents", ["blank", "id"])
def test_generated_text_has_no_documents_but_its_own(documents: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="embedded-documents has documents"):
        Data(name="sorting", documents=documents)
    Data(name="embedded", documents=documents, train=str(tmp_path / "mine"))


def test_the_embedded_corpus_in_both_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(split: str, *, seed: int) -> Iterator[Pair]:
        yield Pair(f"{split} {seed}", "x y z", ((0, 2), (1, 0)))

    splits = ("train", "valid", "test", "test-long")
    monkeypatch.setattr(corpus, "GENERATED", {"embedded": (splits, generate)})
    assert pairs(Data(seed=3)) == [Pair("train 3", "x y z", ((0, 2), (1, 0)))]
    turned = Data(src="de", tgt="en", seed=3)
    assert pairs(turned) == [Pair("x y z", "train 3", ((0, 1), (2, 0)))]
    assert list(turned.load().tests) == ["test", "test-long"]
    with pytest.raises(UsageError, match="en and de, not en and fr"):
        Data(tgt="fr").load()


def test_single_files_alone_and_beside_a_name(tmp_path: Path) -> None:
    folder(tmp_path, a_en=b"a\n", a_de=b"x\n", b_en=b"b\n", b_de=b"y\n")
    found = Data(train=str(tmp_path / "a"), test=str(tmp_path / "b")).load()
    assert found.valid is None
    assert [pair.src for split in found.tests.values() for pair in split] == ["b"]
    with pytest.raises(DataError, match=r"looked for .*c\.en and .*c\.de"):
        Data(train=str(tmp_path / "c")).load()


def test_real_text_lies_in_pairs() -> None:
    root = os.environ.get("ATTNCLI_DATA")
    if not root or not (Path(root) / "multi30k").is_dir():
        pytest.skip("ATTNCLI_DATA names no folder that holds multi30k")
    found = Data(name="multi30k").load()
    assert found.valid is not None
    assert found.tests
    assert sum(1 for _ in found.valid) == 1014
