"""The end of training: the best model or the mean of the last, by the search that translates."""

from __future__ import annotations

import json

import pytest
from sacrebleu import corpus_bleu

import attncli as package
from tests.running import attncli, sets, train


@pytest.fixture(scope="module")
def chosen(corpus, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    short = sets("search.max_ratio=0.5", "search.max_extra=2", "train.epochs=5")
    return train(corpus, runs, "chosen", *short)


def record(run):
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if "average_bleu" in line][-1]


def validated(run, corpus, checkpoint):
    src, tgt = ((corpus / f"val.{end}").read_text().splitlines() for end in ("en", "de"))
    texts = package.load(run, checkpoint=checkpoint).translate(src)
    return corpus_bleu(texts, [tgt], force=True).score


@pytest.mark.parametrize("checkpoint", ["average", "best"])
def test_both_are_scored_by_the_search_of_the_run(chosen, corpus, checkpoint):
    found = record(chosen)[f"{checkpoint}_bleu"]
    assert found == pytest.approx(validated(chosen, corpus, checkpoint))


def test_the_search_is_another_one_than_that_of_validations(chosen):
    lines = [json.loads(line) for line in (chosen / "metrics.jsonl").read_text().splitlines()]
    greedy = max(line["valid_bleu"] for line in lines if "valid_bleu" in line)
    assert record(chosen)["best_bleu"] != pytest.approx(greedy)


def test_the_better_one_translates(chosen):
    found = record(chosen)
    better = "average" if found["average_bleu"] > found["best_bleu"] else "best"
    assert package.load(chosen).loaded.state == better


def test_training_says_which_it_took(chosen):
    (chosen / "finished.json").unlink()
    done = attncli("train", "--resume", chosen, "--threads", 1)
    assert done.code == 0, done.err
    found = record(chosen)
    expected = (
        f"valid BLEU {found['average_bleu']:.2f} of the mean of the last 2 models, "
        f"BLEU {found['best_bleu']:.2f} of the best one; the "
    )
    assert expected in done.err
