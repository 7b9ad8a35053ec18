"""Where jobs run: processes of this machine, or tasks of a Ray cluster that exists."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from attncli.compare.job import Job
from attncli.errors import UsageError

LOOK_SECONDS = 0.2


class Handle(Protocol):
    """A job that was started."""

    def code(self) -> int | None:
        """The exit code; None while it works."""

    def stop(self) -> None:
        """Asks it to end at a safe place."""


class Engine(Protocol):
    """Starts jobs."""

    def start(self, job: Job) -> Handle:
        """Starts one."""


class Processes:
    """A process of this machine for each job."""

    def start(self, job: Job) -> Handle:
        return LocalHandle(job)


class LocalHandle:
    """A job's process. It has a session of its own, so that a Ctrl-C does not reach it twice."""

    def __init__(self, job: Job) -> None:
        with job.log.open("ab") as log:
            self.process = subprocess.Popen(
                command(job),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=job.folder,
                start_new_session=True,
            )

    def code(self) -> int | None:
        return self.process.poll()

    def stop(self) -> None:
        self.process.terminate()


class Ray:
    """A task of an existing Ray cluster for each job; runs lie on storage that all nodes share.

    Raises:
        UsageError: ray is not installed, or no cluster is there.
    """

    def __init__(self) -> None:
        try:
            import ray
        except ImportError:
            raise UsageError("--engine ray needs a library: pip install 'attncli[ray]'") from None
        self.ray: Any = ray
        if not ray.is_initialized():
            try:
                ray.init(address="auto", log_to_driver=False)
            except ConnectionError:
                raise UsageError(
                    "--engine ray: no cluster found; start one with `ray start --head`, or set "
                    "RAY_ADDRESS"
                ) from None

    def start(self, job: Job) -> Handle:
        gpus = 0 if job.device == "cpu" else 1
        task = self.ray.remote(num_cpus=max(1, job.threads), num_gpus=gpus, max_retries=0)(carry)
        return RayHandle(self.ray, task.remote(job))


class RayHandle:
    """A job's task."""

    def __init__(self, ray: Any, reference: object) -> None:
        self.ray = ray
        self.reference = reference

    def code(self) -> int | None:
        done, _ = self.ray.wait([self.reference], timeout=0)
        if not done:
            return None
        try:
            return int(self.ray.get(self.reference))
        except self.ray.exceptions.RayError:
            return 1  # cancelled, or its node is gone; the job's log says more

    def stop(self) -> None:
        self.ray.cancel(self.reference)


ENGINES: dict[str, Callable[[], Engine]] = {"processes": Processes, "ray": Ray}


def carry(job: Job) -> int:
    """Runs a job on the node that this is called on, and hands an interruption on to it.

    Ray interrupts between two lines of Python only: hence short waits.
    """
    handle = LocalHandle(job)
    try:
        while (code := handle.code()) is None:
            time.sleep(LOOK_SECONDS)
        return code
    except KeyboardInterrupt:
        handle.stop()
        return handle.process.wait()


def command(job: Job) -> list[str]:
    """The command line of a job's process."""
    written = json.dumps(dataclasses.asdict(job))
    return [sys.executable, "-m", "attncli.compare.job", written]


def last_line(log: Path) -> str:
    """What a job said last."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
    said = [line for line in lines if line.strip()]
    return said[-1].strip() if said else "it said nothing"
