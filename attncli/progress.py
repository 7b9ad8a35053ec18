"""What long work shows of itself: a bar with time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

PLAIN_SECONDS = 30.0


class Reporter:
    """Shows the progress of one piece of work on stderr; a context manager."""

    def __init__(self, what: str, total: int, done: int = 0, stream: TextIO | None = None) -> None:
        stream = stream or sys.stderr
        self.what = what
        self.total = total
        self.done = done
        self.console = Console(file=stream, highlight=False, markup=False, soft_wrap=True)
        self.said = time.monotonic()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=False),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task(what, total=total, completed=done, facts="")

    def __enter__(self) -> Reporter:
        self.bar.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.bar.stop()

    def advance(self, count: int = 1, facts: str = "") -> None:
        """Counts work done; `facts` stand beside the bar."""
        self.done += count
        self.bar.update(self.task, advance=count, facts=facts)
        is_due = time.monotonic() - self.said > PLAIN_SECONDS
        if is_due and not self.console.is_terminal:
            self.said = time.monotonic()
            self.console.print(f"{self.what} {self.done}/{self.total} {facts}")

    def say(self, line: str) -> None:
        """Prints a line that stays."""
        self.console.print(line)
