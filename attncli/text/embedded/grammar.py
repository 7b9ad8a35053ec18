"""The embedded corpus: English and German sentences from one grammar, with gold word links.

The corpus is a function of the grammar file and a seed, the same on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from attncli.errors import DataError
from attncli.text.embedded import splits
from attncli.text.embedded.derivation import Speaker
from attncli.text.embedded.grammar_summary import Summary, summarise
from attncli.text.embedded.lexicon import lexicon, packaged_grammar
from attncli.text.embedded.sentences import LONG, LONGEST, Sentence, Writer
from attncli.text.embedded.written import write_pairs
from attncli.text.pair import Pair

SPLITS = {"train": 20_000, "valid": 1_000, "test": 1_000, "test-long": 500}
# The order of drawing: the test sets stay what they are when the training set grows.
DRAWN = ("test", "test-long", "valid", "train")
ATTEMPTS = 500


def generate(split: str, *, seed: int = 1, grammar: Path | None = None) -> Iterator[Pair]:
    """The pairs of one split, in an order that does not change.

    Raises:
        UsageError: there is no such split.
        DataError: the grammar cannot be read, or has too few sentences.
    """
    for sentence in sentences(split, seed, grammar):
        yield sentence.pair


def sentences(split: str, seed: int, grammar: Path | None = None) -> tuple[Sentence, ...]:
    """The pairs of one split, each with the phenomena of the grammar that are in it."""
    splits.check(split, SPLITS)
    return _corpus(seed, grammar or packaged_grammar())[split]


def summary(seed: int = 1, grammar: Path | None = None) -> Summary:
    """The whole corpus in figures and examples."""
    found = {split: sentences(split, seed, grammar) for split in SPLITS}
    return summarise(lexicon(grammar or packaged_grammar()), found)


def write(folder: Path, seed: int = 1, grammar: Path | None = None) -> list[Path]:
    """Writes every split as files of text and links; returns the files.

    Raises:
        DataError: the folder cannot be written.
    """
    found = {split: generate(split, seed=seed, grammar=grammar) for split in SPLITS}
    return write_pairs(folder, found, ("en", "de"))


@lru_cache(maxsize=2)
def _corpus(seed: int, grammar: Path) -> dict[str, tuple[Sentence, ...]]:
    rng = random.Random(seed)
    words = lexicon(grammar)
    return drawn(Writer(words, Speaker(words, rng)))


def drawn(writer: Writer) -> dict[str, tuple[Sentence, ...]]:
    """The sentences of every split, as the writer writes them."""
    seen: set[str] = set()
    return {
        split: tuple(_draw(writer, split, number, seen) for number in range(SPLITS[split]))
        for split in DRAWN
    }


def _draw(writer: Writer, split: str, number: int, seen: set[str]) -> Sentence:
    """A sentence that no split has yet, with or without its final mark.

    Every tenth sentence is long; the lengths of long ones go round from 30 to 60 words.
    """
    every = 1 if split == "test-long" else 10
    long = number % every == every - 1
    wanted = LONG + (number // every * 7) % (LONGEST - LONG + 1)
    for _ in range(ATTEMPTS):
        sentence = writer.long(wanted) if long else writer.short()
        if sentence is None:
            continue
        source = sentence.pair.src.removesuffix(" .").removesuffix(" ?")
        if source not in seen:
            seen.add(source)
            return sentence
    raise DataError("the grammar has too few sentences of the wanted lengths; give it more words")
