"""Kendall's tau, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from attncli.compare.agreement import agreement, tau_b
from attncli.metrics import Scorer
from tests.compare.rows import REFERENCES, row


@pytest.mark.parametrize(
    ("paper", "ours", "tau"),
    [
        ([1, 2, 3, 4], [10, 20, 30, 40], 1.0),
        ([1, 2, 3, 4], [40, 30, 20, 10], -1.0),
        ([1, 2, 3, 4], [10, 20, 40, 30], 4 / 6),  # 5 pairs agree, 1 does not
        # 1 pair is tied with the paper: 5 agree of those left, sqrt(5 x 6)
        ([1, 1, 3, 4], [10, 20, 30, 40], 5 / math.sqrt(30)),
    ],
)
def test_tau_by_hand(paper, ours, tau):
    assert float(tau_b(np.array(paper), np.array(ours))) == pytest.approx(tau)


def test_tau_of_a_side_that_is_all_tied_is_unknown():
    assert math.isnan(tau_b(np.array([1, 2, 3]), np.array([5, 5, 5])))


def test_tau_of_many_at_once():
    ours = np.array([[1, 2, 3], [3, 2, 1]])
    assert tau_b(np.array([1, 2, 3]), ours).tolist() == [1.0, -1.0]


def test_rows_far_apart_agree_in_every_resample():
    rows = [row("low", (13,), figure=10), row("middle", (6,), figure=20), row("high", figure=30)]
    found = agreement(rows, "test", REFERENCES, Scorer(tokenize="none", resamples=200))
    assert (found.tau, found.low, found.high) == (1.0, 1.0, 1.0)
    assert found.rows == ["low", "middle", "high"]
    assert found.reversed == []


def test_rows_of_like_quality_have_a_wide_interval():
    rows = [row("a", (6,), figure=10), row("b", (5,), figure=20), row("c", (7,), figure=30)]
    # b and c have swapped places, and so have a and c
    found = agreement(rows, "test", REFERENCES, Scorer(tokenize="none", resamples=200))
    assert found.tau == pytest.approx(-1 / 3)
    assert found.reversed == [["a", "c"], ["b", "c"]]
    assert found.low <= found.tau <= found.high


def test_only_rows_of_one_table_are_ordered():
    rows = [row("low", (13,), figure=10), row("middle", (6,), figure=20), row("none")]
    assert agreement(rows, "test", REFERENCES, Scorer(resamples=10)) is None


def test_only_figures_that_are_bleu_are_ordered():
    rows = [row("a", figure=10), row("b", figure=20), row("c", figure=30)]
    aer = [replace(one, paper=replace(one.paper, metric="AER")) for one in rows]
    scorer = Scorer(tokenize="none", resamples=20)
    assert agreement(aer, "test", REFERENCES, scorer) is None
    assert agreement([*rows, *aer], "test", REFERENCES, scorer).rows == ["a", "b", "c"]
