"""One run on its test sets, measured once and kept in the run's folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from attncli.compare.plan import Texts
from attncli.compare.records import digest_of, read_record, write_record
from attncli.compare.result import LengthBucket, Measure, Tested
from attncli.errors import DataError, UsageError, suggestion
from attncli.evaluate import Evaluation, choose_head, evaluate
from attncli.experiment import Loaded
from attncli.metrics import Bucket, Score, Scorer
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.search import Search
from attncli.translate import Translator

FOLDER = "evaluations"
FORM = 2  # of what is kept; another form is measured anew


@dataclass(frozen=True)
class Measuring:
    """How translations are scored."""

    tokenize: str = "13a"
    lowercase: bool = False

    def scorer(self) -> Scorer:
        """What scores so."""
        return Scorer(lowercase=self.lowercase, tokenize=self.tokenize)


def test_names(recipe: Recipe, wanted: Sequence[str], texts: Texts) -> list[str]:
    """The wanted test sets of a recipe's data, all where none is named.

    Raises:
        DataError: the data has no test set.
        UsageError: none of that name.
    """
    tests = texts.corpus(recipe).tests
    name = recipe.value("data.name")
    if not tests:
        raise DataError(f"{name}: no test set (a test*.* file in its folder)")
    for test in wanted:
        if test not in tests:
            hint = suggestion(test, tests)
            raise UsageError(f"{name}: no test set '{test}'{hint} (there is {', '.join(tests)})")
    return list(wanted or tests)


def kept_file(run: Run, recipe: Recipe, test: str, how: Measuring, texts: Texts) -> Path:
    """Where a run's figures on a test set are kept: another file for another search or text."""
    facts = {
        "form": FORM,
        "checkpoint": run.digest(),
        "search": recipe.plain()["search"],
        "text": texts.tested_on(recipe, test),
        "tokenize": how.tokenize,
        "lowercase": how.lowercase,
    }
    return run.path / FOLDER / f"{test}-{digest_of(facts)}.json"


def kept(run: Run, recipe: Recipe, test: str, how: Measuring, texts: Texts) -> Tested | None:
    """The figures that are kept; None where nothing was measured so."""
    if run.digest() is None:
        return None
    path = kept_file(run, recipe, test, how, texts)
    return read_record(path, Tested) if path.is_file() else None


def measure(
    loaded: Loaded, recipe: Recipe, tests: Sequence[str], how: Measuring, texts: Texts
) -> None:
    """Measures what is not kept yet, and keeps it."""
    missing = [test for test in tests if kept(loaded.run, recipe, test, how, texts) is None]
    if not missing:
        return
    search: Search = recipe.build("search")
    translator, scorer = Translator([loaded], search), how.scorer()
    corpus = texts.corpus(recipe)
    head = choose_head(loaded, list(corpus.valid or []))
    for test in missing:
        pairs = texts.pairs(recipe, test)
        found, translations = evaluate(
            translator, loaded, test, pairs, scorer, ["BLEU", "chrF", "TER"], head
        )
        lines = [one.text for one in translations]
        statistics = scorer.statistics("BLEU", lines, [pair.tgt for pair in pairs])
        spread = float(scorer.resampled("BLEU", statistics).std())
        path = kept_file(loaded.run, recipe, test, how, texts)
        text = texts.tested_on(recipe, test)
        write_record(path, tested(found, text, lines, spread))


def tested(found: Evaluation, text: str, hypotheses: list[str], deviation: float) -> Tested:
    """An evaluation as a comparison keeps it; `deviation` is BLEU's over resampled test sets."""
    bleu, chrf, ter = found.scores
    links = found.alignment
    return Tested(
        text=text,
        sentences=found.sentences,
        bleu=_measure(bleu, deviation),
        chrf=_measure(chrf),
        ter=_measure(ter),
        by_length=[_bucket(bucket) for bucket in found.by_length],
        perplexity=found.perplexity,
        word_perplexity=found.word_perplexity,
        aer=links.output.aer if links else None,
        aer_read=links.input.aer if links else None,
        head=links.head if links else None,
        entropy=found.entropy,
        entropy_share=found.entropy_share,
        seconds=found.seconds or 0.0,
        cut=found.cut,
        hypotheses=hypotheses,
        unaligned=links.left_out if links else 0,
    )


def _measure(score: Score, deviation: float | None = None) -> Measure:
    return Measure(score.value, score.low, score.high, deviation, score.signature)


def _bucket(bucket: Bucket) -> LengthBucket:
    score = bucket.score
    if score is None:
        return LengthBucket(bucket.label, bucket.count, None, None, None)
    return LengthBucket(bucket.label, bucket.count, score.value, score.low, score.high)
