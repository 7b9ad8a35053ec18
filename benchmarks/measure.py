"""Runs jobs, each in a fresh process of the system's own interpreter."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from benchmarks.peers import HELP, ROOT, package, python_of
from benchmarks.workers.job import Job

SECONDS = 900  # a turn that takes longer has failed
LATE = f"not done after {SECONDS} seconds"
REST = 0.3  # seconds before a turn, in which the threads of the last one fall asleep


class MeasureError(Exception):
    """A worker gave no answer; the message is the last line that it wrote."""


class Worker:
    """One job in a process that works in its turns and waits in those of others."""

    def __init__(self, job: Job, peers: Path, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        name = f"{job.task}-{job.configuration}-{job.system}"
        question, self.answer, self.log = (logs / f"{name}.{e}" for e in ("job", "answer", "log"))
        self.answer.unlink(missing_ok=True)
        job.write(question)
        python = str(python_of(job.system, peers))
        command = [python, "-m", f"benchmarks.workers.{package(job.system)}", str(question)]
        self.ours, theirs = socket.socketpair()
        self.ours.settimeout(SECONDS)
        with theirs, self.log.open("w", encoding="utf-8") as out:
            try:
                self.process = start(command, job.threads, theirs.fileno(), out.fileno())
            except MeasureError:
                self.ours.close()
                raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.ours.close()

    def works(self) -> bool:
        """Waits until the worker hands on or ends; whether it has more to do.

        Raises:
            MeasureError: it ended without an answer, or takes too long.
        """
        try:
            if self.ours.recv(1):
                return True
        except TimeoutError:
            raise MeasureError(LATE) from None
        except ConnectionError:  # it ended while others had their turn
            pass
        ended(self.process, self.log)
        return False

    def go_on(self) -> None:
        """Gives the worker its next turn, unless it has ended; then `works` says why."""
        with suppress(ConnectionError):
            self.ours.send(b".")

    def found(self) -> dict[str, float]:
        """The answer.

        Raises:
            MeasureError: there is none.
        """
        if not self.answer.is_file():
            raise MeasureError(f"no answer (see {self.log})")
        found: dict[str, float] = json.loads(self.answer.read_text(encoding="utf-8"))
        if not found:
            raise MeasureError("training ended before the last update")
        return found


Answer = dict[str, float] | MeasureError


def in_turns(jobs: list[Job], peers: Path, logs: Path) -> list[Answer]:
    """The answers to jobs that take turns, so that all meet the machine at its slow moments.

    Only one works at a time. The first turn of each is its start, up to where its clock begins.
    """
    answers: dict[int, Answer] = {}
    with ExitStack() as stack:
        workers: dict[int, Worker] = {}
        while len(answers) < len(jobs):
            for number, job in enumerate(jobs):
                if number in answers:
                    continue
                try:
                    if number in workers:
                        time.sleep(REST)
                        workers[number].go_on()
                    else:
                        workers[number] = stack.enter_context(Worker(job, peers, logs))
                    if not workers[number].works():
                        answers[number] = workers[number].found()
                except MeasureError as error:
                    answers[number] = error
    return [answers[number] for number in range(len(jobs))]


def ask(job: Job, peers: Path, logs: Path) -> dict[str, float]:
    """The answer to one job.

    Raises:
        MeasureError: there is none.
    """
    (found,) = in_turns([job], peers, logs)
    if isinstance(found, MeasureError):
        raise found
    return found


def start(command: list[str], threads: int, stdin: int, out: int) -> subprocess.Popen[bytes]:
    """Starts a command with so many threads.

    Raises:
        MeasureError: it is not there.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "CUDA_VISIBLE_DEVICES": "",
    }
    try:
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=stdin, stdout=out, stderr=out
        )
    except FileNotFoundError:
        raise MeasureError(f"{command[0]} is not there; its installation failed") from None


def ended(process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits for the end of a process.

    Raises:
        MeasureError: it failed, or takes too long.
    """
    try:
        status = process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise MeasureError(LATE) from None
    if status:
        raise MeasureError(_last_line(log) or f"exit {status}")


def startup(system: str, peers: Path, logs: Path) -> dict[str, float]:
    """Seconds from the start of `--help` to its end.

    Raises:
        MeasureError: it failed.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"help-{system}.log"
    with log.open("w", encoding="utf-8") as out:
        begun = time.perf_counter()
        command = [str(python_of(system, peers)), *HELP[system]]
        ended(start(command, 1, subprocess.DEVNULL, out.fileno()), log)
        return {"seconds": time.perf_counter() - begun}


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""
