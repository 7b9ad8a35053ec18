"""`attncli train --resume`."""

from __future__ import annotations

import json
import shutil

import pytest
from safetensors.torch import load_file
from tensorboard.backend.event_processing import event_accumulator

from tests.running import attncli, sets, train

NOWHERE = "/there/is/no/such/folder"


def test_a_limit_below_what_is_done_changes_nothing(corpus, tmp_path):
    run = train(corpus, tmp_path, "long", *sets("train.steps=8", "train.epochs=20"))
    (run / "finished.json").unlink()
    done = attncli("train", "--resume", run, *sets("train.steps=5"))
    assert done.code == 2
    assert "nothing left to do: 8 steps done (raise train.steps with --set)" in done.err
    assert "steps: 8" in (run / "recipe.yaml").read_text()


def test_a_run_goes_on_where_its_text_lies_now(corpus, tmp_path):
    run = train(corpus, tmp_path, "moved", *sets("train.epochs=1"))
    shutil.copytree(corpus, tmp_path / "elsewhere")
    more = ["train", "--resume", run, *sets("train.epochs=2")]
    done = attncli(*more, "--data", tmp_path / "elsewhere")
    assert done.code == 0, done.err
    (tmp_path / "elsewhere" / "val.en").write_text("ein\n" * 20)
    other = attncli(*more[:3], *sets("train.epochs=3"))
    assert other.code == 1
    assert "other text than when this run was prepared" in other.err


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
    for flag in (("--attention", "dot"), ("--scale", "paper")):
        done = attncli("train", "--resume", "first", "--runs", runs, *flag)
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

    run = interrupted(monkeypatch, training, "prepare", corpus, tmp_path, *sets("train.epochs=1"))
    done = attncli("train", "--resume", run.name, "--runs", tmp_path)
    assert done.code == 0, done.err
    assert (run / "finished.json").exists()


def test_a_run_without_a_checkpoint_is_not_the_newest(corpus, runs, tmp_path):
    done = attncli("train", "--data", "nowhere-at-all", "--runs", tmp_path)
    assert done.code == 1
    assert "no run in" in attncli("translate", "--runs", tmp_path, stdin=b"a\n").err


def test_resuming_what_is_not_there_suggests_the_closest(runs):
    done = attncli("train", "--resume", "secnd", "--runs", runs)
    assert done.code == 1
    assert "did you mean 'second'?" in done.err


def cut_off(*given, **options):
    raise AssertionError


def interrupted(monkeypatch, where, name, corpus, runs, *more):
    """Trains until a function is called, as though the process were killed there."""
    with monkeypatch.context() as patched:
        patched.setattr(where, name, cut_off)
        with pytest.raises(AssertionError):
            train(corpus, runs, "cut", *more)
    return runs / "cut"


def model_of(run):
    tensors = load_file(run / "checkpoints" / "last.safetensors")
    return {name: part for name, part in tensors.items() if name.startswith("model.")}


def test_a_run_from_another_s_weights_still_has_them_after_a_cut(
    runs, corpus, tmp_path, monkeypatch
):
    from attncli.train.trainer import Trainer

    warm = ("--init-from", runs / "first", *sets("train.epochs=1"))
    straight = train(corpus, tmp_path, "straight", *warm)
    run = interrupted(monkeypatch, Trainer, "step", corpus, tmp_path, *warm)
    done = attncli("train", "--resume", run, "--threads", 1)
    assert done.code == 0, done.err
    expected, found = model_of(straight), model_of(run)
    assert all(part.equal(found[name]) for name, part in expected.items())


def test_a_run_cut_off_before_it_had_another_s_weights_says_so(runs, corpus, tmp_path, monkeypatch):
    from attncli.train import training

    warm = ("--init-from", runs / "first", *sets("train.epochs=1"))
    run = interrupted(monkeypatch, training, "prepare", corpus, tmp_path, *warm)
    done = attncli("train", "--resume", run, "--threads", 1)
    assert done.code == 1
    assert "cut off before it had its first weights from another run" in done.err
    assert "--init-from" in done.err


def test_a_limit_at_the_end_of_an_epoch_is_validated_once(corpus, tmp_path):
    whole = train(corpus, tmp_path, "whole", *sets("train.epochs=1"))
    steps = records(whole)[-1]["step"]
    run = train(corpus, tmp_path, "limited", *sets("train.epochs=2", f"train.steps={steps}"))
    more = attncli("train", "--resume", run, "--threads", 1, *sets("train.steps=0"))
    assert more.code == 0, more.err
    validated = [one["step"] for one in records(run) if "valid_loss" in one]
    assert validated == [steps, 2 * steps]


def test_the_curves_keep_the_point_that_training_goes_on_from(corpus, tmp_path):
    run = train(corpus, tmp_path, "drawn", *sets("train.epochs=1"))
    more = attncli("train", "--resume", run, "--threads", 1, *sets("train.epochs=2"))
    assert more.code == 0, more.err
    drawn = event_accumulator.EventAccumulator(str(run / "curves"))
    drawn.Reload()
    expected = [one["step"] for one in records(run) if "valid_loss" in one]
    assert [one.step for one in drawn.Scalars("valid_loss")] == expected


def records(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
