"""The embedded corpus with persons whose names are invented, each for one sentence only.

A name is the same in both languages, in every case, and no name is given twice: the names of the
test sets stand in no training text and in no vocabulary. What is right can only be copied.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache

from attncli.text.embedded import splits
from attncli.text.embedded.clause import Phrase
from attncli.text.embedded.derivation import Speaker
from attncli.text.embedded.grammar import SPLITS, drawn
from attncli.text.embedded.lexicon import (
    CASES,
    Determiner,
    Lexicon,
    Noun,
    lexicon,
    packaged_grammar,
)
from attncli.text.embedded.sentences import Sentence, Writer
from attncli.text.pair import Pair

NAMELESS = ("", "", "", "")
NO_ARTICLE = Determiner("", "", 0, "strong", (), False, False, True, dict.fromkeys(CASES, NAMELESS))


def named(split: str, *, seed: int = 1) -> Iterator[Pair]:
    """The pairs of one split, in an order that does not change.

    Raises:
        UsageError: there is no such split.
    """
    splits.check(split, SPLITS)
    for sentence in _corpus(seed)[split]:
        yield sentence.pair


@lru_cache(maxsize=2)
def _corpus(seed: int) -> dict[str, tuple[Sentence, ...]]:
    rng = random.Random(seed)
    words = lexicon(packaged_grammar())
    return drawn(Writer(words, Namer(words, rng)))


class Namer(Speaker):
    """Speaks of some persons by a name."""

    def __init__(self, words: Lexicon, rng: random.Random) -> None:
        super().__init__(words, rng)
        self.given: set[str] = set()

    def stand_in(self, kinds: tuple[str, ...]) -> Phrase | None:
        """A name, now and then, where the phrase may be of a person."""
        if "person" not in kinds or not self.happens("name"):
            return None
        name = self.name()
        forms: dict[str, tuple[str, ...]] = dict.fromkeys(CASES, (name, ""))
        return Phrase(noun=Noun("person", (name,), 0, forms), determiner=NO_ARTICLE)

    def name(self) -> str:
        """A name that nobody has yet."""
        parts = self.words.names
        while True:
            drawn = "".join(self.pick(parts[part]) for part in parts["pattern"])
            name = drawn.capitalize()
            if name not in self.given:
                self.given.add(name)
                return name
