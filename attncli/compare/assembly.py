"""From runs and their kept figures to the rows of a comparison."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from attncli.compare.columns import COLUMNS
from attncli.compare.records import digest_of
from attncli.compare.result import CurvePoint, Paper, Row, Spread, Tested, Trained
from attncli.errors import RecipeError
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.run.files import Facts


def trained(run: Run, seed: int, tests: dict[str, Tested]) -> Trained:
    """What a run says of its training."""
    records = run.metrics()
    curve = [
        CurvePoint(
            step=_whole(record["step"]),
            epoch=_whole(record["epoch"]),
            loss=_number(record["valid_loss"]),
            bleu=None if record.get("valid_bleu") is None else _number(record["valid_bleu"]),
            seconds=_number(record["seconds"]),
        )
        for record in records
        if "valid_loss" in record
    ]
    facts = run.facts()
    paces = [_number(one["tokens_per_second"]) for one in records if "tokens_per_second" in one]
    memory = facts.get("peak_memory")
    return Trained(
        path=str(run.path),
        text=digest_of(text) if isinstance(text := facts.get("data"), dict) else None,
        seed=seed,
        finished=run.finished(),
        checkpoint=run.served(),
        epoch=curve[-1].epoch if curve else 0,
        step=curve[-1].step if curve else 0,
        improving=improving(curve),
        parameters=_whole(facts.get("parameters", 0)),
        seconds=curve[-1].seconds if curve else 0.0,
        tokens_per_second=statistics.median(paces) if paces else None,
        peak_memory=_whole(memory) if memory is not None else None,
        machine=machine(facts),
        curve=curve,
        tests=tests,
    )


def machine(facts: Facts) -> str:
    """Where a run was trained: the GPU if it used it, or the processor and its cores."""
    if facts.get("device") == "cuda":
        return str(facts["gpu"])
    return f"{facts.get('processor') or facts.get('machine')}, {facts.get('cpus')} cores"


def improving(curve: Sequence[CurvePoint]) -> bool:
    """Whether the last of several validations was the best."""
    values = [-point.loss if point.bleu is None else point.bleu for point in curve]
    return len(values) > 1 and values[-1] > max(values[:-1])


def row(name: str, recipe: Recipe, runs: list[Trained]) -> Row:
    """A row with its figures over seeds."""
    tests = runs[0].tests
    return Row(
        name=name,
        mechanism=recipe.choice("model.attention").name,
        paper=paper(recipe),
        settings=recipe.flat(),
        marks=[],
        runs=runs,
        figures={test: figures(runs, test) for test in tests},
    )


def figures(runs: Sequence[Trained], test: str) -> dict[str, Spread]:
    """Every column that all seeds have a figure for."""
    found = {}
    for column in COLUMNS:
        values = [column.read(run, run.tests[test]) for run in runs]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            found[column.key] = spread(known)
    return found


def spread(values: list[float]) -> Spread:
    """Mean and sample deviation."""
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Spread(statistics.fmean(values), deviation, values)


def paper(recipe: Recipe) -> Paper | None:
    """The paper's figure that the recipe carries.

    Raises:
        RecipeError: its figure is no number.
    """
    said = recipe.paper
    if not isinstance(said, dict) or said.get("figure") is None:
        return None
    figure = said["figure"]
    if isinstance(figure, bool) or not isinstance(figure, (int, float)):
        raise RecipeError([f"{recipe.name}: paper.figure: expected a number, not {figure!r}"])
    texts = {key: str(said[key]) if key in said else None for key in ("metric", "table", "source")}
    return Paper(float(figure), texts["metric"] or "BLEU", texts["table"], texts["source"])


def _whole(value: object) -> int:
    return int(_number(value))


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
