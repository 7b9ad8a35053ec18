"""What a worker is asked, how it counts, and what it answers. Needs the standard library only."""

from __future__ import annotations

import json
import math
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

LENGTH = 20  # pieces of every translation, so that all systems take as many decoding steps


@dataclass(frozen=True)
class Job:
    """One measurement of one system."""

    task: str  # prepare, train, decode, ceiling, or an export and its form
    system: str
    configuration: str  # T, R or R0
    text: str  # the folder of the corpus
    folder: str  # where this system keeps its model of this configuration
    answer: str  # the file that the answer goes to
    threads: int
    seed: int
    warm: int  # updates before the clock starts
    updates: int
    sentences: int  # decoded in batches
    single: int  # decoded one by one
    turns: int = 0  # of each measurement, which waits for each of them; 0: it is alone

    def write(self, path: Path) -> None:
        """Keeps the job as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: str) -> Job:
        """What `write` wrote."""
        return cls(**json.loads(Path(path).read_text(encoding="utf-8")))

    @property
    def settings(self) -> Path:
        """The system's own file of this configuration."""
        system = self.system.partition("-")[0]
        here = Path(__file__).parents[1] / "configurations"
        return here / self.configuration / f"{system}.yaml"


def peak_megabytes() -> float:
    """The most memory that this process has held (resident, MB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def hand_on() -> None:
    """Says that a turn is over and waits for the next: a byte each, by the socket that is stdin."""
    os.write(0, b".")
    os.read(0, 1)


class Laps:
    """Times updates from the end of the last warm-up update to the end of the last one.

    After every `turn` of them the other systems have theirs, for which the clock stops.
    """

    def __init__(self, job: Job) -> None:
        self.warm, self.updates = job.warm, job.updates
        self.turn = math.ceil(job.updates / max(job.turns, 1))
        self.waits = job.turns > 0
        self.done = 0
        self.begun = time.perf_counter()
        self.seconds = 0.0
        self.words_before = 0
        self.found: dict[str, float] = {}

    def mark(self, words: int) -> None:
        """An update is done; `words` target pieces, EOS included, were trained on so far."""
        now = time.perf_counter()
        self.done += 1
        timed = self.done - self.warm
        if timed == 0:
            self.begun, self.words_before = now, words
        if timed == self.updates:
            seconds = self.seconds + now - self.begun
            count = words - self.words_before
            self.found = {
                "tokens": count,
                "seconds": seconds,
                "tokens_per_second": count / seconds,
                "peak_mb": peak_megabytes(),
            }
        elif self.waits and 0 <= timed < self.updates and timed % self.turn == 0:
            self.seconds += now - self.begun
            hand_on()
            self.begun = time.perf_counter()


# The batch of each decoding measurement, and the beam.
DECODINGS = {"beam5": (5, 64), "greedy": (1, 64), "single": (1, 1)}
Decode = Callable[[list[str], int, int], list[int]]


def timed_decodings(job: Job, lines: list[str], decode: Decode) -> dict[str, float]:
    """Times `decode(lines, beam, batch)`, which gives the number of pieces of each translation.

    Before each turn the other systems have theirs.

    Raises:
        ValueError: a translation has not exactly LENGTH pieces.
    """
    found: dict[str, float] = {}
    for name, (beam, batch) in DECODINGS.items():
        chosen = lines[: job.single if batch == 1 else job.sentences]
        decode(chosen[: min(batch, 8)], beam, batch)
        seconds, lengths = 0.0, []
        size = math.ceil(len(chosen) / max(job.turns, 1))
        for start in range(0, len(chosen), size):
            if job.turns:
                hand_on()
            begun = time.perf_counter()
            lengths += decode(chosen[start : start + size], beam, batch)
            seconds += time.perf_counter() - begun
        if lengths != [LENGTH] * len(chosen):
            wrong = sum(length != LENGTH for length in lengths) + len(chosen) - len(lengths)
            raise ValueError(f"{name}: {wrong} of {len(chosen)} translations have not {LENGTH}")
        found[f"{name}_tokens_per_second"] = LENGTH * len(chosen) / seconds
        found[f"{name}_ms"] = 1000 * seconds / len(chosen)
    found["decode_peak_mb"] = peak_megabytes()
    return found


def run(tasks: dict[str, Callable[[Job], dict[str, float]]]) -> None:
    """Does the job named on the command line and writes the answer where the job says."""
    job = Job.read(sys.argv[1])
    answer = tasks[job.task](job)
    Path(job.answer).write_text(json.dumps(answer), encoding="utf-8")
