"""Carrying out a plan: so many jobs at a time, shown while they work, stopped politely."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attncli.compare.engine import Engine, Handle, last_line
from attncli.compare.job import INTERRUPTED_EXIT, Job

PAUSE = 0.25

WAITING = "waiting"
WORKING = "working"
DONE = "done"
STOPPED = "stopped"
FAILED = "failed"


@dataclass
class Task:
    """A job and how it stands."""

    names: list[str]  # the rows that wait for it
    job: Job
    state: str = WAITING
    said: str = ""  # why it failed
    handle: Handle | None = None
    begun: float = 0.0
    ended: float = 0.0

    def seconds(self) -> float:
        """How long it has worked."""
        return (self.ended or time.monotonic()) - self.begun if self.begun else 0.0


def carry_out(
    tasks: Sequence[Task],
    engine: Engine,
    at_once: int,
    show: Callable[[Sequence[Task]], None],
    asked_to_stop: Callable[[], bool],
) -> bool:
    """Carries out all tasks; False where it was asked to stop before they were done.

    A task that fails does not keep the others from going on.
    """
    while any(task.state in (WAITING, WORKING) for task in tasks):
        stopping = asked_to_stop()
        for task in tasks:
            _advance(task, stopping)
        working = sum(task.state == WORKING for task in tasks)
        waiting = [task for task in tasks if task.state == WAITING]
        for task in waiting[: max(0, at_once - working)]:
            task.handle, task.state, task.begun = engine.start(task.job), WORKING, time.monotonic()
        show(tasks)
        time.sleep(PAUSE)
    show(tasks)
    return all(task.state != STOPPED for task in tasks)


def _advance(task: Task, stopping: bool) -> None:
    if task.state == WAITING and stopping:
        task.state = STOPPED
    if task.state != WORKING or task.handle is None:
        return
    code = task.handle.code()
    if code is not None:
        task.ended = time.monotonic()
    if code is None:
        if stopping and not task.said:
            task.said = "stopping"
            task.handle.stop()
    elif code == 0:
        task.state = DONE
    elif code == INTERRUPTED_EXIT or task.said == "stopping":
        task.state = STOPPED
    else:
        killed = f"killed by signal {-code}, after: " if code < 0 else ""
        task.state = FAILED
        task.said = f"{killed}{last_line(task.job.log)} ({task.job.log})"
