"""`attncli train --resume`."""

from __future__ import annotations

import json

import pytest

from tests.running import attncli, sets, train

NOWHERE = "/there/is/no/such/folder"


def test_a_finished_run_has_nothing_left_until_its_limit_is_raised(corpus, tmp_path):
    run = train(corpus, tmp_path, "short", *sets("train.epochs=1"))
    done = attncli("train", "--resume", "short", "--runs", tmp_path)
    assert done.code == 2
    assert "nothing left to do: 1 epochs done" in done.err
    assert "raise train.epochs" in done.err
    assert (run / "finished.json").exists()
    more = attncli("train", "--resume", run, "--runs", tmp_path, *sets("train.epochs=2"))
    assert more.code == 0, more.err
    assert json.loads((run / "finished.json").read_text())["why"] == "2 epochs done"
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps = [one["step"] for one in records if "loss" in one]
    assert steps == sorted(set(steps))


def test_a_resumed_run_keeps_its_own_recipe(runs):
    done = attncli("train", "--resume", "first", "--runs", runs, "--attention", "dot")
    assert done.code == 2
    assert "only --set can change it" in done.err


def test_a_resumed_run_stays_the_experiment_that_it_was(corpus, tmp_path):
    run = train(corpus, tmp_path, "kept", *sets("train.epochs=1"))
    before = (run / "recipe.yaml").read_text()
    changes = sets("model.hidden=64", "train.epochs=2")
    done = attncli("train", "--resume", run, "--runs", tmp_path, "--seed", "9", *changes)
    assert done.code == 2
    assert "--resume cannot change seed, model.hidden" in done.err
    assert (run / "recipe.yaml").read_text() == before


@pytest.mark.parametrize(
    "change",
    [
        "train.optimizer=sgd",
        "train.optimizer.beta2=0.9",
        "train.schedule=halving",
        "train.monitor=loss",
        "train.average=3",
    ],
)
def test_a_resumed_run_keeps_what_its_checkpoint_holds(runs, change):
    done = attncli("train", "--resume", "first", "--runs", runs, *sets(change, "train.epochs=9"))
    assert done.code == 2
    assert f"--resume cannot change {change.partition('=')[0]}" in done.err


def test_a_run_killed_before_it_was_marked_finished_can_be_finished(corpus, tmp_path):
    run = train(corpus, tmp_path, "cut", *sets("train.epochs=1"))
    (run / "finished.json").unlink()
    done = attncli("train", "--resume", run, "--runs", tmp_path)
    assert done.code == 0, done.err
    assert (run / "finished.json").exists()


def test_a_run_cut_off_while_its_text_was_prepared_can_go_on(corpus, tmp_path, monkeypatch):
    from attncli.train import training

    def cut_off(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training, "prepare", cut_off)
        with pytest.raises((KeyboardInterrupt, AssertionError)):
            train(corpus, tmp_path, "early", *sets("train.epochs=1"))
    done = attncli("train", "--resume", "early", "--runs", tmp_path)
    assert done.code == 0, done.err
    assert (tmp_path / "early" / "finished.json").exists()


def test_a_run_without_a_checkpoint_is_not_the_newest(corpus, runs, tmp_path):
    done = attncli("train", "--data", "nowhere-at-all", "--runs", tmp_path)
    assert done.code == 1
    assert "no run in" in attncli("translate", "--runs", tmp_path, stdin=b"a\n").err


def test_resuming_what_is_not_there_suggests_the_closest(runs):
    done = attncli("train", "--resume", "secnd", "--runs", runs)
    assert done.code == 1
    assert "did you mean 'second'?" in done.err
