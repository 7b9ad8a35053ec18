"""REINFORCE's moving average is part of what a training run is, and goes on with it."""

from __future__ import annotations

from safetensors.torch import load_file

from tests.running import attncli, sets, train

HARD = sets(
    "model.attention=hard",
    "objective.estimator=reinforce",
    "objective.estimator.baseline=moving-average",
)
AVERAGE = "training.objective.estimator.baseline.average"


def last(run):
    return load_file(run / "checkpoints" / "last.safetensors")


def test_a_resumed_run_takes_up_the_moving_average(corpus, tmp_path):
    whole = last(train(corpus, tmp_path, "whole", *HARD, *sets("train.epochs=2")))
    run = train(corpus, tmp_path, "parted", *HARD, *sets("train.epochs=1"))
    half = last(run)
    more = attncli("train", "--resume", run, "--runs", tmp_path, *sets("train.epochs=2"))
    assert more.code == 0, more.err
    assert float(whole[AVERAGE]) < -1
    assert float(half[AVERAGE]) != float(whole[AVERAGE])
    resumed = last(run)
    assert float(resumed[AVERAGE]) == float(whole[AVERAGE])
    assert all(resumed[name].equal(part) for name, part in whole.items() if "model." in name)
