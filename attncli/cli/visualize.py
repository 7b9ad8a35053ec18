"""`attncli visualize`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from attncli.cli.models import open_models, search_of
from attncli.cli.options import Beam, Device, OneRun, Root, Sets, State, Threads, refuse
from attncli.cli.sentences import File, Forced, Line, Reference, Test, read_sentences

if TYPE_CHECKING:
    from attncli.attention_map import AttentionMap
    from attncli.experiment import Loaded
    from attncli.look import Look
    from attncli.search import Search
    from attncli.text.pair import Pair


def visualize(
    sentence: Annotated[str | None, typer.Argument(help="A source sentence.")] = None,
    file: File = None,
    test: Test = None,
    line: Line = None,
    reference: Reference = None,
    is_forced: Forced = False,
    data: Annotated[
        Path | None, typer.Option("--map", help="Draw a .json or .npz that -o wrote; no model.")
    ] = None,
    run: OneRun = None,
    runs: Root = Path("runs"),
    checkpoint: State = "",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            help="Write .html, .png, .svg, .pdf, .json or .npz too (may be repeated).",
        ),
    ] = None,
    subwords: Annotated[
        bool, typer.Option("--subwords", help="Show the pieces of words, not whole words.")
    ] = False,
    side: Annotated[
        Literal["cross", "encoder", "decoder"],
        typer.Option("--side", help="Who looks: the decoder at the source, or a side at itself."),
    ] = "cross",
    layer: Annotated[
        int | None, typer.Option("--layer", min=1, help="A layer; without it the mean of all.")
    ] = None,
    head: Annotated[int | None, typer.Option("--head", min=1, help="A head of that layer.")] = None,
    n_best: Annotated[
        int | None,
        typer.Option("--n-best", min=1, help="Translations of each sentence; a page has the beam."),
    ] = None,
    beam: Beam = None,
    device: Device = "cpu",
    threads: Threads = 0,
    sets: Sets = None,
) -> None:
    """Show what the model looks at while it translates a sentence."""
    from rich.console import Console

    from attncli import attention_file
    from attncli.errors import UsageError
    from attncli.visualize import heatmap, outputs

    paths = output or []
    if head is not None and layer is None:
        raise UsageError("--head chooses within a layer; give --layer too")
    for path in paths:
        outputs.check(path)
    if data is not None:
        if [sentence, file, test, line, reference, run] != [None] * 6 or is_forced:
            raise UsageError("--map draws what was looked at before: leave out sentence and run")
        given = {"--beam": beam, "--checkpoint": checkpoint, "--set": sets}
        refuse("--map reads no model", given)
        looks = attention_file.load(data)
    else:
        (model,) = open_models([run] if run else None, runs, checkpoint, device, threads)
        pairs = read_sentences(model, sentence, file, test, line)
        if reference is not None or is_forced:
            given = {"--beam": beam, "--n-best": n_best, "--set": sets}
            refuse("a forced translation is not searched", given)
            looks = _forced(model, pairs, reference, is_forced, file is not None)
        else:
            search = search_of(model, sets, {"beam": beam, "n_best": n_best})
            if n_best is None and any(path.suffix.lower() == outputs.PAGE for path in paths):
                search.n_best = search.beam
            looks = _searched(model, search, pairs)
        looks = looks[-1:] if test is not None else looks
        if not any(looks):
            raise UsageError(f"{model.run.path}: this model has no attention")
    shown = [
        _chosen(one, side, layer, head, subwords)
        for translations in looks
        for one in translations[: n_best or 1]
    ]
    for path in paths:
        outputs.write(looks, shown, path)
    console = Console(highlight=False)
    for number, entry in enumerate(shown):
        if number:
            console.print()
        is_one = (entry.layers, entry.heads) == (1, 1)
        heatmap.show(entry if is_one else entry.mean(), console)


def _searched(model: Loaded, search: Search, pairs: Sequence[Pair]) -> list[list[Look]]:
    from attncli.look import searched
    from attncli.translate import Translator

    return searched(Translator([model], search), pairs)


def _forced(
    model: Loaded, pairs: list[Pair], reference: str | None, is_forced: bool, has_file: bool
) -> list[list[Look]]:
    """The pairs under the given reference, or under their own."""
    from attncli.errors import UsageError
    from attncli.look import forced

    if is_forced and reference is not None:
        raise UsageError("--forced takes the test line's own reference: leave out --reference")
    if not is_forced and has_file:
        raise UsageError("--reference is one translation: give one sentence, not a file")
    if is_forced and not pairs[-1].tgt:
        raise UsageError("--forced needs a reference: give --test and --line, or --reference TEXT")
    if reference is not None:
        pairs = [*pairs[:-1], pairs[-1]._replace(tgt=reference, links=None)]
    return forced(model, pairs)


def _chosen(
    look: Look, side: str, layer: int | None, head: int | None, is_subwords: bool
) -> AttentionMap:
    from attncli.errors import UsageError

    if side not in look.maps:
        raise UsageError(f"--side {side}: this model's {side} has no attention to itself")
    pieces = look.maps[side]
    shown = pieces if is_subwords else pieces.words()
    if layer is None:
        return shown
    if layer > shown.layers or (head or 1) > shown.heads:
        asked = f"--layer {layer}" + ("" if head is None else f" --head {head}")
        there = f"--layer 1 to {shown.layers} and --head 1 to {shown.heads}"
        raise UsageError(f"{asked}: this model has {there}")
    return shown.mean(layer - 1) if head is None else shown.head(layer - 1, head - 1)
