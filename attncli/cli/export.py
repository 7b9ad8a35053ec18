"""`attncli export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from attncli.cli.models import open_models, say
from attncli.cli.options import Root, State


def export(
    run: Annotated[str | None, typer.Argument(help="A run; without it the newest.")] = None,
    to: Annotated[
        Literal["ctranslate2", "onnx"],
        typer.Option("--to", help="The form: ctranslate2 (Transformers), or onnx (any model)."),
    ] = "ctranslate2",
    quantization: Annotated[
        Literal["float32", "int8", "int16", "bfloat16", "float16"],
        typer.Option("--quantization", help="How weights are stored."),
    ] = "float32",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A folder, for other programs; without it RUN/FORM."),
    ] = None,
    runs: Root = Path("runs"),
    checkpoint: State = "",
) -> None:
    """Write a trained model for another program; `translate --engine FORM` reads RUN/FORM."""
    from attncli.export.forms import FORMS

    (loaded,) = open_models([run] if run else None, runs, checkpoint, "cpu", 0)
    folder = out or loaded.run.path / to
    say(f"{loaded.run.path.name} to {folder}, {to}")
    FORMS[to].write(loaded, folder, quantization)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    say(f"{folder}: {loaded.state} of {loaded.run.path.name}, {quantization}, {size:,.1f} MB")
