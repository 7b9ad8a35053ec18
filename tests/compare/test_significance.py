"""Paired tests are sacreBLEU's; Holm's correction and the verdict are worked out by hand."""

from __future__ import annotations

import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.significance import PairedTest

from attncli.compare.evaluation import Measuring
from attncli.compare.result import Spread
from attncli.compare.significance import PValues, against, holm, paired, partners, verdict
from tests.compare.rows import REFERENCES, row, said


def test_holm_by_hand():
    # sorted: .005 x 4 = .02, .01 x 3 = .03, .03 x 2 = .06, .04 x 1 = .04, lifted to .06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == pytest.approx([1.0, 1.0])
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


def test_p_values_are_sacrebleus_own():
    found = paired(said(1), said(6), REFERENCES, Measuring(tokenize="none"))
    for kind, ours in (("bs", found.bootstrap), ("ar", found.randomisation)):
        test = PairedTest(
            [("a", said(1)), ("b", said(6))],
            {"BLEU": BLEU(tokenize="none", force=True)},
            [REFERENCES],
            test_type=kind,
        )
        _, scores = test()
        assert ours == scores["BLEU"][1].p_value
    assert found.randomisation < 0.1


def test_equal_translations_have_no_difference_to_explain():
    assert paired(said(3), said(3), REFERENCES, Measuring()) == PValues(1.0, 1.0)


def spread(*values):
    import statistics

    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Spread(statistics.fmean(values), deviation, list(values))


@pytest.mark.parametrize(
    ("ours", "theirs", "p_values", "word"),
    [
        (spread(30.0), spread(20.0), (0.001, 0.06), "inside the noise"),
        (spread(30.0), spread(20.0), (0.001, 0.002), "higher here"),
        (spread(20.0, 21.0), spread(30.0, 31.0), (0.001, 0.002), "lower here"),
        (spread(30.0, 31.0, 32.0), spread(20.0, 21.0, 22.0), (0.001, 0.002), "better"),
        (spread(20.0, 21.0, 22.0), spread(30.0, 31.0, 32.0), (0.001, 0.002), "worse"),
        # deviations 5 and 5: the error of the difference is sqrt(25/3 + 25/3) = 4.08, twice 8.2
        (spread(25, 30, 35), spread(20, 25, 30), (0.001, 0.002), "inside the noise of seeds"),
    ],
)  # fmt: skip
def test_a_gap_in_a_word(ours, theirs, p_values, word):
    assert verdict(ours, theirs, *p_values) == word


def test_a_rows_p_value_is_its_worst_seeds_corrected_for_the_rows():
    rows = [row("base", (3, 3)), row("one", (1, 1)), row("two", (6, 6))]
    p_values = {
        "one": [PValues(0.01, 0.02), PValues(0.002, 0.04)],
        "two": [PValues(0.001, 0.001), PValues(0.001, 0.003)],
    }
    found = against(rows, rows[0], "test", p_values)
    assert list(found) == ["one", "two"]
    assert (found["one"].bootstrap, found["one"].randomisation) == (0.01, 0.04)
    assert found["two"].bootstrap_corrected == pytest.approx(0.002)
    assert found["two"].randomisation_corrected == pytest.approx(0.006)
    assert found["two"].verdict == "lower here"
    assert found["one"].gap == pytest.approx(
        rows[1].figures["test"]["bleu"].mean - rows[0].figures["test"]["bleu"].mean
    )


def test_runs_of_another_text_have_no_partner():
    mine, theirs = row("mine", (1, 2)), row("theirs", (1,))
    assert len(partners(mine, theirs, "test")) == 1
    other = row("other", (1,), said_of={"tests": {}})
    other.runs[0].tests["test"] = (
        theirs.runs[0]
        .tests["test"]
        .__class__(**{**vars(theirs.runs[0].tests["test"]), "text": "another"})
    )
    assert partners(other, theirs, "test") == []


def test_seeds_that_contradict_each_other_show_nothing():
    rows = [row("base", (3, 3)), row("one", (1, 5))]
    sure = [PValues(0.001, 0.001), PValues(0.001, 0.001)]
    found = against(rows, rows[0], "test", {"one": sure})["one"]
    assert (found.bootstrap, found.randomisation, found.verdict) == (1.0, 1.0, "inside the noise")


def test_runs_of_one_seed_are_partners():
    mine, theirs = row("mine", (1, 2, 3)), row("theirs", (4, 5, 6))
    del mine.runs[1]
    lines = [(a.hypotheses, b.hypotheses) for a, b in partners(theirs, mine, "test")]
    assert lines == [(said(1), said(4)), (said(3), said(6))]
    del theirs.runs[0], theirs.runs[1]
    assert len(partners(theirs, mine, "test")) == 1, "without a seed in common by place"
