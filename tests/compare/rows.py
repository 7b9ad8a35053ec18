"""Rows made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attncli.compare.assembly import row as assemble
from attncli.compare.result import LengthBucket, Measure, Paper, Row, Tested, Trained
from attncli.metrics import Scorer
from attncli.recipe import Recipe

REFERENCES = [f"the {word} sleeps in the garden of the house {word}" for word in "abcdefghijklmn"]


def said(wrong: int) -> list[str]:
    """Translations of which so many are wrong."""
    return ["no word of it is right here"] * wrong + REFERENCES[wrong:]


def on_test(hypotheses: Sequence[str], text: str = "text") -> Tested:
    score = Scorer(resamples=0).score(hypotheses, REFERENCES)
    bleu, chrf, ter = (Measure(one.value, 1.0, 2.0, 0.5, one.signature) for one in score)
    buckets = [LengthBucket("1-10", len(hypotheses), bleu.value, 1.0, 2.0)]
    return Tested(
        text, len(hypotheses), bleu, chrf, ter, buckets, 2.5, 3.5, 0.25, 0.75, "mean of all heads",
        1.25, 0.5, 2.0, 0, list(hypotheses),
    )  # fmt: skip


def trained(seed: int, hypotheses: Sequence[str], text: str = "text", **more: object) -> Trained:
    facts: dict[str, object] = {
        "path": f"runs/{seed}",
        "text": "trained on",
        "seed": seed,
        "finished": "3 epochs done",
        "checkpoint": "best",
        "epoch": 3,
        "step": 300,
        "improving": False,
        "parameters": 1_500_000,
        "seconds": 90.0,
        "tokens_per_second": 4321.0,
        "peak_memory": 400_000_000,
        "machine": "Abacus, 2 cores",
        "curve": [],
        "tests": {"test": on_test(hypotheses, text)},
    }
    return Trained(**{**facts, **more})  # type: ignore[arg-type]


def row(
    name: str,
    wrong: Sequence[int] = (0,),
    sets: Sequence[str] = (),
    figure: float | None = None,
    said_of: Mapping[str, object] | None = None,
) -> Row:
    """A row of the base recipe with some settings, a seed for every number of wrong lines."""
    recipe = Recipe.read("base", sets=sets)
    runs = [trained(seed, said(count), **(said_of or {})) for seed, count in enumerate(wrong, 1)]
    made = assemble(name, recipe, runs)
    paper = None if figure is None else Paper(figure, "BLEU", "Table 1", "a paper")
    return Row(**{**vars(made), "paper": paper})
