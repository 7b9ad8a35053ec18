"""What is kept of an alignment while it comes about."""

from __future__ import annotations

import numpy as np
import pytest

import attncli as package
from attncli.errors import DataError
from attncli.look import forced
from attncli.run import Run
from attncli.text.pair import Pair
from attncli.train.emergence import chosen, kept

SHORT, FITTING = Pair("a b", "x y"), Pair("a b c d e f g h", "x")


def test_every_validation_leaves_a_map_of_the_same_pair(runs):
    run = Run.open(runs / "first")
    found = kept(run)
    validated = [record["step"] for record in run.metrics() if "valid_loss" in record]
    assert [step for step, _ in found] == validated
    assert len({(one.source, one.text, one.how) for _, one in found}) == 1
    first, last = found[0][1].cross.weights, found[-1][1].cross.weights
    assert first.shape == last.shape
    assert np.abs(first - last).max() > 0.05


def test_the_last_map_is_what_the_last_model_sees(runs):
    model = package.load(runs / "first", checkpoint="last")
    _, look = kept(Run.open(runs / "first"))[-1]
    ((again,),) = forced(model.loaded, [Pair(look.source, look.text)])
    np.testing.assert_allclose(look.cross.weights, again.cross.weights, atol=1e-5)


def test_a_model_without_attention_leaves_nothing(runs):
    assert kept(Run.open(runs / "blind")) == []


def test_the_pair_is_of_middling_length_where_there_is_one():
    assert chosen([Pair("", ""), SHORT, FITTING], 0) == [FITTING]
    assert chosen([Pair("a", ""), SHORT], 0) == [SHORT]
    with pytest.raises(DataError, match="no pair has words"):
        chosen([Pair("", "")], 0)


def test_the_pair_stands_behind_those_before_it_in_its_document():
    pairs = [one._replace(document=name) for one, name in ((SHORT, "a"), (SHORT, "b"))]
    text = [*pairs, FITTING._replace(document="b")]
    assert chosen(text, 3) == text[1:]
