"""Which runs a comparison needs, and which of them are there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from attncli.compare.records import digest_of
from attncli.compare.selection import Candidate, seeded
from attncli.errors import AttnError
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.text.corpus import Data
from attncli.text.fingerprint import fingerprint
from attncli.text.pair import Pair
from attncli.text.sources import Corpus, Split

# What does not tell one training from another. The text itself is known by its content, wherever it
# lies; the search decides on no update, only between the best model and the mean of the last.
UNREAD = ("name", "paper", "search.", "data.name", "data.train", "data.valid", "data.test")


@dataclass(frozen=True)
class Planned:
    """One run of a row: where it is or will be, and what it takes to measure it."""

    row: str
    recipe: Recipe
    run: Run
    is_given: bool  # named by the user, so that it is not trained on


class Texts:
    """The corpora of several recipes, each opened and hashed once."""

    def __init__(self) -> None:
        self._corpora: dict[str, Corpus] = {}
        self._prints: dict[tuple[str, str, str], str] = {}

    def corpus(self, recipe: Recipe) -> Corpus:
        """The corpus of a recipe."""
        key = self._key(recipe)
        if key not in self._corpora:
            data: Data = recipe.build("data")
            self._corpora[key] = data.load()
        return self._corpora[key]

    def pairs(self, recipe: Recipe, test: str) -> list[Pair]:
        """The sentences of a test set, without the blank pairs between documents."""
        return [pair for pair in self.corpus(recipe).tests[test] if not pair.blank]

    def trained_on(self, recipe: Recipe) -> dict[str, str]:
        """The hashes of what trains and validates."""
        corpus = self.corpus(recipe)
        parts = {"train": corpus.train, "valid": corpus.valid}
        return {
            name: self._print(recipe, ("training", name), split)
            for name, split in parts.items()
            if split
        }

    def tested_on(self, recipe: Recipe, test: str) -> str:
        """The hash of a test set."""
        return self._print(recipe, ("test", test), self.corpus(recipe).tests[test])

    def _print(self, recipe: Recipe, part: tuple[str, str], pairs: Split) -> str:
        key = (self._key(recipe), *part)
        if key not in self._prints:
            self._prints[key] = fingerprint(pairs)
        return self._prints[key]

    def _key(self, recipe: Recipe) -> str:
        return digest_of({k: v for k, v in recipe.flat().items() if k.startswith("data.")})


def training_key(recipe: Recipe) -> str:
    """A hash of every setting that training reads, the seed included, but for where text lies."""
    read = {key: value for key, value in recipe.flat().items() if not key.startswith(UNREAD)}
    return digest_of(read)


def plan(
    candidates: Sequence[Candidate], seeds: int, root: Path, kept: Path | None, texts: Texts
) -> list[Planned]:
    """A run for every candidate and seed: one that is there or is kept, or a new directory.

    Rows that train alike, such as two searches with one model, share their runs.
    """
    there = existing(root)
    for key, run in existing(kept).items() if kept is not None else ():
        if run.finished() is not None and (key not in there or there[key].finished() is None):
            there[key] = run
    found = []
    for candidate in candidates:
        if candidate.run is not None:
            found.append(Planned(candidate.name, candidate.recipe, candidate.run, True))
            continue
        text = texts.trained_on(candidate.recipe)
        for recipe in seeded(candidate.recipe, seeds):
            key = (training_key(recipe), digest_of(text))
            if key not in there:
                there[key] = begin(root, recipe, text)
            found.append(Planned(candidate.name, recipe, there[key], False))
    return found


def existing(root: Path) -> dict[tuple[str, str], Run]:
    """The runs below `root` by what they train and on what text; a finished one goes first.

    A run that began from another's weights, or was resumed with other settings, is left out: its
    recipe does not tell how it came about.
    """
    found: dict[tuple[str, str], Run] = {}
    for path in sorted(root.glob("*/recipe.yaml")):
        run = Run(path.parent)
        try:
            facts = run.facts()
            text = facts.get("data")
            key = (training_key(run.recipe()), digest_of(_mapping(text)))
        except AttnError:
            continue  # damaged, or of another version: it cannot stand for a recipe of today
        if text is None or "init_from" in facts or "changed" in facts:
            continue
        if key not in found or run.finished():
            found[key] = run
    return found


def begin(root: Path, recipe: Recipe, text: Mapping[str, str]) -> Run:
    """A new run with its recipe and the hashes of its text, not yet trained."""
    run = Run.create(root, f"{recipe.name}-seed{recipe.seed}")
    run.write_recipe(recipe)
    run.note({"data": dict(text)})
    return run


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
