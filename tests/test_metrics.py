"""Metrics: equal to sacreBLEU's own figures, intervals included; buckets; attention by hand."""

from __future__ import annotations

import logging
import random

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from attncli import metrics
from attncli.errors import DataError, UsageError
from attncli.metrics import Scorer, tokenized_note

SENTENCE = "the small dog that Anna saw sleeps in an old garden , because it rained ."
WORDS = SENTENCE.split()


@pytest.fixture(scope="module")
def references() -> list[str]:
    generator = random.Random(0)
    return [" ".join(generator.choices(WORDS, k=generator.randint(3, 14))) for _ in range(120)]


@pytest.fixture(scope="module")
def hypotheses(references: list[str]) -> list[str]:
    generator = random.Random(1)
    return [
        " ".join(word for word in line.split() if generator.random() > 0.2) or "the"
        for line in references
    ]


@pytest.mark.parametrize("lowercase", [False, True])
def test_figures_and_intervals_are_those_of_sacrebleu(
    hypotheses: list[str], references: list[str], lowercase: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)
    # several parts for the draws: they must be those of one large draw
    monkeypatch.setattr(metrics, "_DRAWS_AT_ONCE", 7 * len(hypotheses))
    scores = Scorer(lowercase=lowercase, resamples=200).score(hypotheses, references)
    own = [BLEU(lowercase=lowercase, force=True), CHRF(lowercase=lowercase), TER()]
    assert [score.name for score in scores] == ["BLEU", "chrF", "TER"]
    for score, metric in zip(scores, own, strict=True):
        expected = metric.corpus_score(hypotheses, [references], n_bootstrap=200)
        assert score.value == pytest.approx(expected.score)
        assert score.low is not None
        assert score.high is not None
        assert (score.high - score.low) / 2 == pytest.approx(expected._ci, rel=1e-4)
        assert score.low < score.value < score.high
        assert score.signature == str(metric.get_signature())
        assert "bs:200|seed:12345" in score.signature


def test_perfect_output_and_case() -> None:
    lines = ["The dog sleeps in the old garden .", "Anna saw the small dog today ."]
    lowered = [line.lower() for line in lines]
    exact = {score.name: score.value for score in Scorer(resamples=0).score(lines, lines)}
    assert exact == pytest.approx({"BLEU": 100, "chrF": 100, "TER": 0})
    with_case = Scorer(resamples=0).score(lowered, lines)
    without = Scorer(resamples=0, lowercase=True).score(lowered, lines)
    assert with_case[0].value < 100
    assert without[0].value == pytest.approx(100)
    assert "case:lc" in without[0].signature


def test_no_resamples_give_no_interval() -> None:
    score = Scorer(resamples=0).score(["a b"], ["a c"], ("chrF",))[0]
    assert (score.low, score.high) == (None, None)
    assert "bs:" not in score.signature


def test_tokenizers_are_named_in_the_signature_and_known_by_name() -> None:
    assert "tok:none" in Scorer(tokenize="none", resamples=0).score(["a"], ["a"])[0].signature
    with pytest.raises(UsageError, match=r"unknown tokenizer '13b'; did you mean '13a'\?"):
        Scorer(tokenize="13b")


def test_chinese_without_spaces_is_split_in_ter_too() -> None:
    scores = Scorer(tokenize="zh", resamples=0).score(["我喜欢机器翻译"], ["我喜欢机器学习"])
    assert 0 < scores[2].value < 50
    assert "asian:yes" in scores[2].signature


def test_counts_must_agree() -> None:
    with pytest.raises(DataError, match="2 hypotheses, 3 references"):
        Scorer().score(["a", "b"], ["a", "b", "c"])
    with pytest.raises(DataError, match="nothing to score"):
        Scorer().score([], [])
    with pytest.raises(DataError, match="1 hypotheses, 2 source lengths"):
        Scorer().by_length(["a"], ["a"], [1, 2])
    with pytest.raises(UsageError, match="did you mean 'BLEU'"):
        Scorer().score(["a"], ["a"], ("BLEUE",))


def test_empty_lines_are_scored_not_dropped() -> None:
    scores = Scorer(resamples=20).score(["", "a b c d"], ["", "a b c d"])
    assert [score.value for score in scores[:2]] == pytest.approx([100, 100])
    assert Scorer(resamples=0).score(["", ""], ["a b", "c"], ("TER",))[0].value == 100


def test_buckets_hold_each_sentence_once() -> None:
    lengths = [1, 10, 11, 20, 51, 50, 200]
    lines = ["a b c d e"] * len(lengths)
    wrong = [
        "v w x y z" if length > 50 else line for length, line in zip(lengths, lines, strict=True)
    ]
    buckets = Scorer(resamples=50).by_length(wrong, lines, lengths)
    assert [bucket.label for bucket in buckets] == [
        *("1-10", "11-20", "21-30", "31-40", "41-50", "51+")
    ]
    assert [bucket.count for bucket in buckets] == [2, 2, 0, 0, 1, 2]
    assert buckets[2].score is None
    first, last = buckets[0].score, buckets[-1].score
    assert first is not None
    assert last is not None
    assert (first.value, first.low) == pytest.approx((100, 100))
    assert last.value == 0


def test_edges_of_ones_own_and_empty_sources() -> None:
    buckets = Scorer(resamples=0).by_length(["a"] * 3, ["a"] * 3, [0, 5, 6], (5,))
    assert [(bucket.label, bucket.count) for bucket in buckets] == [("0-5", 2), ("6+", 1)]
    for edges in ((), (5, 5), (7, 3), (0, 4)):
        with pytest.raises(UsageError, match="whole numbers that rise"):
            Scorer().by_length(["a"], ["a"], [1], edges)


def test_resamples_of_two_systems_pair_up() -> None:
    scorer = Scorer(resamples=30)
    counts = scorer.statistics("BLEU", ["a b c d", "a b x d"], ["a b c d", "a b c d"])
    np.testing.assert_array_equal(
        scorer.resampled("BLEU", counts), scorer.resampled("BLEU", counts)
    )


def test_tokenised_text_is_noticed_once_in_our_words(caplog: pytest.LogCaptureFixture) -> None:
    lines = ["the dog sleeps ."] * 150
    with caplog.at_level(logging.DEBUG):
        Scorer(resamples=0).score(lines, lines)
    assert not caplog.records
    assert "150 of 150 lines" in tokenized_note(lines, "13a")
    assert tokenized_note(lines, "none") == ""
    assert tokenized_note(["the dog sleeps."] * 150, "13a") == ""
    assert tokenized_note(["no end here"], "13a") == ""
    assert tokenized_note([], "13a") == ""
