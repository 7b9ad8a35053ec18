"""From records to a page: the arithmetic of ratios, ceilings and what has failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.ceiling import work
from benchmarks.measure import Answer, MeasureError
from benchmarks.report import Measure, failure, page, ratios, rows, spread
from benchmarks.rounds import Plan, Record, Rounds
from benchmarks.workers.job import Job


def record(number: int, system: str, **found: object) -> Record:
    named = {"round": number, "kind": "training", "configuration": "T", "system": system}
    return {**named, **found}


def plan(folder: Path) -> Plan:
    return Plan(
        kinds=("training", "decoding"),
        systems=("attncli", "joeynmt", "eole", "ctranslate2"),
        configurations=("T", "R"),
        text=folder,
        work=folder,
        peers=folder,
        threads=1,
        seed=1,
        rounds=2,
        warm=1,
        updates=2,
        sentences=3,
        single=1,
        minutes=1.0,
    )


def test_the_work_of_a_target_piece_is_what_the_sizes_give() -> None:
    transformer = work("T", 8000, 1.0)
    assert transformer.multiply_adds == 4 * (6 * 128**2 + 2 * 128 * 256) + 128 * 8000 + 4 * (
        6 * 128**2 + 2 * 128 * 256
    )
    assert transformer.operations == pytest.approx(14.0e6, rel=0.01)
    assert work("R", 8000, 1.0).operations == pytest.approx(51.3e6, rel=0.01)
    fed = work("R", 8000, 1.0).multiply_adds - work("R0", 8000, 1.0).multiply_adds
    assert fed == 4 * 512 * 512


def test_ratios_are_taken_within_a_round() -> None:
    ours, theirs = {0: 100.0, 1: 50.0, 2: 80.0}, {0: 50.0, 1: 25.0}
    assert ratios(ours, theirs, less_is_better=False) == [2.0, 2.0]
    assert ratios(ours, theirs, less_is_better=True) == [0.5, 0.5]


def test_a_spread_is_the_median_between_least_and_greatest() -> None:
    assert spread([3.0, 1.0, 20.0]) == "3 (1 to 20)"
    assert spread([1234.5]) == "1,234"
    assert spread([]) == "–"


def test_a_peer_that_failed_is_told_with_its_reason_and_the_rest_stays() -> None:
    systems = {
        "attncli": [record(0, "attncli", pace=10.0)],
        "joeynmt": [record(0, "joeynmt", failed="ImportError: a | b")],
        "eole": [record(0, "eole", pace=4.0)],
    }
    assert failure(systems["joeynmt"]) == "failed: ImportError: a | b"
    assert rows(systems, Measure("pace", "pace", False), ",.0f") == [
        ["attncli", "10", ""],
        ["joeynmt", "failed: ImportError: a | b", ""],
        ["eole", "4", "2.50"],
    ]


def test_the_page_has_the_fraction_of_the_ceiling() -> None:
    needs = work("T", 8000, 1.0)
    half = 100e9 / needs.operations / 2
    ceiling: Record = {
        "round": 0,
        "kind": "ceiling",
        "configuration": "",
        "system": "attncli",
        "gflops": 100.0,
        "gbytes": 20.0,
    }
    found = [ceiling, record(0, "attncli", tokens_per_second=half, peak_mb=900.0)]
    text = page(found, {"T": needs}, ["Command: `make bench`"])
    assert f"| attncli | {half:,.0f} |  | 50% | 900 |" in text
    assert "memory takes 20.0 GB/s" in text
    assert "Not measured" in text


def test_a_row_of_decoding_has_all_three_measurements_and_their_ratios() -> None:
    def decoded(system: str, *found: float) -> Record:
        names = ("beam5_tokens_per_second", "greedy_tokens_per_second", "single_ms")
        return {**record(0, system, **dict(zip(names, found, strict=True))), "kind": "decoding"}

    found = [decoded("attncli", 200.0, 900.0, 10.0), decoded("eole", 100.0, 600.0, 35.0)]
    text = page(found, {}, [])
    assert "| attncli | 200 |  | 900 |  | 10.0 |  |" in text
    assert "| eole | 100 | 2.00 | 600 | 1.50 | 35.0 | 3.50 |" in text


def test_another_setting_of_ours_is_held_against_the_peers() -> None:
    found = [
        record(0, "attncli", tokens_per_second=100.0, peak_mb=1.0),
        record(0, "eole", tokens_per_second=50.0, peak_mb=1.0),
        record(0, "attncli-bf16", tokens_per_second=300.0, peak_mb=1.0),
        record(0, "eole-bf16", tokens_per_second=60.0, peak_mb=1.0),
    ]
    text = page(found, {"T": work("T", 8000, 1.0)}, [])
    assert "| attncli-bf16 is faster × | target tokens/s |" in text
    assert "| eole | 6.00 |" in text
    assert "| eole-bf16 | 5.00 |" in text


def test_the_page_says_how_much_input_feeding_costs() -> None:
    fed, free = record(0, "attncli", tokens_per_second=100.0), record(0, "attncli")
    fed["configuration"] = "R"
    free.update(configuration="R0", tokens_per_second=150.0)
    works = {name: work(name, 8000, 1.0) for name in ("R", "R0")}
    assert "attncli trains R0 1.50 × as fast as R." in page([fed, free], works, [])


def test_the_order_of_systems_turns_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def in_turns(jobs: list[Job], peers: Path, logs: Path) -> list[Answer]:
        asked.extend(f"{job.task} {job.configuration} {job.system}" for job in jobs)
        return [{"tokens_per_second": 1.0} for _ in jobs]

    monkeypatch.setattr("benchmarks.rounds.in_turns", in_turns)
    Rounds(plan(tmp_path), tmp_path / "records.json").measure()
    trained = [one.split()[2] for one in asked if one.startswith("train T")]
    assert trained == ["attncli", "joeynmt", "eole", "eole", "joeynmt", "attncli"]
    assert [one for one in asked if one.endswith("ctranslate2")] == ["decode T ctranslate2"] * 2


def test_what_is_compared_takes_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[set[str]] = []

    def in_turns(jobs: list[Job], peers: Path, logs: Path) -> list[Answer]:
        groups.append({f"{job.task} {job.configuration} {job.system}" for job in jobs})
        return [{"tokens_per_second": 1.0} for _ in jobs]

    monkeypatch.setattr("benchmarks.rounds.in_turns", in_turns)
    asked = replace(plan(tmp_path), configurations=("T", "R", "R0"))
    Rounds(asked, tmp_path / "records.json").measure()
    fed = {"train R attncli", "train R joeynmt", "train R eole"}
    assert fed | {"train R0 attncli"} in groups


def test_what_cannot_be_exported_is_not_decoded_and_the_rest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_turns(jobs: list[Job], peers: Path, logs: Path) -> list[Answer]:
        return [
            MeasureError("no room") if job.task.startswith("export") else {"single_ms": 2.0}
            for job in jobs
        ]

    monkeypatch.setattr("benchmarks.rounds.in_turns", in_turns)
    rounds = Rounds(plan(tmp_path), tmp_path / "records.json")
    rounds.measure()
    told = {
        str(one["system"]): (one.get("single_ms"), one.get("failed"))
        for one in rounds.records
        if (one["kind"], one["configuration"]) == ("decoding", "T")
    }
    assert told["ctranslate2"] == (None, "no room")
    assert told["joeynmt"] == (2.0, None)
