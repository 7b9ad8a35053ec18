"""Attention in files: JSON and npz hold the same without loss; what is none of ours is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from attncli.attention_file import from_json, load, save, to_json
from attncli.attention_map import AttentionMap
from attncli.errors import DataError
from attncli.look import Look


def entry(seed: int = 0) -> AttentionMap:
    """Odd words, two layers of three heads, and traces of every shape."""
    draw = np.random.default_rng(seed).random
    return AttentionMap(
        src=["[bold]", "\x1b[31m", "漢字 😀", "</s>"],
        tgt=["</script>", "אבג", "</s>"],
        weights=draw((2, 3, 3, 4), dtype=np.float32),
        src_words=[0, 1, 2, -1],
        tgt_words=[0, 1, -1],
        links=[(0, 0), (2, 1)],
        trace={"gate": draw(3), "centre": draw((2, 3, 3)), "scores": draw((2, 3, 3, 4))},
        mechanism="general",
        run="demo",
    )


def looks() -> list[list[Look]]:
    """Twelve sentences, so that numbers of one digit begin numbers of two."""
    many = [
        [Look(f"source {k}", f"text {k}", "search", -k / 3, {"cross": entry(k)})] for k in range(12)
    ]
    many[1].append(Look("source", "worse", "reference", -9.0, {"cross": entry(50)}))
    many[1][0].maps["encoder"] = replace(entry(51), links=None, trace={})
    many[3] = []
    return many


def same(left: AttentionMap, right: AttentionMap) -> bool:
    return (
        list(left.src) == list(right.src)
        and list(left.tgt_words) == list(right.tgt_words)
        and left.links == right.links
        and left.title == right.title
        and np.array_equal(left.weights, right.weights.astype(left.weights.dtype))
        and left.trace.keys() == right.trace.keys()
        and all(np.array_equal(left.trace[name], right.trace[name]) for name in left.trace)
    )


@pytest.mark.parametrize("ending", ["json", "npz"])
def test_files_come_back_without_loss(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"attention.{ending}"
    save(looks(), path)
    back = load(path)
    assert len(back) == 12
    for written, read in zip(looks(), back, strict=True):
        for one, other in zip(written, read, strict=True):
            facts = (one.source, one.text, one.how, one.score)
            assert facts == (other.source, other.text, other.how, other.score)
            assert one.maps.keys() == other.maps.keys()
            assert all(same(one.maps[side], other.maps[side]) for side in one.maps)


def test_json_is_one_line_of_plain_numbers() -> None:
    text = to_json(looks())
    assert "\n" not in text
    plain = json.loads(text)
    assert plain["format"] == "attncli attention"
    cross = plain["sentences"][0][0]["maps"]["cross"]
    assert np.array(cross["weights"]).shape == (2, 3, 3, 4)
    assert len(cross["trace"]["gate"]) == 3


def one(changed: AttentionMap) -> list[list[Look]]:
    return [[Look("a", "b", "search", 0.0, {"cross": changed})]]


def test_what_is_not_finite_is_null_in_json() -> None:
    scores = np.full((3, 4), -np.inf)
    back = from_json(to_json(one(replace(entry(), trace={"scores": scores}))))
    assert np.isnan(back[0][0].cross.trace["scores"]).all()


def test_an_empty_sentence_keeps_its_shape() -> None:
    empty = AttentionMap([], [], np.zeros((2, 3, 0, 0)), [], [])
    assert from_json(to_json(one(empty)))[0][0].cross.weights.shape == (2, 3, 0, 0)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other"}', "null", "{"])
def test_other_json_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not attention in JSON"):
        from_json(text)
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"other\.json: not attention in JSON"):
        load(path)


@pytest.mark.parametrize(
    ("name", "value"), [("source", None), ("text", 5), ("score", None), ("src", [1])]
)
def test_a_value_of_another_kind_is_refused(name: str, value: object) -> None:
    plain = json.loads(to_json(looks()[:1]))
    one = plain["sentences"][0][0]
    (one["maps"]["cross"] if name == "src" else one)[name] = value
    with pytest.raises(DataError, match="not attention in JSON"):
        from_json(json.dumps(plain))


def test_another_version_is_refused() -> None:
    with pytest.raises(DataError, match="version 2"):
        from_json(to_json(looks()).replace('"version": 1', '"version": 2'))


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "maps.npz"
    with pytest.raises(DataError, match=r"maps\.npz: no such file"):
        load(str(path))
    path.write_bytes(b"text")
    with pytest.raises(DataError, match=r"not a file of attention: no \.npz"):
        load(path)
    with pytest.raises(DataError, match=r"name a \.json or \.npz"):
        load(tmp_path / "maps.de")
    np.savez(path, header=np.array("[{}]"))
    with pytest.raises(DataError, match="not a file of attention"):
        load(path)


@pytest.mark.parametrize("ending", ["json", "npz"])
def test_a_file_is_whole_or_not_there(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(file: BinaryIO, **given: object) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    def half_written(path: Path, text: str, **given: object) -> None:
        with path.open("wb") as file:
            cut_off(file)

    monkeypatch.setattr(np, "savez_compressed", cut_off)
    monkeypatch.setattr(Path, "write_text", half_written)
    with pytest.raises(KeyboardInterrupt):
        save(looks(), tmp_path / f"looks.{ending}")
    assert list(tmp_path.iterdir()) == []
