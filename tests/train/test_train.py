"""Training as a user runs it: a whole run, a killed one that goes on, a stopped one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from safetensors.torch import load_file

from tests.running import SMALL, sets


def command(corpus, runs, *more):
    base = [sys.executable, "-m", "attncli", "train", "--data", str(corpus), "--runs", str(runs)]
    return [*base, "--threads", "1", *sets(*SMALL), *more]


def weights(run, state="last"):
    tensors = load_file(run / "checkpoints" / f"{state}.safetensors")
    return {name: part for name, part in tensors.items() if name.startswith("model.")}


def assert_same_weights(left, right):
    assert left.keys() == right.keys()
    for name, part in left.items():
        assert part.equal(right[name]), name


@pytest.fixture(scope="module")
def straight(corpus, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        command(corpus, runs, "--run-name", "straight"), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return runs / "straight"


def test_the_same_seed_gives_the_same_weights(corpus, straight, tmp_path):
    subprocess.run(command(corpus, tmp_path, "--run-name", "again"), check=True)
    assert_same_weights(weights(straight), weights(tmp_path / "again"))


def test_another_seed_gives_other_weights(corpus, straight, tmp_path):
    subprocess.run(command(corpus, tmp_path, "--run-name", "b", "--seed", "2"), check=True)
    differs = [n for n, p in weights(tmp_path / "b").items() if not p.equal(weights(straight)[n])]
    assert differs


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_goes_on_to_the_same_weights(corpus, straight, tmp_path, stop):
    process = subprocess.Popen(
        command(corpus, tmp_path, "--run-name", "cut", "--set", "train.checkpoint_minutes=0"),
        stderr=subprocess.PIPE,
        text=True,
    )
    run = tmp_path / "cut"
    wait_for(lambda: (run / "checkpoints" / "last.safetensors").exists(), process)
    process.send_signal(stop)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if stop == signal.SIGKILL else 130)
    assert stop == signal.SIGKILL or "--resume" in said
    assert not (run / "finished.json").exists()
    moved = tmp_path / "moved"
    os.rename(run, moved)
    done = subprocess.run(
        [sys.executable, "-m", "attncli", "train", "--resume", str(moved), "--threads", "1"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "resumed after step" in done.stderr
    assert_same_weights(weights(straight), weights(moved))
    assert_same_weights(weights(straight, "average"), weights(moved, "average"))
    assert steps(straight) == steps(moved)


def test_a_finished_run_has_nothing_left_to_do(straight):
    done = subprocess.run(
        [sys.executable, "-m", "attncli", "train", "--resume", str(straight)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "nothing left to do: 6 epochs done" in done.stderr


def steps(run):
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [line.partition('"epoch"')[0] for line in lines]


def wait_for(ready, process):
    begun = time.monotonic()
    while not ready():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() - begun < 60
        time.sleep(0.02)


def test_a_loss_that_is_no_number_ends_training_in_one_line(corpus, tmp_path):
    wild = ["optimizer=sgd", "optimizer.lr=1e30", "schedule=constant", "clip=0"]
    done = subprocess.run(
        command(corpus, tmp_path, *sets(*(f"train.{one}" for one in wild))),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "training has diverged (try a lower train.optimizer.lr" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
