"""`attncli score`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncli.cli.models import figure, open_models, say
from attncli.cli.options import Device, OneRun, Root, State, Threads

if TYPE_CHECKING:
    from attncli.forced import Forced


def score(
    src: Annotated[Path, typer.Argument(help="Source lines, or a .tsv or .jsonl of pairs.")],
    tgt: Annotated[Path | None, typer.Argument(help="Target lines.")] = None,
    run: OneRun = None,
    runs: Root = Path("runs"),
    checkpoint: State = "",
    as_json: Annotated[bool, typer.Option("--json", help="An object a line.")] = False,
    device: Device = "cpu",
    threads: Threads = 0,
) -> None:
    """Score given translations: log-probability (nats) and perplexity of each pair.

    A line out for each pair in; that of a pair that is blank on both sides is empty.
    """
    from attncli.errors import DataError, UsageError
    from attncli.forced import force, perplexity
    from attncli.text.corpus import Data
    from attncli.text.documents import Paragraphs
    from attncli.text.files import PAIRED, kind
    from attncli.text.sources import Split, TwoFiles

    if tgt is not None and kind(src) in PAIRED:
        raise UsageError(f"{src} holds pairs already: leave out {tgt}")
    (loaded,) = open_models([run] if run else None, runs, checkpoint, device, threads)
    data: Data = loaded.recipe.build("data")
    split: Split = (
        Paragraphs(TwoFiles(src, tgt)) if tgt else data.in_documents(data.files.open(src))
    )
    pairs = list(data.in_context(split))
    sentences = [pair for pair in pairs if not pair.blank]
    if not sentences:
        raise DataError(f"{src}: no pairs")
    forced = force(loaded, sentences)
    scored = iter(forced)
    for pair in pairs:
        print(_written(None if pair.blank else next(scored), as_json))
    per_piece, per_word = perplexity(forced)
    blank = len(pairs) - len(forced)
    say(
        f"perplexity {figure(per_piece, 4)} a piece, {figure(per_word, 4)} a word; "
        f"pairs: {len(forced)}" + f", and {blank} blank on both sides" * bool(blank)
    )


def _written(one: Forced | None, as_json: bool) -> str:
    """The line of a pair; without its figures where it is blank."""
    from attncli.forced import perplexity

    each = perplexity([one])[0] if one else None
    if as_json:
        pieces = len(one.log_probs) if one else 0
        log_prob = one.log_prob if one else None
        return json.dumps({"log_prob": log_prob, "pieces": pieces, "perplexity": each})
    return f"{one.log_prob:.4f}\t{figure(each, 4)}" if one else ""
