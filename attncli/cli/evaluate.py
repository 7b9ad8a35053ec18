"""`attncli evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncli.cli.models import figure, open_models, say, search_of
from attncli.cli.options import (
    Beam,
    DataName,
    Device,
    Root,
    Runs,
    Sets,
    Src,
    State,
    Tgt,
    Threads,
    refuse,
)

if TYPE_CHECKING:
    from attncli.evaluate import Evaluation
    from attncli.recipe import Recipe
    from attncli.text.pair import Pair
    from attncli.text.sources import Split


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
    from attncli.errors import DataError, NoDataError, UsageError
    from attncli.evaluate import choose_head, score_texts
    from attncli.evaluate import evaluate as measure
    from attncli.metrics import Scorer, tokenized_note
    from attncli.progress import Reporter
    from attncli.recipe import Recipe
    from attncli.run import Run
    from attncli.text.lines import read_lines
    from attncli.translate import Translator

    scorer = Scorer(lowercase=lowercase, tokenize=tokenize)
    wanted = [name.strip() for name in metrics.split(",")]
    scorer.require(wanted)
    given = {"--data": ("data.name", data), "--src": ("data.src", src), "--tgt": ("data.tgt", tgt)}
    flags = {flag: (path, value) for flag, (path, value) in given.items() if value is not None}
    if hypotheses is not None:
        if len(run or []) > 1:
            raise UsageError("--hypotheses scores given lines: leave out all runs but one")
        decoding = {"--checkpoint": checkpoint, "--device": device != "cpu", "--threads": threads}
        asked = {"--beam": beam, "--set": sets, "--out": out, "--gold": gold, **decoding}
        refuse("--hypotheses scores given lines", asked)
        start = Run.open(run[0], runs).recipe_file if run else None
        recipe = Recipe.read(start, flags=flags)
        name, pairs = _only_test(recipe, test)
        lines = list(read_lines(hypotheses))
        if len(lines) != len(pairs):
            raise DataError(
                f"{hypotheses}: {len(lines):,} lines for {len(pairs):,} pairs of {name}"
            )
        if note := tokenized_note([pair.tgt for pair in pairs], tokenize):
            say(note)
        _print([score_texts(name, lines, pairs, scorer, wanted)], as_json)
        return
    models = open_models(run, runs, checkpoint, device, threads)
    first = models[0]
    recipe = Recipe.read(first.run.recipe_file, flags=flags)
    if len(models) > 1:
        say(f"perplexity, alignment and entropy are those of {first.run.path} alone")
    search = search_of(first, sets, {"beam": beam})
    _note_languages(first.recipe, recipe)
    try:
        valid, tests = _tests(recipe, test, gold)
    except NoDataError as error:
        if data is not None:
            raise
        where = f"{first.run.path} was trained on it; --data PATH says where it lies now"
        raise DataError(f"{error}: {where}") from error
    head = choose_head(first, valid)
    found = []
    for name, pairs in tests.items():
        if note := tokenized_note([pair.tgt for pair in pairs], tokenize):
            say(note)
        filled = sum(bool(pair.src.strip()) for pair in pairs)
        with Reporter(f"translating {name}", filled) as reporter:
            translator = Translator(models, search, tell=reporter.advance)
            figures, translations = measure(translator, first, name, pairs, scorer, wanted, head)
        found.append(figures)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            texts = "".join(one.text + "\n" for one in translations)
            (out / f"{name}.hypotheses").write_text(texts, encoding="utf-8")
            written = json.dumps(figures.plain(), indent=1)
            (out / f"{name}.json").write_text(written + "\n", encoding="utf-8")
    _print(found, as_json)


def _note_languages(own: Recipe, given: Recipe) -> None:
    """Says where the text is of other languages than a run's own."""
    from attncli.text.corpus import Data

    both: list[Data] = [recipe.build("data") for recipe in (own, given)]
    trained, read = (f"{data.src} to {data.tgt}" for data in both)
    if trained != read:
        say(f"note: the model was trained from {trained}, and reads {read}")


