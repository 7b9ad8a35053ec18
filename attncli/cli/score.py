"""`attncli score`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from attncli.cli.models import open_models, say
from attncli.cli.options import Device, OneRun, Root, State, Threads


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
    """Score given translations: log-probability (nats) and perplexity of each pair."""
    from attncli.errors import DataError
    from attncli.forced import force, perplexity
    from attncli.text.corpus import Data
    from attncli.text.sources import TwoFiles

    (loaded,) = open_models([run] if run else None, runs, checkpoint, device, threads)
    data: Data = loaded.recipe.build("data")
    pairs = list(TwoFiles(src, tgt) if tgt else data.open(str(src)))
    if not pairs:
        raise DataError(f"{src}: no pairs")
    forced = force(loaded, pairs)
    for one in forced:
        each = perplexity([one])[0]
        if as_json:
            facts = {"log_prob": one.log_prob, "pieces": len(one.log_probs), "perplexity": each}
            print(json.dumps(facts))
        else:
            print(f"{one.log_prob:.4f}\t{each:.4f}")
    per_piece, per_word = perplexity(forced)
    say(f"{len(forced)} pairs: perplexity {per_piece:.4f} a piece, {per_word:.4f} a word")
