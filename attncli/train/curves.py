"""Training curves for TensorBoard, beside metrics.jsonl."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter


class Curves:
    """Writes the numbers of every record; `step` is where this part of training begins."""

    def __init__(self, folder: Path, step: int) -> None:
        self.writer = SummaryWriter(folder / "curves", purge_step=step)

    def __enter__(self) -> Curves:
        return self

    def __exit__(self, *raised: object) -> None:
        self.writer.close()

    def write(self, record: Mapping[str, float | None], step: int) -> None:
        """Adds each number of a record to the curve of its name."""
        for name, value in record.items():
            if value is not None:
                self.writer.add_scalar(name, value, step)
