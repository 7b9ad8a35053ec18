"""Flags that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Device = Annotated[str, typer.Option("--device", help="cpu, cuda or mps.")]
Threads = Annotated[int, typer.Option("--threads", min=0, help="CPU threads; 0: all.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="A.B=C", help="Set any option of the recipe.")
]
Root = Annotated[Path, typer.Option("--runs", help="The folder that holds the runs.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Of all that is random.")]
