"""Short documents of the embedded grammar, in which `it` is er, sie or es by the sentence before.

Nothing in a sentence with `it` tells the gender: it holds no other pronoun and names persons at
the most, and kind and gender of what it stands for are drawn evenly. What `it` stands for is in the
sentence before, which names nothing else but persons; sentences before that one may mislead.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from attncli.errors import DataError
from attncli.text.embedded import splits
from attncli.text.embedded.clause import THIRD, Clause, Phrase
from attncli.text.embedded.derivation import Speaker
from attncli.text.embedded.grammar import ATTEMPTS
from attncli.text.embedded.lexicon import (
    CASES,
    GENDERS,
    Lexicon,
    Noun,
    Pronoun,
    lexicon,
    packaged_grammar,
)
from attncli.text.embedded.sentences import LONG, SHORTEST, Sentence, Writer
from attncli.text.embedded.written import write_pairs
from attncli.text.pair import Pair

DOCUMENTS = {"train": 4_000, "valid": 200, "test": 400}
# The order of drawing: the test set stays what it is when the training set grows.
DRAWN = ("test", "valid", "train")


def documents(split: str, *, seed: int = 1) -> Iterator[Pair]:
    """The pairs of one split in order, each with the number of its document.

    No sentence that names something stands in two splits, nor twice in one.

    Raises:
        UsageError: there is no such split.
    """
    splits.check(split, DOCUMENTS)
    yield from _corpus(seed)[split]


def write(folder: Path, seed: int = 1) -> list[Path]:
    """Writes every split as files of text and links, a blank line between documents.

    Raises:
        DataError: the folder cannot be written.
    """
    return write_pairs(
        folder, {split: documents(split, seed=seed) for split in DOCUMENTS}, ("en", "de")
    )


@lru_cache(maxsize=2)
def _corpus(seed: int) -> dict[str, tuple[Pair, ...]]:
    narrator = Narrator(lexicon(packaged_grammar()), random.Random(seed))
    return {
        split: tuple(
            pair._replace(document=str(number))
            for number in range(DOCUMENTS[split])
            for pair in narrator.document()
        )
        for split in DRAWN
    }


class Narrator:
    """Writes documents, one after the other, from one random generator."""

    def __init__(self, words: Lexicon, rng: random.Random) -> None:
        self.words = words
        self.writer = Writer(words, Speaker(words, rng))
        self.speaker = self.writer.speaker
        self.told: set[str] = set()
        self.kinds: list[str] = words.documents["kinds"]
        self.patterns = [pattern.split() for pattern in words.documents["patterns"]]
        forms = words.documents["pronoun"]
        self.pronouns = [
            Pronoun(
                (forms["en"][0], forms["en"][1]),
                {case: forms[case][gender] for case in CASES},
                THIRD,
            )
            for gender in range(len(GENDERS))
        ]

    def document(self) -> list[Pair]:
        """The sentences of a new document."""
        pairs = []
        noun = self.something()
        for step in self.speaker.pick(self.patterns):
            if step == "new":
                noun = self.something()
                pairs.append(self.new(noun))
            else:
                pairs.append(self.again(noun))
        return pairs

    def something(self) -> Noun:
        """A noun, its kind and its gender drawn evenly."""
        kind = self.speaker.pick(self.kinds)
        gender = self.speaker.pick(range(len(GENDERS)))
        nouns = self.words.nouns[kind]
        return self.speaker.pick([noun for noun in nouns if noun.gender == gender])

    def new(self, noun: Noun) -> Pair:
        """A sentence that names the noun and that no document has yet."""
        for _ in range(ATTEMPTS):
            sentence = self.write(self.naming(noun))
            if sentence is None:
                continue
            source = sentence.pair.src.removesuffix(" .")
            if source not in self.told:
                self.told.add(source)
                return sentence.pair
        raise DataError("the grammar has too few sentences for its documents; give it more words")

    def again(self, noun: Noun) -> Pair:
        """A sentence about the noun that does not name it."""
        for _ in range(ATTEMPTS):
            sentence = self.write(self.speaking_of(noun))
            if sentence is not None:
                return sentence.pair
        raise DataError("the grammar has no sentences about 'it'; give it more words")

    def naming(self, noun: Noun) -> Clause:
        speaker = self.speaker
        named = self.phrase(noun)
        if noun.kind == "animal" and speaker.rng.random() < 0.3:
            return self.alone(named, noun.kind)
        subject = speaker.subject("person", False)
        verb = speaker.verb(f"new {noun.kind}", "person", lambda v: noun.kind in v.kinds)
        clause = speaker.clause("person", subject, verb, small=True)
        clause.obj = named
        if clause.recipient is not None:
            clause.recipient = self.person()
        clause.negated = clause.negated and not named.indefinite
        return clause

    def speaking_of(self, noun: Noun) -> Clause:
        speaker = self.speaker
        it = Phrase(pronoun=self.pronouns[noun.gender])
        draw = speaker.rng.random()
        if draw < 0.4:
            verb = speaker.verb(
                f"again {noun.kind}",
                "person",
                lambda v: noun.kind in v.kinds and v.case == "accusative" and not v.recipients,
            )
            clause = speaker.clause("person", self.person(), verb, small=True)
            clause.obj = it
            return clause
        if noun.kind == "animal" and draw < 0.8:
            return self.alone(it, noun.kind)
        return speaker.state(noun.kind, it, "", ())

    def alone(self, subject: Phrase, kind: str) -> Clause:
        """A clause with nothing but a subject."""
        verb = self.speaker.verb(
            "alone", kind, lambda v: not (v.case or v.clause or v.goal == "always")
        )
        return self.speaker.clause(kind, subject, verb, small=True)

    def phrase(self, noun: Noun) -> Phrase:
        """One of what the noun names, and it does exist: not `no dog`, not `every dog`."""
        phrase = self.speaker.phrase((noun.kind,))
        while phrase.plural or not (phrase.determiner and phrase.determiner.deniable):
            phrase = self.speaker.phrase((noun.kind,))
        phrase.noun = noun
        return phrase

    def person(self) -> Phrase:
        """Somebody who is named."""
        return self.speaker.phrase(("person",), definite=True)

    def write(self, clause: Clause) -> Sentence | None:
        """The clause as a sentence, or None where it is too short."""
        writer = self.writer
        writer.realiser.seen = {}
        clause.preposition = clause.place = None
        if clause.time and self.speaker.happens("fronted"):
            clause.front = "time"
        order = "fronted" if clause.front else "statement"
        return writer.finish(*writer.realiser.clause(clause, order), ".", SHORTEST, LONG)
