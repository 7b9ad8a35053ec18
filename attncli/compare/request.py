"""What a comparison was asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from attncli.compare.evaluation import Measuring


@dataclass(frozen=True)
class Request:
    """What was asked for. `threads` are those of one job; 0 divides the cores among the jobs."""

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

    @property
    def folder(self) -> Path:
        """Where the comparison is kept."""
        return self.root / "comparisons" / self.name
