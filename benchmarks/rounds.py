"""The rounds: every measurement of every system, in an order that turns round each time."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Answer, MeasureError, ask, in_turns, startup
from benchmarks.peers import HELP, OURS
from benchmarks.workers.job import Job

TRAINING = {
    "T": ("attncli", "joeynmt", "eole", "attncli-bf16", "eole-bf16"),
    "R": ("attncli", "joeynmt", "eole", "attncli-bf16", "eole-bf16"),
    "R0": ("attncli",),
}
DECODING = {
    "T": (
        "attncli",
        "joeynmt",
        "eole",
        "attncli-onnx",
        "ctranslate2",
        "ctranslate2-apart",
        "ctranslate2-int8",
    ),
    "R": ("attncli", "joeynmt", "eole", "attncli-onnx", "attncli-onnx-int8"),
}
# What decodes attncli's own model, and the task that exports it.
EXPORTS = {
    "ctranslate2": "export-ctranslate2",
    "ctranslate2-apart": "export-ctranslate2",
    "ctranslate2-int8": "export-ctranslate2",
    "attncli-onnx": "export-onnx",
    "attncli-onnx-int8": "export-onnx-int8",
}
GROUPS = (("T",), ("R", "R0"))  # configurations whose systems take turns with each other
KINDS = ("startup", "training", "decoding")
TASKS = {"training": "train", "decoding": "decode"}
TURNS = {"training": 4, "decoding": 1}  # of every system in each of its measurements
Record = dict[str, object]
Subject = tuple[str, str]  # configuration and system


@dataclass(frozen=True)
class Plan:
    """What is measured, and how much of it."""

    kinds: tuple[str, ...]
    systems: tuple[str, ...]
    configurations: tuple[str, ...]
    text: Path
    work: Path
    peers: Path
    threads: int
    seed: int
    rounds: int
    warm: int
    updates: int
    sentences: int
    single: int
    minutes: float

    def job(
        self, task: str, system: str, configuration: str, warm: int, updates: int, turns: int = 0
    ) -> Job:
        """One question to one worker."""
        folder = self.work / ("pieces" if task == "prepare" else f"{system}/{configuration}")
        name = f"{task}-{configuration}-{system}.answer"
        return Job(
            task=task,
            system=system,
            configuration=configuration,
            text=str(self.text),
            folder=str(folder),
            answer=str(self.work / "logs" / name),
            threads=self.threads,
            seed=self.seed,
            warm=warm,
            updates=updates,
            sentences=self.sentences,
            single=self.single,
            turns=turns,
        )

    def measurements(self) -> Iterator[tuple[str, list[Subject]]]:
        """The measurements of a round: their kind, and who takes turns in them."""
        if "startup" in self.kinds:
            yield "startup", [("", system) for system in HELP if system in self.systems]
        for kind, table in (("training", TRAINING), ("decoding", DECODING)):
            for group in GROUPS if kind in self.kinds else ():
                yield (
                    kind,
                    [
                        (configuration, system)
                        for configuration in group
                        for system in table.get(configuration, ())
                        if configuration in self.configurations and system in self.systems
                    ],
                )


def say(line: str) -> None:
    """Progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


class Rounds:
    """Measures round by round, and keeps every record as soon as it is there."""

    def __init__(self, plan: Plan, out: Path) -> None:
        self.plan, self.out = plan, out
        self.records: list[Record] = []
        self.failed: set[tuple[str, str, str]] = set()
        self.begun = time.monotonic()
        self.logs = plan.work / "logs"

    def prepare(self) -> dict[str, float]:
        """The pieces that all systems read, and how many there are."""
        say("preparing text")
        return ask(self.plan.job("prepare", "attncli", "T", 0, 0), self.plan.peers, self.logs)

    def measure(self) -> int:
        """All rounds, or as many as the minutes allow; the number of those that were done."""
        if "decoding" in self.plan.kinds and "training" not in self.plan.kinds:
            self._make_models()
        for number in range(self.plan.rounds):
            spent = (time.monotonic() - self.begun) / 60
            if number and spent * (number + 1) / number > self.plan.minutes:
                say(f"{spent:.0f} minutes are over; no further round fits in {self.plan.minutes:g}")
                return number
            self._round(number)
        return self.plan.rounds

    def _round(self, number: int) -> None:
        ceiling = self.plan.job("ceiling", "attncli", "T", 0, 0)
        self._keep(number, "ceiling", "", "attncli", self._alone(ceiling))
        for kind, subjects in self.plan.measurements():
            asked = [
                one
                for one in (subjects if number % 2 == 0 else reversed(subjects))
                if (kind, *one) not in self.failed
            ]
            for (configuration, system), answer in zip(
                asked, self._answers(kind, asked), strict=True
            ):
                self._keep(number, kind, configuration, system, answer)

    def _answers(self, kind: str, subjects: list[Subject]) -> list[Answer]:
        """What the systems answer, in their order."""
        if kind == "startup":
            return [self._startup(system) for _, system in subjects]
        plan = self.plan
        found: dict[Subject, Answer] = {
            (configuration, system): self._alone(
                plan.job(EXPORTS[system], OURS, configuration, 0, 0)
            )
            for configuration, system in subjects
            if system in EXPORTS
        }
        jobs = {
            (configuration, system): plan.job(
                TASKS[kind], system, configuration, plan.warm, plan.updates, TURNS[kind]
            )
            for configuration, system in subjects
            if not isinstance(found.get((configuration, system)), MeasureError)
        }
        found |= zip(jobs, in_turns(list(jobs.values()), plan.peers, self.logs), strict=True)
        return [found[one] for one in subjects]

    def _startup(self, system: str) -> Answer:
        try:
            return startup(system, self.plan.peers, self.logs)
        except MeasureError as error:
            return error

    def _alone(self, job: Job) -> Answer:
        """The answer of a system that takes turns with no other."""
        (answer,) = in_turns([job], self.plan.peers, self.logs)
        return answer

    def _make_models(self) -> None:
        """Something to decode with, where no training is measured."""
        for configuration, systems in DECODING.items():
            for system in systems:
                chosen = configuration in self.plan.configurations and system in self.plan.systems
                if chosen and system in TRAINING[configuration]:
                    say(f"a model for {system}, {configuration}")
                    job = self.plan.job("train", system, configuration, 0, 2)
                    if isinstance(answer := self._alone(job), MeasureError):
                        say(f"  failed: {answer}")

    def _keep(
        self, number: int, kind: str, configuration: str, system: str, answer: Answer
    ) -> None:
        """One record; a system that fails is not asked again, and the record says why."""
        what = f"round {number + 1}/{self.plan.rounds}: {kind} {configuration} {system}".rstrip()
        record: Record = {
            "round": number,
            "kind": kind,
            "configuration": configuration,
            "system": system,
        }
        if isinstance(answer, MeasureError):
            record["failed"] = str(answer)
            self.failed.add((kind, configuration, system))
            shown = f"FAILED: {answer}"
        else:
            record.update(answer)
            shown = ", ".join(f"{name} {value:,.4g}" for name, value in answer.items())
        say(f"{(time.monotonic() - self.begun) / 60:5.1f} min  {what}: {shown}")
        self.records.append(record)
        self.out.write_text(json.dumps(self.records, indent=1), encoding="utf-8")
