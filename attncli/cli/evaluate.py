"""`attncli evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncli.cli.models import open_models, say, search_of
from attncli.cli.options import (
    Beam,
    DataName,
    Device,
    OneRun,
    Root,
    Runs,
    Sets,
    Src,
    State,
    Tgt,
    Threads,
)

if TYPE_CHECKING:
    from attncli.evaluate import Evaluation
    from attncli.recipe import Recipe
    from attncli.text.pair import Pair

__all__ = ["OneRun", "evaluate"]


def evaluate(
    run: Runs = None,
    runs: Root = Path("runs"),
    checkpoint: State = "",
    data: DataName = None,
    src: Src = None,
    tgt: Tgt = None,
    test: Annotated[
        list[str] | None, typer.Option("--test", help="Only this test set (several may be named).")
    ] = None,
    beam: Beam = None,
    hypotheses: Annotated[
        Path | None, typer.Option("--hypotheses", help="Score these lines, not a model's.")
    ] = None,
    lowercase: Annotated[
        bool, typer.Option("--lowercase", help="BLEU and chrF without regard to case.")
    ] = False,
    tokenize: Annotated[
        str, typer.Option("--tokenize", help="How BLEU splits words; `none` for tokenised text.")
    ] = "13a",
    gold: Annotated[
        Path | None, typer.Option("--gold", help="Gold links of the test set, Pharaoh or NAACL.")
    ] = None,
    metrics: Annotated[str, typer.Option("--metrics", help="Which, by comma.")] = "BLEU,chrF,TER",
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write translations and figures here.")
    ] = None,
    device: Device = "cpu",
    threads: Threads = 0,
    sets: Sets = None,
) -> None:
    """Score a model on its test sets: BLEU, chrF, TER, perplexity, alignment error."""
    from attncli.evaluate import choose_head, score_texts
    from attncli.evaluate import evaluate as measure
    from attncli.metrics import Scorer, tokenized_note
    from attncli.recipe import Recipe
    from attncli.text.lines import read_lines
    from attncli.translate import Translator

    scorer = Scorer(lowercase=lowercase, tokenize=tokenize)
    wanted = [name.strip() for name in metrics.split(",")]
    given = {"--data": ("data.name", data), "--src": ("data.src", src), "--tgt": ("data.tgt", tgt)}
    flags = {flag: (path, value) for flag, (path, value) in given.items() if value is not None}
    if hypotheses is not None:
        recipe = Recipe.read(None, flags=flags)
        name, pairs = _only_test(recipe, test, gold)
        say(tokenized_note([pair.tgt for pair in pairs], tokenize)) if tokenize == "13a" else None
        _print([score_texts(name, list(read_lines(hypotheses)), pairs, scorer, wanted)], as_json)
        return
    models = open_models(run, runs, checkpoint, device, threads)
    first = models[0]
    recipe = Recipe.read(first.run.recipe_file, flags=flags)
    translator = Translator(models, search_of(first, sets, {"beam": beam}))
    valid, tests = _tests(recipe, test, gold)
    head = choose_head(first, valid)
    found = []
    for name, pairs in tests.items():
        if note := tokenized_note([pair.tgt for pair in pairs], tokenize):
            say(note)
        figures, translations = measure(translator, first, name, pairs, scorer, wanted, head)
        found.append(figures)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            texts = "".join(one.text + "\n" for one in translations)
            (out / f"{name}.hypotheses").write_text(texts, encoding="utf-8")
            written = json.dumps(figures.plain(), indent=1)
            (out / f"{name}.json").write_text(written + "\n", encoding="utf-8")
    _print(found, as_json)
