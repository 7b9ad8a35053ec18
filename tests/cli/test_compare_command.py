"""`attncli compare` from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from attncli.compare.forecast import Forecast
from tests.running import SMALL, attncli, process, sets


def test_runs_are_put_side_by_side(runs, tmp_path):
    out = tmp_path / "out" / "table.md"
    words = ["compare", "first", "blind", "--runs", runs, "--threads", 1, "--tokenize", "none"]
    done = attncli(*words, "--baseline", "blind", "-o", out)
    assert done.code == 0, done.err
    assert "test, baseline blind; the rows differ in" in done.out
    assert "against blind" in done.out
    assert f"wrote {out}" in done.err
    assert out.read_text(encoding="utf-8").count("\n|") == 4
    found = json.loads(attncli(*words, "--format", "json").out)
    assert [row["name"] for row in found["rows"]] == ["first", "blind"]
    assert found["rows"][0]["runs"][0]["tests"]["test"]["by_length"][0]["bleu"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["first", "second", "--baseline", "frist"], "no such row; did you mean 'first'?"),
        (["first", "second", "--test", "tset"], "no test set 'tset'; did you mean 'test'?"),
        (["first", "second", "--tokenize", "13b"], "unknown tokenizer '13b'"),
        (["first", "second", "--study", "model.atention"], "did you mean 'model.attention"),
        (["first", "second", "-o", "table.doc"], "table.doc: what is written goes by the ending"),
        (["first", "second", "--scale", "huge"], "no scale 'huge'; there is laptop and paper"),
        (["first"], "only 1 to compare"),
        (["first", "blind", "--seeds", 3], "--seeds changes recipes; runs are taken as they are"),
        (["first", "blind", "--set", "seed=2"], "--set changes recipes; runs are taken as they"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(runs, words, said):
    done = attncli("compare", *words, "--runs", runs)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_run_beside_recipes_is_said_to_be_taken_as_it_is(runs, corpus):
    small = sets(*SMALL, "train.steps=2")
    words = ["first", "attention/dot", "--runs", runs, "--data", corpus, "--dry-run"]
    done = attncli("compare", *words, *small, "--threads", 1)
    assert done.code == 0, done.err
    assert "taken as they are, without --data, --set: first" in done.err


def test_a_forecast_divides_by_the_runs_that_there_are(runs, corpus, monkeypatch):
    minute = Forecast(1, 2, 3.0, 60.0, 5)
    found = [("a", minute), ("b", minute), ("c", None)]
    monkeypatch.setattr("attncli.compare.forecast.forecasts", lambda *given: iter(found))
    words = ["attention/dot", "attention/additive", "attention/none", "--data", corpus]
    done = attncli("compare", *words, "--runs", runs, "--dry-run", "--jobs", 8, *sets(*SMALL))
    assert "together 1 minutes of training steps: 1 seeds, 2 at a time" in done.out


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--baseline", "doct"], "--baseline doct: no such row; did you mean 'dot'?"),
        (["--study", "model.attnetion"], "did you mean 'model.attention"),
        (["-o", "table.md"], "--dry-run trains nothing: leave out -o"),
    ],
)
def test_a_forecast_refuses_what_the_comparison_would(runs, corpus, flags, said):
    words = ["attention/dot", "attention/none", "--data", corpus, "--runs", runs, "--dry-run"]
    done = attncli("compare", *words, *flags, *sets(*SMALL))
    assert done.code == 2
    assert said in done.err


@pytest.mark.slow
def test_an_interrupted_comparison_goes_on_and_gives_the_same_table(corpus, tmp_path):
    def command(root):
        small = sets(*SMALL, "train.epochs=30", "train.schedule=plateau")
        where = ["--data", corpus, "--runs", root, "--threads", 1, "--format", "json"]
        return ["compare", "attention/dot", "attention/additive", *where, *small]

    whole = json.loads(process(*command(tmp_path / "whole")).out)
    root = tmp_path / "cut"
    words = [sys.executable, "-m", "attncli", *map(str, command(root))]
    cut = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while not any("valid_loss" in path.read_text() for path in root.glob("*/metrics.jsonl")):
        time.sleep(0.1)
        assert cut.poll() is None
    cut.send_signal(signal.SIGINT)
    _, said = cut.communicate()
    assert cut.returncode == 130
    assert b"2 runs are left, and the same command goes on with them" in said
    again = json.loads(process(*command(root)).out)

    def figures(found):
        keys = ("bleu", "chrf", "ter", "perplexity", "entropy", "parameters")
        return [{key: row["figures"]["test"][key] for key in keys} for row in found["rows"]]

    assert figures(again) == figures(whole)


def test_a_recipe_without_the_papers_sizes_says_so_and_is_measured_as_it_is(runs, monkeypatch):
    monkeypatch.setattr("attncli.compare.forecast.forecasts", lambda *given: iter([]))
    words = ["attention/dot", "luong2015/1-plain", "--scale", "paper", "--dry-run"]
    done = attncli("compare", *words, "--runs", runs, *sets("model.hidden=64", "model.layers=1"))
    assert done.code == 0, done.err
    assert "dot: it carries no sizes of the scale paper" in done.err
    assert "1-plain: it carries" not in done.err