def _tests(
    recipe: Recipe, names: list[str] | None, gold: Path | None
) -> tuple[list[Pair], dict[str, list[Pair]]]:
    """The validation pairs, and the pairs of the wanted test sets.

    Raises:
        DataError: the data has no test set.
        UsageError: it has none of that name, or links are given for several.
    """
    from attncli.errors import DataError, UsageError, suggestion
    from attncli.text.corpus import Data

    data: Data = recipe.build("data")
    corpus = data.open_all()
    for file in corpus.left_out:
        say(f"left out: {file}")
    if not corpus.tests:
        raise DataError(f"{data.name}: no test set (a test*.* file in its folder)")
    for name in names or []:
        if name not in corpus.tests:
            known = ", ".join(corpus.tests)
            hint = suggestion(name, corpus.tests)
            raise UsageError(f"{data.name}: no test set '{name}'{hint} (there is {known})")
    tests = {name: corpus.tests[name] for name in names or corpus.tests}
    if gold is not None:
        if len(tests) > 1:
            raise UsageError(f"{gold}: whose links are these? choose one with --test")
        tests = {name: _linked(split, gold) for name, split in tests.items()}
    valid = list(data.in_context(corpus.valid)) if corpus.valid else []
    return valid, {name: list(data.in_context(split)) for name, split in tests.items()}


def _linked(split: Split, gold: Path) -> Split:
    """The pairs with the links of a file, which counts the words of each sentence alone."""
    from attncli.text.gold import read_gold
    from attncli.text.sources import Held, linked

    pairs = list(split)
    lengths = [(len(pair.src.split()), len(pair.tgt.split())) for pair in pairs]
    found = read_gold(gold, lengths)
    say(found.report)
    with_links = [linked(pair, one) for pair, one in zip(pairs, found.sentences, strict=True)]
    return Held(split.origin, with_links)


def _only_test(recipe: Recipe, names: list[str] | None) -> tuple[str, list[Pair]]:
    from attncli.errors import UsageError

    _, tests = _tests(recipe, names, None)
    if len(tests) > 1:
        raise UsageError(
            f"--hypotheses: choose one of the test sets with --test: {', '.join(tests)}"
        )
    return next(iter(tests.items()))


def _print(found: list[Evaluation], as_json: bool) -> None:
    if as_json:
        print(json.dumps([one.plain() for one in found], ensure_ascii=False, indent=1))
        return
    for one in found:
        for line in _lines(one):
            print(line)


def _lines(one: Evaluation) -> list[str]:
    said = [f"{one.test}: {one.sentences:,} sentences"]
    for score in one.scores:
        interval = "" if score.low is None else f"  [{score.low:.2f}, {score.high:.2f}]"
        said.append(f"  {score.name:<5}{score.value:8.2f}{interval}  {score.signature}")
    if one.perplexity is not None:
        figures = figure(one.perplexity, 3), figure(one.word_perplexity, 3)
        said.append(f"  perplexity {figures[0]} a piece, {figures[1]} a word")
    if one.alignment is not None:
        found = one.alignment
        if found.left_out:
            said.append(
                f"  alignment: {found.left_out:,} sentences are left out, whose words cannot be "
                "followed through preprocessing"
            )
        said.append(
            f"  alignment error {100 * found.output.aer:.1f}% (row t aligns the word it writes), "
            f"{100 * found.input.aer:.1f}% (the word it has read); {found.head}"
        )
    if one.attention is not None:
        said += [f"  {line}" for line in one.attention.lines()]
    buckets = [
        f"{bucket.label}: {bucket.score.value:.1f} ({bucket.count})"
        for bucket in one.by_length
        if bucket.score
    ]
    said.append(f"  BLEU by source words  {'  '.join(buckets)}")
    said.append(f"  {one.exact:,} translations are the reference ({one.exact / one.sentences:.1%})")
    if one.kept is not None:
        said.append(
            f"  words that the vocabulary lacks, to be kept: {one.kept.right:,} of "
            f"{one.kept.expected:,} right ({one.kept.share:.1%})"
        )
    if one.seconds:
        said.append(f"  {one.sentences / one.seconds:.0f} sentences/s")
    if one.cut:
        limit = "the length limit (search.max_ratio)"
        said.append(f"  translations that reached {limit}: {one.cut}")
    return said
