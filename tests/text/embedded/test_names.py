"""Invented names: the same in both languages, given once, and in no vocabulary."""

from __future__ import annotations

import random

import pytest

from attncli.errors import UsageError
from attncli.text.embedded.lexicon import lexicon, packaged_grammar
from attncli.text.embedded.names import Namer, named
from attncli.text.pair import Pair


@pytest.fixture(scope="module")
def splits() -> dict[str, list[Pair]]:
    return {split: list(named(split)) for split in ("train", "test", "test-long")}


def names(line: str) -> list[str]:
    return [word for word in line.split() if word[0].isupper()]


def test_a_name_stands_alike_on_both_sides_with_a_link(splits):
    found = 0
    for pair in splits["test"]:
        src, tgt = pair.src.split(), pair.tgt.split()
        for place, name in enumerate(src):
            if name[0].isupper():
                found += 1
                assert tgt.count(name) == 1
                assert (place, tgt.index(name)) in (pair.links or ())
    assert found > 500


def test_no_name_is_given_twice(splits):
    given = [name for pairs in splits.values() for pair in pairs for name in names(pair.src)]
    assert len(given) == len(set(given)) > 10_000


def test_the_test_sets_names_stand_in_no_training_text(splits):
    train = {word for pair in splits["train"] for side in pair[:2] for word in side.split()}
    assert not {name for pair in splits["test"] for name in names(pair.src)} & train


def test_the_same_seed_invents_the_same_names():
    words = lexicon(packaged_grammar())
    first, again, other = (Namer(words, random.Random(seed)) for seed in (1, 1, 2))
    drawn = [[namer.name() for _ in range(5)] for namer in (first, again, other)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_an_unknown_split_is_refused():
    with pytest.raises(UsageError, match="did you mean 'test'"):
        next(named("tets"))
