"""Several processes over loopback: one loss curve, one writer, one end, whatever their number."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist

from attncli.run import Run, unflatten
from attncli.train.distributed import ALONE, Several, joined
from tests.running import SMALL, attncli, sets

STEPS = 50
SETTINGS = [
    *SMALL,
    "model.embedding_dropout=0",
    "model.output_dropout=0",
    "batch.tokens=40",
    "train.accumulate=2",
    "train.schedule=constant",
    "train.monitor=loss",
    "train.report=1",
    f"train.steps={STEPS}",
]


def command(corpus: Path, runs: Path, name: str, *more: str) -> list[str]:
    where = ["--data", str(corpus), "--runs", str(runs), "--run-name", name, "--threads", "1"]
    return ["-m", "attncli", "train", *where, *sets(*SETTINGS), *more]


def losses(run: Path) -> dict[int, float]:
    records = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return {record["step"]: record["loss"] for record in records if "loss" in record}


def words(run: Path) -> int:
    """The target pieces that were trained on."""
    return int(unflatten(*Run(run).load_state("last"))["progress"]["words"])


@pytest.fixture(scope="module")
def alone(corpus, tmp_path_factory) -> Path:
    """The run of one process."""
    runs = tmp_path_factory.mktemp("alone")
    done = attncli(*command(corpus, runs, "one")[2:])
    assert done.code == 0, done.err
    return runs / "one"


def assert_same_curve(run: Path, alone: Path) -> None:
    expected, found = losses(alone), losses(run)
    assert words(run) == words(alone)  # each pair is read by one process
    assert list(found) == list(expected) == list(range(1, STEPS + 1))
    for step, loss in expected.items():
        assert found[step] == pytest.approx(loss, rel=1e-4), step


def test_two_processes_give_the_loss_of_one(corpus, alone, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
            *command(corpus, tmp_path, "two"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert_same_curve(tmp_path / "two", alone)
    assert done.stderr.count("pairs read") == done.stderr.count("steps done; the run is in") == 1
    files = {path.name for path in (tmp_path / "two").iterdir()}
    assert files == {path.name for path in alone.iterdir()}
    assert len(list((tmp_path / "two" / "curves").iterdir())) == 1


def ranks(arguments: list[str]) -> list[subprocess.Popen[str]]:
    """Two processes as torchrun would start them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    return [
        subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, **meeting, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]


def test_one_that_is_stopped_stops_all_and_one_process_goes_on(corpus, alone, tmp_path):
    started = ranks(command(corpus, tmp_path, "cut", *sets("train.validate=1")))
    curve = tmp_path / "cut" / "metrics.jsonl"
    begun = time.monotonic()
    while not (curve.exists() and curve.read_text().count("\n") > 5):
        assert started[1].poll() is None, started[1].communicate()[1]
        assert time.monotonic() - begun < 200
        time.sleep(0.02)
    started[1].send_signal(signal.SIGINT)
    said = [process.communicate(timeout=100)[1] for process in started]
    assert [process.returncode for process in started] == [130, 130], said
    assert "--resume" in said[0]
    assert said[1] == ""
    assert 0 < len(losses(tmp_path / "cut")) < STEPS
    done = attncli(
        *("train", "--resume", tmp_path / "cut", "--threads", 1), *sets("train.validate=0")
    )
    assert done.code == 0, done.err
    assert_same_curve(tmp_path / "cut", alone)


@pytest.mark.slow
def test_what_is_wrong_is_said_once(tmp_path):
    arguments = ["-m", "attncli", "train", "--data", "/no/such/folder", "--runs", str(tmp_path)]
    started = ranks(arguments)
    said = [process.communicate(timeout=100)[1] for process in started]
    assert [process.returncode for process in started] == [1, 1]
    assert "/no/such/folder" in said[0]
    assert said[1] == ""


def test_every_row_is_in_one_share():
    rows = np.arange(7)
    shares = [Several(rank, 3, 3).share(rows) for rank in range(3)]
    assert sorted(np.concatenate(shares).tolist()) == rows.tolist()
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert len(Several(2, 3, 3).share(rows[:1])) == 0
    assert ALONE.share(rows) is rows


@pytest.fixture
def group() -> Iterator[Several]:
    """A group of one process, through which everything is sent all the same."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield Several(0, 1, 1)
    dist.destroy_process_group()


def test_gradients_are_summed_and_what_has_none_keeps_none(group):
    used, unused, frozen = (torch.nn.Parameter(torch.ones(2, 3)) for _ in range(3))
    frozen.requires_grad = False
    used.grad = torch.full((2, 3), 5.0)
    group.sum_gradients([unused, used, frozen])
    assert used.grad.equal(torch.full((2, 3), 5.0))
    assert unused.grad is None
    assert frozen.grad is None


def test_numbers_and_results_come_back(group):
    assert group.total(2.5, True) == [2.5, 1.0]
    assert group.first(lambda: "found") == group.in_turn(lambda: "found") == "found"
    with pytest.raises(KeyError):
        group.first(lambda: {}["missing"])


def test_without_torchrun_a_process_is_by_itself(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined(torch.device("cpu")) as processes:
        assert processes is ALONE
    assert not dist.is_initialized()
