"""What is seen while runs train: a table that keeps changing, or plain lines without a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from attncli.compare.work import WORKING, Task
from attncli.progress import PLAIN_SECONDS
from attncli.run import Run

SHOWN_SECONDS = 1.0
HEADINGS = ("run", "state", "epochs", "step", "loss", "valid BLEU", "tokens/s", "minutes")


class Watch:
    """Shows tasks on stderr; a context manager."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.console = Console(file=stream or sys.stderr, highlight=False, markup=False)
        self.live = Live(console=self.console, auto_refresh=False, transient=True)
        self.shown = 0.0
        self.states: dict[str, str] = {}

    def __enter__(self) -> Watch:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if self.console.is_terminal:
            self.live.stop()

    def show(self, tasks: Sequence[Task]) -> None:
        """Shows how the tasks stand, if it is time to."""
        now = time.monotonic()
        changed = [task for task in tasks if self.states.get(task.job.run) != task.state]
        if self.console.is_terminal:
            if changed or now - self.shown > SHOWN_SECONDS:
                self.shown = now
                self.live.update(drawn(tasks), refresh=True)
        else:
            is_due = now - self.shown > PLAIN_SECONDS
            if is_due:
                self.shown = now
            for task in tasks:
                if task in changed or (is_due and task.state == WORKING):
                    self._say(task)
        self.states = {task.job.run: task.state for task in tasks}

    def _say(self, task: Task) -> None:
        facts = [f"{name} {cell}" for name, cell in zip(HEADINGS[2:], standing(task), strict=True)]
        known = ", ".join(fact for fact in facts if not fact.endswith(" –"))
        line = f"{', '.join(task.names)}: {task.state}{', ' if known else ''}{known}"
        self.console.print(f"{line}{': ' if task.said else ''}{task.said}", soft_wrap=True)


def drawn(tasks: Sequence[Task]) -> Table:
    """The table of all tasks."""
    seen = Table(*HEADINGS, box=None, header_style="bold")
    for column in seen.columns[2:]:
        column.justify = "right"
    for task in tasks:
        state = f"{task.state}: {task.said}" if task.said else task.state
        seen.add_row(", ".join(task.names), state, *standing(task))
    return seen


def standing(task: Task) -> list[str]:
    """How far the run of a task has come, from what it has written so far."""
    run = Run.open(task.job.run)
    records = run.metrics()
    last: dict[str, object] = {}
    for record in records:
        last.update({key: value for key, value in record.items() if value is not None})
    epochs = run.recipe().value("train.epochs")
    return [
        f"{last['epoch']}/{epochs}" if "epoch" in last else "–",
        f"{last['step']:,}" if "step" in last else "–",
        _written(last.get("loss"), 3),
        _written(last.get("valid_bleu"), 1),
        _written(last.get("tokens_per_second"), 0),
        f"{task.seconds() / 60:.1f}" if task.begun else "–",
    ]


def _written(value: object, digits: int) -> str:
    return f"{value:,.{digits}f}" if isinstance(value, (int, float)) else "–"
