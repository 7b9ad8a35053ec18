"""From a recipe's text to stores: what is said, what is kept, what a resumed run finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attncli.errors import DataError
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.text.corpus import Data
from attncli.text.sampled import SampledStore
from attncli.train.preparation import Prepared, first, prepare


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A small corpus: one pair of train is blank, one is long, one stands in valid too."""
    folder = tmp_path / "text"
    folder.mkdir()
    src = [f"the {word} dog" for word in ("old", "young", "red", "blue")] * 5
    parts = {"train": [*src, "", "a " * 20, "the old cat"], "val": ["the old cat", "a ж"]}
    for part, lines in parts.items():
        (folder / f"{part}.en").write_text("\n".join(lines) + "\n", encoding="utf-8")
        upper = "\n".join(line.upper() or "NOTHING" for line in lines) + "\n"
        (folder / f"{part}.de").write_text(upper, encoding="utf-8")
    return folder


class Prepares:
    """Prepares one run, as often as asked, and keeps what was said."""

    def __init__(self, text: Path, *sets: str) -> None:
        sets = (f"data.name={text}", "data.max_length=10", "subword.vocab_size=60", *sets)
        self.recipe = Recipe.read(sets=list(sets))
        self.run = Run.create(text.parent / "runs", "one")
        self.said: list[str] = []

    def __call__(self) -> Prepared:
        return prepare(self.recipe, self.run, self.said.append)


def test_what_was_found_is_said(text: Path) -> None:
    prepares = Prepares(text)
    found = prepares()
    said = "\n".join(prepares.said)
    assert "pairs read 23, of which 21 train" in said
    assert "empty on one side: 1 (line 21)" in said
    assert "longer than 10 words: 1 (line 22)" in said
    assert "also in valid or test: 1 (line 23)" in said
    assert "unknown pieces in train: 0 (0.00%)" in said
    assert "unknown pieces in valid: 2 (" in said
    assert len(found.train) == 23
    assert found.train.kept.tolist() == [*range(20), 22]
    assert [pair.tgt for pair in found.pairs] == ["THE OLD CAT", "A Ж"]


def test_what_a_run_has_is_taken_as_it_is(text: Path) -> None:
    prepares = Prepares(text)
    before = prepares()
    prepares.said.clear()
    after = prepares()
    assert prepares.said == []
    assert after.codec.digest() == before.codec.digest()
    assert after.train.src_ids.tolist() == before.train.src_ids.tolist()


def test_a_run_killed_between_its_stores_is_prepared_again(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from attncli.train import preparation

    prepares = Prepares(text)
    write, calls = preparation.write_store, []

    def killed(*given: object) -> object:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return write(*given)

    monkeypatch.setattr(preparation, "write_store", killed)
    with pytest.raises(KeyboardInterrupt):
        prepares()
    monkeypatch.setattr(preparation, "write_store", write)
    assert len(prepares().train) == 23


@pytest.mark.parametrize(("more", "now"), [("one more\n", 3), ("", 2)])
def test_validation_text_that_has_changed_is_refused(text: Path, more: str, now: int) -> None:
    prepares = Prepares(text)
    prepares()
    for language in ("en", "de"):
        file = text / f"val.{language}"
        file.write_text(file.read_text("utf-8").replace("a", "o") + more, "utf-8")
    with pytest.raises(DataError, match=rf"other text .* \({now} pairs now, 2 then\)"):
        prepares()


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_part_that_is_missing_is_named(text: Path, part: str) -> None:
    for language in ("en", "de"):
        (text / f"{part}.{language}").unlink()
    with pytest.raises(DataError, match=r"no (train|valid) pairs \(add (train|valid)"):
        Prepares(text)()


def test_nothing_that_can_train_is_an_error(text: Path) -> None:
    with pytest.raises(DataError, match=r"no pair can train; see data\.max_length"):
        Prepares(text, "data.max_length=1")()


def test_sampling_draws_for_training_alone(text: Path) -> None:
    found = Prepares(text, "subword.kind=bpe", "subword.vocab_size=45", "subword.sampling=0.5")()
    assert isinstance(found.train, SampledStore)
    assert not isinstance(found.valid, SampledStore)
    found.train.begin(1, 1)
    drawn = found.train.read(np.arange(20))
    assert any(len(cut.src) > len(found.train.src(row)) for row, cut in enumerate(drawn))
    assert not isinstance(Prepares(text)().train, SampledStore)


def test_the_first_pairs(text: Path) -> None:
    train = Data(name=str(text)).load().train
    assert train is not None
    assert [pair.src for pair in first(train, 2)] == ["the old dog", "the young dog"]
    assert len(first(train, 0)) == 23
