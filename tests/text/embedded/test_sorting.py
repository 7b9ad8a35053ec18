"""Lists of numbers, and the same in order."""

from __future__ import annotations

import pytest

from attncli.errors import UsageError
from attncli.text.corpus import Data
from attncli.text.embedded.sorting import FEWEST, MOST, SPLITS, sorting


def test_the_target_is_the_source_in_order():
    pair = next(sorting("test"))
    src, tgt = pair.src.split(), pair.tgt.split()
    assert tgt == sorted(src, key=int) != src
    assert [tgt[target] for _, target in pair.links or ()] == src


def test_lists_are_of_every_length_between_and_hold_no_number_twice():
    lists = [pair.src.split() for pair in sorting("valid")]
    assert {len(one) for one in lists} == set(range(FEWEST, MOST + 1))
    assert all(len(set(one)) == len(one) for one in lists)


def test_no_number_of_the_test_set_stands_in_training():
    seen = {split: {word for p in sorting(split) for word in p.src.split()} for split in SPLITS}
    assert not seen["test"] & (seen["train"] | seen["valid"])
    assert len(seen["test"]) >= MOST


def test_a_seed_and_a_split_always_give_the_same_lists():
    assert list(sorting("valid", seed=3)) == list(sorting("valid", seed=3))
    assert list(sorting("valid", seed=3)) != list(sorting("valid", seed=4))


def test_it_is_a_data_set_like_others():
    corpus = Data(name="sorting").load()
    assert list(corpus.tests) == ["test"]
    with pytest.raises(UsageError, match="no split 'tests'"):
        next(sorting("tests"))
