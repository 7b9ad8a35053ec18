"""Workers that take turns, and what they count: processes that do nothing but say when."""

from __future__ import annotations

import sys
import time
from itertools import accumulate
from pathlib import Path

import pytest

from benchmarks.measure import MeasureError, ask, in_turns
from benchmarks.workers import job as jobs
from benchmarks.workers.job import LENGTH, Job, Laps, timed_decodings

WORKER = """
import os, sys, threading
from benchmarks.workers.job import Laps, run

def train(job):
    laps = Laps(job)
    for update in range(1, job.warm + job.updates + 1):
        if (job.system, update) == (job.text, job.warm + 1):
            sys.exit("out of memory")
        if (job.system + " waiting", update) == (job.text, job.warm):
            threading.Timer(0.05, os._exit, (3,)).start()
        with open(job.folder, "a") as said:
            said.write(job.system[0])
        laps.mark(100 * update)
    return laps.found

run({"train": train})
"""


def job(folder: Path, system: str, turns: int, fails: str = "") -> Job:
    return Job(
        task="train",
        system=system,
        configuration="T",
        text=fails,
        folder=str(folder / "said"),
        answer=str(folder / "logs" / f"train-T-{system}.answer"),
        threads=1,
        seed=1,
        warm=1,
        updates=4,
        sentences=3,
        single=1,
        turns=turns,
    )


@pytest.fixture
def peers(tmp_path: Path) -> Path:
    """Environments in which every module is the same small worker."""
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER, encoding="utf-8")
    for system in ("joeynmt", "eole"):
        python = tmp_path / "peers" / system / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{worker}" "$3"\n')
        python.chmod(0o755)
    return tmp_path / "peers"


def test_workers_take_turns_and_only_one_works_at_a_time(tmp_path: Path, peers: Path) -> None:
    both = [job(tmp_path, system, turns=2) for system in ("joeynmt", "eole")]
    found = in_turns(both, peers, tmp_path / "logs")
    assert (tmp_path / "said").read_text() == "je" + "jjee" + "jjee"
    for answer in found:
        assert not isinstance(answer, MeasureError)
        assert answer["tokens"] == 400


def test_the_turns_of_others_are_not_counted(tmp_path: Path, peers: Path) -> None:
    begun = time.perf_counter()
    both = [job(tmp_path, system, turns=4) for system in ("joeynmt", "eole")]
    found = in_turns(both, peers, tmp_path / "logs")
    lasted = time.perf_counter() - begun
    counted = [answer["seconds"] for answer in found if not isinstance(answer, MeasureError)]
    assert len(counted) == 2
    assert lasted > 2 > 20 * sum(counted)  # eight turns, each after a rest


@pytest.mark.parametrize(
    ("fails", "said", "turns"),
    [("joeynmt", "out of memory", "je" + "eeee"), ("joeynmt waiting", "exit 3", None)],
)
def test_the_others_go_on_where_one_fails_or_dies_while_it_waits(
    tmp_path: Path, peers: Path, fails: str, said: str, turns: str | None
) -> None:
    both = [job(tmp_path, system, 2, fails=fails) for system in ("joeynmt", "eole")]
    failed, answer = in_turns(both, peers, tmp_path / "logs")
    assert isinstance(failed, MeasureError)
    assert str(failed) == said
    assert not isinstance(answer, MeasureError)
    assert turns is None or (tmp_path / "said").read_text() == turns


def test_one_that_is_not_installed_says_so(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="joeynmt/bin/python is not there"):
        ask(job(tmp_path, "joeynmt", turns=0), tmp_path, tmp_path / "logs")


def test_laps_count_from_the_last_warm_up_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 5.0, 7.0, 8.0, 11.0, 20.0, 100.0])
    monkeypatch.setattr("benchmarks.workers.job.time.perf_counter", lambda: next(clock))
    laps = Laps(job(tmp_path, "eole", turns=0))
    for words in accumulate([10, 20, 40, 5, 25, 400]):
        laps.mark(words)
    assert (laps.found["tokens"], laps.found["seconds"]) == (90, 15.0)


def test_laps_stop_the_clock_while_others_have_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 5.0, 50.0, 51.0, 53.0, 90.0, 93.0, 94.0])
    monkeypatch.setattr("benchmarks.workers.job.time.perf_counter", lambda: next(clock))
    laps = Laps(job(tmp_path, "eole", turns=2))
    handed: list[int] = []
    monkeypatch.setattr(jobs, "hand_on", lambda: handed.append(laps.done))
    for words in accumulate([10, 20, 40, 5, 25]):
        laps.mark(words)
    assert handed == [1, 3]
    assert (laps.found["tokens"], laps.found["seconds"]) == (90, 7.0)


def test_every_turn_of_decoding_has_sentences_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(jobs, "hand_on", lambda: seen.append([]))

    def decode(lines: list[str], beam: int, batch: int) -> list[int]:
        seen.append(lines)
        return [LENGTH] * len(lines)

    timed_decodings(job(tmp_path, "eole", turns=2), ["a", "b", "c"], decode)
    assert seen[:5] == [["a", "b", "c"], [], ["a", "b"], [], ["c"]]


def test_a_translation_of_another_length_is_no_measurement(tmp_path: Path) -> None:
    asked = job(tmp_path, "eole", turns=0)
    found = timed_decodings(
        asked, ["a", "b", "c"], lambda lines, beam, batch: [LENGTH] * len(lines)
    )
    assert found["beam5_tokens_per_second"] > 0
    with pytest.raises(ValueError, match="1 of 3 translations"):
        timed_decodings(asked, ["a", "b", "c"], lambda lines, beam, batch: [LENGTH, LENGTH, 3])
