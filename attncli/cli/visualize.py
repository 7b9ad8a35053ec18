"""`attncli visualize`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncli.cli.models import open_models, search_of
from attncli.cli.options import Beam, Device, OneRun, Root, Sets, State, Threads

if TYPE_CHECKING:
    from attncli.attention_map import AttentionMap


def visualize(
    sentence: Annotated[str, typer.Argument(help="A source sentence.")],
    run: OneRun = None,
    runs: Root = Path("runs"),
    checkpoint: State = "",
    reference: Annotated[
        str | None, typer.Option("--reference", help="Look while this translation is forced.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Draw into this .png, .svg or .pdf too.")
    ] = None,
    subwords: Annotated[
        bool, typer.Option("--subwords", help="Show the pieces of words, not whole words.")
    ] = False,
    layer: Annotated[
        int | None, typer.Option("--layer", min=1, help="A layer; without it the mean of all.")
    ] = None,
    head: Annotated[int | None, typer.Option("--head", min=1, help="A head of that layer.")] = None,
    beam: Beam = None,
    device: Device = "cpu",
    threads: Threads = 0,
    sets: Sets = None,
) -> None:
    """Show what the model looks at while it translates a sentence."""
    from rich.console import Console

    from attncli.errors import UsageError
    from attncli.forced import force
    from attncli.text.pair import Pair
    from attncli.translate import Translator
    from attncli.visualize import heatmap, pictures

    if not sentence.strip():
        raise UsageError("an empty sentence has nothing to look at; give one in quotes")
    if head is not None and layer is None:
        raise UsageError("--head chooses within a layer; give --layer too")
    models = open_models([run] if run else None, runs, checkpoint, device, threads)
    if reference is not None:
        seen = force(models[0], [Pair(sentence, reference)], look=True)[0].attention
    else:
        translator = Translator(models, search_of(models[0], sets, {"beam": beam}))
        seen = translator.translate([sentence], look=True)[0].hypotheses[0].attention
    if seen is None:
        raise UsageError(f"{models[0].run.path}: this model has no attention")
    shown = seen if subwords else seen.words()
    if layer is not None:
        shown = _chosen(shown, layer, head)
    if output is not None:
        pictures.save([shown], output)
    is_one = (shown.layers, shown.heads) == (1, 1)
    heatmap.show(shown if is_one else shown.mean(), Console(highlight=False))


def _chosen(shown: AttentionMap, layer: int, head: int | None) -> AttentionMap:
    from attncli.errors import UsageError

    if layer > shown.layers or (head or 1) > shown.heads:
        counts = f"{shown.layers} layers of {shown.heads} heads"
        raise UsageError(f"--layer {layer} --head {head or 1}: the model has {counts}")
    return shown.mean(layer - 1) if head is None else shown.head(layer - 1, head - 1)
