"""Training curves for TensorBoard, beside metrics.jsonl."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Curves(Protocol):
    """Takes the numbers of every record; a context manager."""

    def __enter__(self) -> Curves: ...

    def __exit__(self, *raised: object) -> None: ...

    def write(self, record: Mapping[str, float | None], step: int) -> None:
        """Adds each number of a record to the curve of its name."""


class Written:
    """Curves in a folder; what they held after `step`, where training goes on, is forgotten."""

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(folder / "curves", purge_step=step + 1)

    def __enter__(self) -> Written:
        return self

    def __exit__(self, *raised: object) -> None:
        self.writer.close()

    def write(self, record: Mapping[str, float | None], step: int) -> None:
        for name, value in record.items():
            if value is not None:
                self.writer.add_scalar(name, value, step)


class Unwritten:
    """Curves that are not kept."""

    def __enter__(self) -> Unwritten:
        return self

    def __exit__(self, *raised: object) -> None:
        """There is nothing to close."""

    def write(self, record: Mapping[str, float | None], step: int) -> None:
        """Keeps nothing."""
