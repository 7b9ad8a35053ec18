"""One run in a process of its own: trained as far as it is not, then measured.

`python -m attncli.compare.job JOB` takes the job as JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from attncli import machine
from attncli.compare.evaluation import Measuring, measure
from attncli.compare.keeping import keep
from attncli.compare.plan import Texts
from attncli.compare.records import revive
from attncli.compare.report.sample import see
from attncli.errors import AttnError
from attncli.experiment import load
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.train import INTERRUPTED, train

INTERRUPTED_EXIT = 130


@dataclass(frozen=True)
class Job:
    """What one process does, in which `folder` relative paths count from.

    `recipes` say how the run is searched, and on which text; `kept` where it is kept without its
    weights.
    """

    folder: str
    run: str
    trains: bool
    recipes: list[str]
    tests: list[str]
    how: Measuring
    device: str
    threads: int
    kept: str | None = None

    @property
    def log(self) -> Path:
        """Where the process writes what it says."""
        return Path(self.folder, self.run, "compare.log")


def work(job: Job) -> int:
    """Does the job; the exit code says whether it was interrupted."""
    device = machine.prepare(job.device, job.threads)
    run = Run.open(job.run)
    if job.trains and run.finished() is None:
        why = train(run.recipe(), run, _say, device=device, resume=True)
        before = run.facts().get("peak_memory")
        most = max(machine.peak_memory(device), before if isinstance(before, int) else 0)
        run.note({"peak_memory": most})
        _say(why)
        if why == INTERRUPTED:
            return INTERRUPTED_EXIT
    loaded = load(run, device=device)
    texts = Texts()
    for path in job.recipes:
        recipe = Recipe.load_resolved(Path(path))
        measure(loaded, recipe, job.tests, job.how, texts)
        for test in job.tests:
            see(loaded, test, texts.pairs(recipe, test))
    if job.kept is not None:
        keep(run, Path(job.kept))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    """Runs the job of the command line; an error is the last line written."""
    job = revive(json.loads(sys.argv[1]), Job)
    assert isinstance(job, Job)
    try:
        return work(job)
    except AttnError as error:
        _say(str(error))
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
