"""`attncli train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attncli.cli.models import say
from attncli.cli.options import DataName, Device, Root, Scale, Seed, Sets, Src, Tgt, Threads

INTERRUPTED_EXIT = 130


def train(
    recipe: Annotated[
        str | None, typer.Argument(help="A recipe: a YAML file or a name.", show_default=False)
    ] = None,
    attention: Annotated[
        str | None,
        typer.Option("--attention", help="A mechanism or preset; `attncli attentions` lists them."),
    ] = None,
    score: Annotated[
        str | None, typer.Option("--score", help="The score inside of a mechanism that holds one.")
    ] = None,
    scale: Scale = "laptop",
    data: DataName = None,
    src: Src = None,
    tgt: Tgt = None,
    run_name: Annotated[
        str | None, typer.Option("--run-name", help="Name the run's folder, without a date.")
    ] = None,
    runs: Root = Path("runs"),
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="Go on with this run.")
    ] = None,
    init_from: Annotated[
        str | None,
        typer.Option("--init-from", metavar="RUN", help="Start from this run's weights."),
    ] = None,
    seed: Seed = None,
    max_time: Annotated[
        str | None,
        typer.Option("--max-time", metavar="MINUTES", help="Stop after so long; 0: never."),
    ] = None,
    device: Device = "cpu",
    threads: Threads = 0,
    sets: Sets = None,
) -> None:
    """Train a translator."""
    from attncli import machine
    from attncli.errors import AttnError, UsageError
    from attncli.experiment import check
    from attncli.recipe import Recipe
    from attncli.recipe.scales import LAPTOP
    from attncli.run import Run
    from attncli.train import INTERRUPTED, joined
    from attncli.train import train as run_training

    place = machine.prepare(device, threads)
    given = {
        "--data": ("data.name", data),
        "--src": ("data.src", src),
        "--tgt": ("data.tgt", tgt),
        "--seed": ("seed", None if seed is None else str(seed)),
        "--max-time": ("train.minutes", max_time),
    }
    flags = {flag: (path, value) for flag, (path, value) in given.items() if value is not None}

    def begin() -> tuple[Recipe, Run, bool, Run | None]:
        going_on = Run.open(resume, runs) if resume else None
        fixed = recipe or attention or score or init_from or run_name or scale != LAPTOP
        if going_on is not None and fixed:
            raise UsageError("--resume goes on with the run's own recipe; only --set can change it")
        what = Recipe.read(
            going_on.recipe_file if going_on else recipe,
            attention=attention,
            score=score,
            flags=flags,
            sets=sets or [],
            scale=scale,
        )
        if scale != LAPTOP and not Recipe.has_scale(recipe, scale):
            raise UsageError(f"{recipe or 'base'}: no sizes for --scale {scale}; leave it out")
        check(what)
        warm = Run.open(init_from, runs) if init_from else None
        run = going_on or Run.create(runs, run_name or what.name, dated=run_name is None)
        return what, run, going_on is not None, warm

    with joined(place) as processes:
        what, run, goes_on, warm = processes.first(begin)
        try:
            why = run_training(
                *(what, run, say),
                device=place,
                resume=goes_on,
                init_from=warm,
                processes=processes,
            )
        except AttnError:
            if not goes_on:
                run.discard_if_untrained()
            raise
        ends = processes.say(say)
        ends(f"{why}; the run is in {run.path}")
        if why == INTERRUPTED:
            ends(f"go on with: attncli train --resume {run.path}")
    if why == INTERRUPTED:
        raise typer.Exit(INTERRUPTED_EXIT)
