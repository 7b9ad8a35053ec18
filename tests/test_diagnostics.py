"""Figures on attention weights, each worked out by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from attncli import evaluate
from attncli.attention_map import AttentionMap
from attncli.diagnostics import MEASURES, Diagnosis, Look, Tally


def look(*heads: list[list[float]], end: bool = False) -> Look:
    """One layer of heads; with `end` the last column is </s>."""
    weights = np.array([heads])
    ends = np.zeros(weights.shape[-1], bool)
    ends[-1] = end
    return Look(weights, ends)


def figures(*looks: Look) -> dict[str, float | None]:
    found = diagnosis(*looks)
    return found.means()


def diagnosis(*looks: Look) -> Diagnosis:
    tally = Tally()
    for one in looks:
        tally.add(one)
    found = tally.diagnosis()
    assert found is not None
    return found


IDENTITY = np.eye(4).tolist()
EVEN = np.full((4, 4), 0.25).tolist()


def test_entropy_of_rows_of_one_two_and_four_pieces():
    found = figures(look([[0.5, 0.5, 0, 0], [0.25] * 4, [0, 0, 0, 1]]))
    assert found["entropy"] == pytest.approx(math.log(2) * (1 + 2 + 0) / 3)
    assert found["entropy_share"] == pytest.approx((0.5 + 1 + 0) / 3)


def test_the_mass_on_the_end():
    assert figures(look([[0.5, 0.5], [0.75, 0.25]], end=True))["end_mass"] == pytest.approx(0.375)
    assert figures(look([[0.5, 0.5]]))["end_mass"] == 0


def test_coverage_deviation_counts_what_is_read_too_often_and_too_seldom():
    assert figures(look(IDENTITY))["coverage_deviation"] == 0
    # sums 2, 0.5, 0: off by 1, 0.5, 1
    rows = [[1, 0, 0], [1, 0, 0], [0, 0.5, 0]]
    assert figures(look(rows))["coverage_deviation"] == pytest.approx(2.5 / 3)
    assert figures(look([[0.5, 0.5], [0.5, 0.5]], end=True))["coverage_deviation"] == 0


def test_monotonicity_is_the_share_of_steps_that_do_not_go_back():
    at = np.eye(3)
    assert figures(look(at[[0, 1, 2, 1, 1]].tolist()))["monotonicity"] == pytest.approx(3 / 4)
    assert figures(look(at[[2, 1, 0]].tolist()))["monotonicity"] == 0


def test_diagonality_of_both_diagonals_and_of_an_even_spread():
    assert figures(look(IDENTITY))["diagonality"] == 1
    # distances 1, 1/3, 1/3, 1
    assert figures(look(IDENTITY[::-1]))["diagonality"] == pytest.approx(1 - 2 / 3)
    # from 0: (0 + 1 + 2 + 3) / 3 / 4 = 1/2; from 1/3: (1 + 0 + 1 + 2) / 3 / 4 = 1/3; and mirrored
    assert figures(look(EVEN))["diagonality"] == pytest.approx(1 - (1 / 2 + 1 / 3) / 2)
    with_end = [[1, 0, 0.0], [0, 0.5, 0.5]]
    assert figures(look(with_end, end=True))["diagonality"] == 1


def test_the_heaviest_position_is_that_of_the_whole_sentence():
    rows = [[0.8, 0.2, 0, 0], [0.6, 0, 0.4, 0], [1, 0, 0, 0], [0.8, 0, 0, 0.2]]
    assert figures(look(rows))["heaviest"] == pytest.approx(0.8)
    assert figures(look([[1, 0, 0, 0]]))["heaviest"] is None


def test_rows_that_look_at_nothing_are_left_out_and_counted():
    found = figures(look([[0.5, 0.5], [0, 0]]))
    assert found["entropy_share"] == pytest.approx(1)
    assert found["blindness"] == 0.5
    tally = Tally()
    tally.add(look([[0.0, 0.0]]))
    assert tally.diagnosis() is None
    assert Tally().diagnosis() is None


def test_rows_count_alike_over_sentences_and_unnormalised_rows_are_scaled():
    found = figures(look([[0.1, 0.1]]), look([[1, 0], [1, 0], [1, 0]]))
    assert found["entropy"] == pytest.approx(math.log(2) / 4)


def test_what_is_too_short_for_a_figure_has_none():
    found = figures(look([[1.0]]))
    missing = {name for name, value in found.items() if value is None}
    assert missing == {"entropy_share", "monotonicity", "diagonality", "heaviest", "stillness"}


def test_a_window_that_never_moves():
    still, moving = np.full((1, 1, 4), 0.1), np.array([[[0.0, 0.2, 0.4, 0.5]]])
    plain = look(EVEN)
    assert figures(plain)["stillness"] is None
    assert figures(plain._replace(centre=still))["stillness"] == 1
    assert figures(plain._replace(centre=moving))["stillness"] == 0
    assert figures(look(EVEN, end=True)._replace(centre=still))["stillness"] is None  # 3 pieces
    found = diagnosis(*[plain._replace(centre=one) for one in (still, still, moving)])
    assert "the window stands still in 67% of the sentences" in found.findings()
    both = diagnosis(look(EVEN, EVEN)._replace(centre=np.concatenate([still, moving], 1)))
    np.testing.assert_array_equal(both.figures["stillness"], [[1, 0]])


def test_figures_are_by_layer_and_head():
    found = diagnosis(Look(np.array([[EVEN, IDENTITY], [IDENTITY, EVEN]]), np.zeros(4, bool)))
    np.testing.assert_allclose(found.figures["entropy_share"], [[1, 0], [0, 1]])
    assert [(one["layer"], one["head"], one["entropy_share"]) for one in found.heads()] == [
        (1, 1, 1.0),
        (1, 2, 0.0),
        (2, 1, 0.0),
        (2, 2, 1.0),
    ]
    assert found.curves()["attention/entropy_share"] == 0.5
    assert found.curves()["attention/entropy_share/2.2"] == 1
    assert len(found.lines()) == 1 + 4 + len(found.findings())


def test_a_head_that_looks_at_nothing_leaves_the_figures_of_the_others():
    found = diagnosis(look(EVEN, np.zeros((4, 4))))
    assert found.heads()[1]["entropy_share"] is None
    assert found.means()["entropy_share"] == pytest.approx(1)


def test_one_head_is_not_listed_by_itself():
    found = diagnosis(look(IDENTITY))
    assert found.heads() == []
    assert set(found.curves()) == {f"attention/{name}" for name in MEASURES}
    assert found.lines() == [
        "attention: entropy 0.00 nats, 0% of an even spread, 0% on </s>, coverage off by 0.00, "
        "monotone 100%, diagonal 100%"
    ]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (look(EVEN), "attention is nearly uniform: 100% of maximum entropy"),
        (look([[0.8, 0.2, 0, 0]] * 4), "one source position takes 80% of the mass"),
        (look([[0.5, 0, 0, 0.5], [0, 0.5, 0, 0.5]], end=True), "50% of the mass lies on </s>"),
        (look([[1, 0, 0], [0, 0, 0]]), "50% of the target pieces look at nothing"),
        (look([[0.5, 0.5, 0, 0], [0.25, 0.75, 0, 0]] * 4), "coverage is off by 2.0"),
    ],
)
def test_what_is_off_is_said(seen, said):
    assert any(said in line for line in diagnosis(seen).findings())


def test_nothing_is_said_of_a_good_one():
    assert diagnosis(look(IDENTITY)).findings() == []


def test_a_finding_names_the_heads_it_holds_for():
    (found,) = diagnosis(look(EVEN, IDENTITY, EVEN)).findings()
    assert found.endswith("100% of maximum entropy in 2 of 3 heads (layer.head 1.1, 1.3)")


def test_what_json_holds_has_no_nan():
    json.dumps(diagnosis(look([[1.0]])).plain(), allow_nan=False)


def test_of_a_map_the_row_that_writes_the_end_is_left_out():
    weights = np.array([[[[1.0, 0.0], [0.0, 1.0]]]])
    entry = AttentionMap(["a", "</s>"], ["b", "</s>"], weights, [0, -1], [0, -1])
    found = evaluate.diagnose([entry])
    assert found is not None
    assert found.means()["end_mass"] == 0
