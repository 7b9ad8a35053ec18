"""What a comparison was asked to do."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from attncli.compare.evaluation import Measuring

MOST_JOBS = 4
"""Runs at a time where nobody says how many."""


@dataclass(frozen=True)
class Request:
    """What was asked for.

    `threads` are those of one job; 0 divides the cores among the jobs. `kept` is where runs are
    kept without their weights.
    """

    name: str
    root: Path  # of the runs
    seeds: int = 1
    tests: list[str] = field(default_factory=list)
    how: Measuring = field(default_factory=Measuring)
    baseline: str | None = None
    study: str | None = None
    scale: str = "laptop"
    jobs: int = 1
    device: str = "cpu"
    threads: int = 0
    kept: Path | None = None

    @property
    def folder(self) -> Path:
        """Where the comparison is kept."""
        return self.root / "comparisons" / self.name


def jobs_of(jobs: int, threads: int, device: str) -> int:
    """Runs at a time: as many as asked for, else one on a GPU and as many as fit on the cores.

    One thread for each of several runs gets more done than several threads for one, but each run
    takes its memory too: hence `MOST_JOBS`.
    """
    fit = (os.cpu_count() or 1) // max(1, threads) if device == "cpu" else 1
    return jobs or max(1, min(fit, MOST_JOBS))


def threads_of(threads: int, jobs: int) -> int:
    """Threads of one job: as many as asked for, else its share of the cores."""
    return threads or max(1, (os.cpu_count() or 1) // jobs)
