"""Random derivations of the grammar: what the sentences of the embedded corpus say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from attncli.text.lexicon import Adverbial, Determiner, Lexicon, Noun, Preposition, Verb
from attncli.text.realise import Clause, Phrase

T = TypeVar("T")
LIVING = ("person", "animal")


class Speaker:
    """Draws clauses. Only `random()` of the generator is used: it is the same in every Python."""

    def __init__(self, words: Lexicon, rng: random.Random) -> None:
        self.words = words
        self.rng = rng
        self.tenses = [tense for tense, weight in words.tenses.items() for _ in range(weight)]
        self.simple_tenses = [tense for tense in self.tenses if tense in ("present", "past")]
        self.nouns: dict[tuple[str, ...], list[Noun]] = {}
        self.determiners = {
            (number, subject): [
                determiner
                for determiner in words.determiners.values()
                if number in determiner.numbers and (subject or not determiner.subject_only)
                for _ in range(determiner.weight)
            ]
            for number in ("singular", "plural", "mass")
            for subject in (True, False)
        }
        self.verbs = {
            kind: [verb for verb in words.verbs if kind in verb.subjects] for kind in LIVING
        }
        self.attributes = {
            kind: [adjective for adjective in words.adjectives if kind in adjective.kinds]
            for kind in words.nouns
        }
        self.times = {
            tense: [time for time in words.times if tense in time.tenses] for tense in words.tenses
        }
        self.adverbs = {
            tense: [adverb for adverb in words.adverbs if tense in adverb.tenses]
            for tense in words.tenses
        }

    def pick(self, among: Sequence[T]) -> T:
        return among[int(self.rng.random() * len(among))]

    def happens(self, what: str) -> bool:
        return self.rng.random() < self.words.chances[what]

    def noun(self, kinds: tuple[str, ...]) -> Noun:
        if kinds not in self.nouns:
            self.nouns[kinds] = [noun for kind in kinds for noun in self.words.nouns[kind]]
        return self.pick(self.nouns[kinds])

    def phrase(
        self,
        kinds: tuple[str, ...],
        *,
        subject: bool = False,
        definite: bool = False,
        relative: bool = False,
        pronoun: bool = False,
        coordinate: bool = False,
    ) -> Phrase:
        """A phrase about one of these kinds of things; the flags say what it may have."""
        if pronoun and "person" in kinds and self.happens("pronoun"):
            return Phrase(pronoun=self.pick(self.words.pronouns))
        noun = self.noun(kinds)
        plural = not noun.mass and self.rng.random() < 0.3
        number = "mass" if noun.mass else "plural" if plural else "singular"
        determiner = self.determiner(number, subject, definite)
        phrase = Phrase(noun=noun, determiner=determiner, plural=plural)
        if self.attributes[noun.kind] and self.happens("adjective"):
            phrase.adjectives = (self.pick(self.attributes[noun.kind]),)
        if relative and self.happens("relative"):
            phrase.relative = self.relative(noun)
        elif coordinate and determiner.en != "no" and self.happens("coordinated phrase"):
            phrase.other = self.phrase((noun.kind,), definite=not determiner.indefinite)
            if phrase.other.noun is noun or phrase.other.indefinite != determiner.indefinite:
                phrase.other = None
        return phrase

    def determiner(self, number: str, subject: bool, definite: bool) -> Determiner:
        while True:
            determiner = self.pick(self.determiners[number, subject])
            if not (definite and determiner.indefinite):
                return determiner

    def relative(self, noun: Noun) -> Clause:
        """A relative clause for a noun: as its subject, its object, or the place where."""
        draw = self.rng.random()
        if noun.kind == "place" and draw < 0.6:
            inside = self.words.prepositions["places"][0]
            verb = self.verb("person", lambda verb: not verb.case and not verb.clause)
            clause = self.clause(small=True, subject=self.subject(("person",)), verb=verb)
            clause.preposition, clause.place, clause.gap = inside, None, "place"
            return clause
        if noun.kind in LIVING and draw < 0.6:
            return self.clause(small=True, gap="subject", kind=noun.kind)
        verb = self.verb("person", lambda verb: noun.kind in verb.kinds and not verb.recipients)
        return self.clause(small=True, subject=self.subject(("person",)), verb=verb, gap="object")

    def verb(self, kind: str, fits: Callable[[Verb], bool]) -> Verb:
        return self.pick([verb for verb in self.verbs[kind] if fits(verb)])

    def subject(self, kinds: tuple[str, ...], relative: bool = False) -> Phrase:
        return self.phrase(
            kinds, subject=True, pronoun=True, relative=relative, coordinate=not relative
        )
