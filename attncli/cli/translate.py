"""`attncli translate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from attncli.cli.models import open_models, say, search_of
from attncli.cli.options import Beam, Device, Root, Runs, Seed, Sets, State, Threads, refuse
from attncli.cli.streams import batches_of_lines

if TYPE_CHECKING:
    from attncli.experiment import Loaded
    from attncli.search import Search
    from attncli.translate import Hypothesis, Translation, Translator


def translate(
    file: Annotated[
        Path | None, typer.Argument(help="A file, a line a sentence; without it, or by `-`, stdin.")
    ] = None,
    run: Runs = None,
    runs: Root = Path("runs"),
    checkpoint: State = "",
    beam: Beam = None,
    n_best: Annotated[
        int | None, typer.Option("--n-best", min=1, help="Translations of each line.")
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Draw words from the model, do not search.")
    ] = False,
    form: Annotated[
        Literal["text", "jsonl"], typer.Option("--format", help="Plain lines, or all there is.")
    ] = "text",
    alignments: Annotated[
        bool, typer.Option("--alignments", help="Add word links in Pharaoh form after ` ||| `.")
    ] = False,
    replace_unknown: Annotated[
        bool,
        typer.Option("--replace-unknown", help="Copy the source word looked at most for <unk>."),
    ] = False,
    engine: Annotated[
        Literal["torch", "ctranslate2", "onnx"],
        typer.Option("--engine", help="What decodes: torch, or what `attncli export` wrote."),
    ] = "torch",
    batch: Annotated[int, typer.Option("--batch", min=1, help="Sentences decoded together.")] = 64,
    seed: Seed = None,
    device: Device = "cpu",
    threads: Threads = 0,
    sets: Sets = None,
) -> None:
    """Translate a file, or stdin line by line: a line out for each line in."""
    from attncli.errors import UsageError
    from attncli.text.corpus import Data
    from attncli.translate import WINDOW, Translator

    if engine != "torch":
        given = {"--alignments": alignments, "--device": device.partition(":")[0] != "cpu"}
        refuse(f"--engine {engine} runs on the CPU and shows no attention (--engine torch)", given)
    if file is not None and " " in file.name and not file.exists():
        raise UsageError(f"{file}: no such file; of a sentence: echo '{file}' | attncli translate")
    models = open_models(run, runs, checkpoint, device, threads)
    width = (n_best or 1) if sample and beam is None else beam
    flags = {"beam": width, "n_best": n_best, "sample": sample or None}
    flags["replace_unknown"] = replace_unknown or None
    search = search_of(models[0], sets, flags)
    if not search.sample:
        refuse("nothing is drawn without --sample", {"--seed": seed is not None})
    own = models[0].recipe.seed if seed is None else seed
    if engine == "torch":
        translator = Translator(models, search, sentences=batch, seed=own)
    else:
        translator = exported(models, engine, search, batch, own)
    looks = alignments or form == "jsonl"
    data: Data = models[0].recipe.build("data")
    windows = data.lines(batches_of_lines(file, WINDOW * batch))
    cut = empty = long = 0
    for number, one in enumerate(translator.stream(windows, looks)):
        cut += one.hypotheses[0].cut
        empty += bool(one.source.strip()) and not one.text
        long += 0 < data.max_length < len(one.source.split())
        if alignments and one.source.strip() and one.hypotheses[0].attention is None:
            raise UsageError("--alignments: this model has no attention")
        for text in _written(one, number, form, alignments, search.n_best):
            print(text, flush=True)
    if cut:
        limit = "the length limit (search.max_ratio, search.max_extra)"
        say(f"translations that reached {limit}: {cut}")
    if empty:
        say(f"lines whose translation is empty: {empty}")
    if long:
        most = f"data.max_length={data.max_length}"
        say(f"lines with more words than any in training ({most}): {long}")


def exported(
    models: list[Loaded], engine: str, search: Search, batch: int, seed: int
) -> Translator:
    """What translates with the export in the run's own folder."""
    from attncli.errors import UsageError
    from attncli.export.forms import FORMS

    if len(models) > 1:
        raise UsageError(f"--engine {engine} decodes with one run (several need --engine torch)")
    folder = models[0].run.path / engine
    return FORMS[engine].translator(models[0], search, folder, sentences=batch, seed=seed)


def _written(one: Translation, number: int, form: str, alignments: bool, n_best: int) -> list[str]:
    from attncli.text.alignment import pharaoh

    if form == "jsonl":
        hypotheses = [_facts(hypothesis) for hypothesis in one.hypotheses]
        facts = {"number": number, "source": one.source, "hypotheses": hypotheses}
        return [json.dumps(facts, ensure_ascii=False)]
    lines = []
    for hypothesis in one.hypotheses:
        cells = [hypothesis.text]
        if alignments:
            cells.append(pharaoh(_links(hypothesis)))
        if n_best > 1:
            cells = [str(number), *cells, f"{hypothesis.score:.4f}"]
        lines.append(" ||| ".join(cells))
    return lines


def _facts(hypothesis: Hypothesis) -> dict[str, object]:
    seen = hypothesis.attention
    return {
        "text": hypothesis.text,
        "tokens": hypothesis.pieces,
        "score": hypothesis.score,
        "log_prob": hypothesis.log_prob,
        "cut": hypothesis.cut,
        "source_tokens": None if seen is None else list(seen.src),
        "alignment": None if seen is None else _links(hypothesis),
    }


def _links(hypothesis: Hypothesis) -> list[tuple[int, int]]:
    from attncli.text.alignment import best_links

    if hypothesis.attention is None:
        return []
    return best_links(hypothesis.attention.mean().word_matrix()[0, 0])
