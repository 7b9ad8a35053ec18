"""Runs one job in one fresh process of the system's own interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from benchmarks.peers import HELP, ROOT, package, python_of
from benchmarks.workers.job import Job

SECONDS = 900  # what takes longer has failed


class MeasureError(Exception):
    """A worker gave no answer; the message is the last line that it wrote."""


def ask(job: Job, peers: Path, logs: Path) -> dict[str, float]:
    """The answer to a job.

    Raises:
        MeasureError: there is none.
    """
    logs.mkdir(parents=True, exist_ok=True)
    name = f"{job.task}-{job.configuration}-{job.system}"
    question, answer, log = (logs / f"{name}.{end}" for end in ("job", "answer", "log"))
    answer.unlink(missing_ok=True)
    job.write(question)
    command = ["-m", f"benchmarks.workers.{package(job.system)}", str(question)]
    with log.open("w", encoding="utf-8") as out:
        run([str(python_of(job.system, peers)), *command], job.threads, out.fileno(), log)
    if not answer.is_file():
        raise MeasureError(f"no answer (see {log})")
    found: dict[str, float] = json.loads(answer.read_text(encoding="utf-8"))
    if not found:
        raise MeasureError("training ended before the last update")
    return found


def run(command: list[str], threads: int, out: int, log: Path) -> None:
    """Runs a command with so many threads.

    Raises:
        MeasureError: it failed, or took too long.
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
        subprocess.run(
            command, cwd=ROOT, env=environment, stdout=out, stderr=out, timeout=SECONDS, check=True
        )
    except subprocess.TimeoutExpired:
        raise MeasureError(f"not done after {SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        raise MeasureError(_last_line(log) or f"exit {error.returncode}") from None
    except FileNotFoundError:
        raise MeasureError(f"{command[0]} is not there; its installation failed") from None


def startup(system: str, peers: Path, logs: Path) -> dict[str, float]:
    """Seconds from the start of `--help` to its end.

    Raises:
        MeasureError: it failed.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"help-{system}.log"
    with log.open("w", encoding="utf-8") as out:
        begun = time.perf_counter()
        run([str(python_of(system, peers)), *HELP[system]], 1, out.fileno(), log)
        return {"seconds": time.perf_counter() - begun}


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""
