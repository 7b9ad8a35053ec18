"""Random derivations of the grammar: what the sentences of the embedded corpus say."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from attncli.text.embedded.clause import Clause, Phrase
from attncli.text.embedded.lexicon import Adverbial, Determiner, Lexicon, Noun, Verb

T = TypeVar("T")
LIVING = ("person", "animal")
# English has a form of its own for these, and German has them of `sein`.
SIMPLE = ("present", "past")


class Speaker:
    """Draws clauses. Only `random()` of the generator is used: it is the same in every Python."""

    def __init__(self, words: Lexicon, rng: random.Random) -> None:
        self.words = words
        self.rng = rng
        self.tenses = [tense for tense, weight in words.tenses.items() for _ in range(weight)]
        self.simple_tenses = [tense for tense in self.tenses if tense in SIMPLE]
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
        self.verbs: dict[tuple[str, str], list[Verb]] = {}
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

    def stand_in(self, kinds: tuple[str, ...]) -> Phrase | None:
        """What a speaker of another kind says in place of the grammar's phrase; here nothing."""
        return None

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
        if (other := self.stand_in(kinds)) is not None:
            return other
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
        elif coordinate and determiner.deniable and self.happens("coordinated phrase"):
            phrase.other = self.phrase((noun.kind,), definite=not determiner.indefinite)
            if phrase.other.noun is noun or phrase.other.indefinite != determiner.indefinite:
                phrase.other = None
        return phrase

    def determiner(self, number: str, subject: bool, definite: bool) -> Determiner:
        while True:
            determiner = self.pick(self.determiners[number, subject])
            if not (definite and determiner.indefinite):
                return determiner

    def subject(self, kind: str, relative: bool) -> Phrase:
        return self.phrase(
            (kind,), subject=True, pronoun=True, relative=relative, coordinate=not relative
        )

    def verb(self, use: str, kind: str, fits: Callable[[Verb], bool]) -> Verb:
        """A verb that this kind can do and that fits; `use` names the choice to remember it."""
        if (use, kind) not in self.verbs:
            able = [verb for verb in self.words.verbs if kind in verb.subjects and fits(verb)]
            self.verbs[use, kind] = able
        return self.pick(self.verbs[use, kind])

    def relative(self, noun: Noun) -> Clause:
        """A relative clause for a noun: as its subject, its object, or the place where."""
        draw = self.rng.random()
        if noun.kind == "place" and draw < 0.6:
            verb = self.verb("at a place", "person", lambda v: not (v.case or v.clause or v.goal))
            clause = self.clause("person", self.subject("person", False), verb, small=True)
            clause.preposition, clause.place = self.words.prepositions["places"][0], None
            clause.gap = "place"
            return clause
        if noun.kind in LIVING and draw < 0.6:
            return self.clause(noun.kind, None, small=True)
        verb = self.verb(
            f"with {noun.kind}", "person", lambda v: noun.kind in v.kinds and not v.recipients
        )
        subject = self.subject("person", False)
        return self.clause("person", subject, verb, small=True, gap="object")

    def somebody(self, small: bool) -> tuple[str, Phrase]:
        """A subject and its kind."""
        kind = "person" if self.rng.random() < 0.65 else "animal"
        return kind, self.subject(kind, relative=not small)

    def clause(
        self,
        kind: str,
        subject: Phrase | None,
        verb: Verb | None = None,
        *,
        small: bool = False,
        gap: str = "",
        tenses: Sequence[str] = (),
    ) -> Clause:
        """A clause whose subject is of a kind; None as subject: it stands outside.

        A small clause holds no other clause.
        """
        gap = gap or ("" if subject else "subject")
        if verb is None and self.happens("copula"):
            return self.state(kind, subject, gap, tenses)
        if verb is None and small:
            verb = self.verb("small", kind, lambda v: not v.clause)
        elif verb is None:
            verb = self.verb("any", kind, lambda v: True)
        clause = Clause(subject=subject, verb=verb, tense=self.pick(tenses or self.tenses), gap=gap)
        self.negate(clause)
        if not clause.negated and self.happens("adverb"):
            clause.adverb = self.adverb(clause)
        elif self.times[clause.tense] and self.happens("time"):
            clause.time = self.pick(self.times[clause.tense])
        self.surroundings(clause, verb, kind)
        if verb.case and gap != "object":
            self.objects(clause, verb, small)
        if verb.clause:
            inner = self.clause(*self.somebody(True), small=True)
            clause.complement = (verb.clause, inner)
        return clause

    def state(self, kind: str, subject: Phrase | None, gap: str, tenses: Sequence[str]) -> Clause:
        """Somebody is tired."""
        simple = [tense for tense in tenses if tense in SIMPLE] or self.simple_tenses
        clause = Clause(subject=subject, verb=None, tense=self.pick(simple), gap=gap)
        clause.predicate = self.pick(self.attributes[kind])
        if subject is not None and clause.predicate in subject.adjectives:
            subject.adjectives = ()
        self.negate(clause)
        if not clause.negated and self.happens("adverb"):
            clause.adverb = self.adverb(clause)
        elif self.happens("time"):
            clause.time = self.pick(self.times[clause.tense])
        return clause

    def negate(self, clause: Clause) -> None:
        """Negates by chance what can be negated."""
        modal = self.words.modals.get(clause.tense)
        if (modal is None or "negative" in modal) and deniable(clause):
            clause.negated = self.happens("negated")

    def adverb(self, clause: Clause) -> Adverbial | None:
        """An adverb that suits the tense, and none that denies what is denied already."""
        adverb = self.pick(self.adverbs[clause.tense])
        return None if adverb.denies and not deniable(clause) else adverb

    def surroundings(self, clause: Clause, verb: Verb, kind: str) -> None:
        """A place, a goal or a companion."""
        use = ""
        if verb.goal and (verb.goal == "always" or self.rng.random() < 0.6):
            use = "goals"
        elif not verb.clause and self.happens("place"):
            use = "companions" if kind == "person" and self.rng.random() < 0.35 else "places"
        if use:
            preposition = self.pick(self.words.prepositions[use])
            clause.preposition = preposition
            clause.place = self.phrase(preposition.kinds, definite=use != "companions")

    def objects(self, clause: Clause, verb: Verb, small: bool) -> None:
        """What the verb acts on; a relative clause only where nothing follows it."""
        last = not small and clause.place is None and clause.time is None
        clause.obj = self.phrase(
            verb.kinds,
            relative=last,
            pronoun=not verb.recipients,
            coordinate=not clause.negated,
        )
        if verb.recipients:
            clause.recipient = self.phrase(verb.recipients, definite=True, pronoun=True)
        subject = clause.subject
        for phrase in (clause.obj, clause.recipient, clause.place):
            if subject is None or phrase is None:
                continue
            if phrase.noun is not None and phrase.noun is subject.noun:
                phrase.noun = self.another(phrase.noun)
                if phrase.other and phrase.other.noun is phrase.noun:
                    phrase.other = None
            if phrase.pronoun is not None and phrase.pronoun is subject.pronoun:
                place = self.words.pronouns.index(phrase.pronoun)
                phrase.pronoun = self.words.pronouns[place - 1]

    def another(self, noun: Noun) -> Noun:
        """The noun that follows in the list of its kind."""
        nouns = self.words.nouns[noun.kind]
        return nouns[(nouns.index(noun) + 1) % len(nouns)]


def deniable(clause: Clause) -> bool:
    """Whether the clause can have a negation beside its subject."""
    determiner = clause.subject.determiner if clause.subject else None
    return determiner is None or determiner.deniable
