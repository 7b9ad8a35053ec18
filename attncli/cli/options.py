"""Flags that several verbs share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

Device = Annotated[str, typer.Option("--device", help="cpu, cuda or mps.")]
Threads = Annotated[int, typer.Option("--threads", min=0, help="CPU threads; 0: all.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="A.B=C", help="Set any option of the recipe.")
]
Root = Annotated[Path, typer.Option("--runs", help="The folder that holds the runs.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Of all that is random.")]
Runs = Annotated[
    list[str] | None,
    typer.Option("--run", metavar="RUN", help="A run; several decode as an ensemble."),
]
OneRun = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help="A run; without it the newest.")
]
State = Annotated[
    str, typer.Option("--checkpoint", help="best, last or average; by default what served best.")
]
Beam = Annotated[int | None, typer.Option("--beam", min=1, help="Width of the beam; 1 is greedy.")]
Scale = Annotated[
    str, typer.Option("--scale", help="The sizes that a recipe carries: `laptop` or `paper`.")
]
DataName = Annotated[
    str | None, typer.Option("--data", help="`embedded`, a folder, or a data set's name.")
]
Src = Annotated[str | None, typer.Option("--src", help="The source language.")]
Tgt = Annotated[str | None, typer.Option("--tgt", help="The target language.")]


def refuse(because: str, given: Mapping[str, object]) -> None:
    """Asks that none of these flags is given.

    Raises:
        UsageError: one is, and would have no effect.
    """
    from attncli.errors import UsageError

    if useless := [flag for flag, value in given.items() if value]:
        raise UsageError(f"{because}: leave out {', '.join(useless)}")
