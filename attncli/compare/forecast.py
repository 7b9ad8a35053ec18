"""What training would take: parameters, time and memory, from a few real steps of each recipe.

`python -m attncli.compare.forecast ORDER` takes one order as JSON, in a process of its own, whose
memory is that of one training.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from attncli import machine
from attncli.compare.engine import last_line
from attncli.compare.plan import training_key
from attncli.compare.records import digest_of, read_record, revive, write_record
from attncli.compare.selection import Candidate
from attncli.errors import AttnError, RunError
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.text.batch import Batches
from attncli.text.store import Store
from attncli.train import train

STEPS = 8
WARM = 2  # of them, that are not measured
FILE = "forecast.json"
MEASURED = [
    f"train.steps={STEPS}",
    f"train.validate={STEPS}",
    "train.monitor=loss",
    "train.average=0",
    "train.report=1",
]


@dataclass(frozen=True)
class Order:
    """Which recipe, in which run directory, on what."""

    recipe: str
    run: str
    device: str
    threads: int


@dataclass(frozen=True)
class Forecast:
    """Of one run. `seconds` are of all training steps, validation left out; `memory` is in bytes.

    Memory is a lower bound: the longest batch need not be among those that were measured.
    """

    parameters: int
    steps: int
    tokens_per_second: float
    seconds: float
    memory: int


def forecast(recipe: Recipe, run: Run, measured: Recipe, device: str, threads: int) -> Forecast:
    """Trains `measured`, which is the recipe cut short, in `run`, and reckons the whole from it."""
    place = machine.prepare(device, threads)
    train(measured, run, lambda line: None, device=place)
    store = Store(run.path / "data" / "train")
    batches: Batches = recipe.build("batch")
    of_epoch = len(batches.epoch(store, 0, recipe.seed))
    words = int(store.lengths(np.asarray(store.kept))[1].sum())
    paces = [one["tokens_per_second"] for one in run.metrics() if "tokens_per_second" in one]
    measured_paces = [float(one) for one in paces if isinstance(one, float)]
    pace = statistics.median(measured_paces[WARM:] or measured_paces)
    epochs, limit, together, minutes = (
        float(str(recipe.value(f"train.{name}")))
        for name in ("epochs", "steps", "accumulate", "minutes")
    )
    share = min(epochs, limit * together / of_epoch) if limit else epochs
    seconds = share * words / pace
    parameters = run.facts()["parameters"]
    return Forecast(
        parameters=parameters if isinstance(parameters, int) else 0,
        steps=round(share * of_epoch / together),
        tokens_per_second=pace,
        seconds=min(seconds, minutes * 60) if minutes else seconds,
        memory=machine.peak_memory(place),
    )


def forecasts(
    candidates: Sequence[Candidate], device: str, threads: int
) -> Iterator[tuple[str, Forecast | None]]:
    """Each recipe's forecast, as it comes; those of one text prepare it once.

    None for a row that needs no training of its own: a given run, or a recipe that trains as one
    before it does and is only searched in another way.
    """
    seen: set[tuple[str, str]] = set()
    with tempfile.TemporaryDirectory(prefix="attncli-") as folder:
        prepared: dict[str, Run] = {}
        for candidate in candidates:
            key = digest_of(
                {
                    name: value
                    for name, value in candidate.recipe.flat().items()
                    if name.startswith(("data.", "subword.", "preprocess."))
                }
            )
            training = training_key(candidate.recipe), key
            if candidate.run is not None or training in seen:
                yield candidate.name, None
                continue
            seen.add(training)
            run = Run.create(Path(folder), candidate.name, dated=False)
            if key in prepared:
                for part in ("codec", "data"):
                    shutil.copytree(prepared[key].path / part, run.path / part)
            prepared.setdefault(key, run)
            candidate.recipe.dump(run.path / "whole.yaml")
            yield candidate.name, _in_a_process(run, device, threads)


def _in_a_process(run: Run, device: str, threads: int) -> Forecast:
    order = Order(str(run.path / "whole.yaml"), str(run.path), device, threads)
    written = json.dumps(dataclasses.asdict(order))
    log = run.path / "forecast.log"
    with log.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "attncli.compare.forecast", written], stdout=file, stderr=file
        )
    if done.returncode:
        raise RunError(f"{run.path.name}: {last_line(log)}")
    return read_record(run.path / FILE, Forecast)


def carry_out(order: Order) -> None:
    """Does one order, and leaves its forecast in the run's directory."""
    whole = Path(order.recipe)
    recipe, measured = Recipe.load_resolved(whole), Recipe.read(whole, sets=MEASURED)
    found = forecast(recipe, Run.open(order.run), measured, order.device, order.threads)
    write_record(Path(order.run) / FILE, found)


def main() -> int:
    """Does the order of the command line; an error is the last line written."""
    order = revive(json.loads(sys.argv[1]), Order)
    assert isinstance(order, Order)
    try:
        carry_out(order)
    except AttnError as error:
        print(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
