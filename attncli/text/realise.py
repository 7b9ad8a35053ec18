"""A derivation of the grammar made into an English and a German sentence with word links.

A derivation (Clause, Phrase) says what is meant; `Realiser` puts it into words twice, in the order
of parts that the grammar file gives for each language. Words made from one thing share a key, and
words that share a key are linked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from attncli.text.lexicon import (
    PLURAL,
    Adjective,
    Adverbial,
    Determiner,
    Lexicon,
    Noun,
    Preposition,
    Pronoun,
    Verb,
)
from attncli.text.pair import Pair

# The comma that ends a German clause; it goes where another comma or the end follows.
CLOSING_COMMA = "(,"
FIRST, THIRD, MANY = range(3)


class Token(NamedTuple):
    text: str
    keys: tuple[int, ...]


Tokens = list[Token]


@dataclass(slots=True, kw_only=True)
class Phrase:
    """Somebody or something: a pronoun, or a noun with what belongs to it."""

    pronoun: Pronoun | None = None
    noun: Noun | None = None
    determiner: Determiner | None = None
    plural: bool = False
    adjectives: Sequence[Adjective] = ()
    relative: Clause | None = None
    other: Phrase | None = None

    @property
    def person(self) -> int:
        if self.pronoun:
            return self.pronoun.person
        return MANY if self.plural or self.other else THIRD

    @property
    def indefinite(self) -> bool:
        return self.determiner is not None and self.determiner.indefinite


@dataclass(slots=True, kw_only=True)
class Clause:
    """What a clause says; `verb` None is the verb `to be` with a predicate.

    `gap` is the part that a relative pronoun or question word stands for: subject, object or
    place. `front` says what stands first: time, place or linking. `after` is a subordinate clause,
    `second` another clause of the same subject.
    """

    subject: Phrase | None
    verb: Verb | None
    tense: str = "present"
    negated: bool = False
    adverb: Adverbial | None = None
    time: Adverbial | None = None
    obj: Phrase | None = None
    recipient: Phrase | None = None
    predicate: Adjective | None = None
    preposition: Preposition | None = None
    place: Phrase | None = None
    gap: str = ""
    front: str = ""
    question: tuple[str, str] | None = None
    complement: tuple[str, Clause] | None = None
    second: Clause | None = None


class Realiser:
    """Writes derivations in both languages; `seen` collects the phenomena of one sentence."""

    def __init__(self, words: Lexicon) -> None:
        self.words = words
        self.seen: dict[str, None] = {}
        self._last_key = 0

    def key(self) -> int:
        self._last_key += 1
        return self._last_key

    def word(self, en: str, de: str) -> tuple[Token, Token]:
        keys = (self.key(),)
        return Token(en, keys), Token(de, keys)

    def adverbial(self, adverbial: Adverbial) -> tuple[Tokens, Tokens]:
        en: list[list[int]] = [[] for _ in adverbial.en]
        de: list[list[int]] = [[] for _ in adverbial.de]
        for source, target in adverbial.links:
            key = self.key()
            en[source].append(key)
            de[target].append(key)
        return (
            [Token(t, tuple(k)) for t, k in zip(adverbial.en, en, strict=True)],
            [Token(t, tuple(k)) for t, k in zip(adverbial.de, de, strict=True)],
        )

    def phrase(self, phrase: Phrase, case: str, negation: int = 0) -> tuple[Tokens, Tokens]:
        """The phrase without its relative clause; `negation` is the key of a `not` to take in."""
        if phrase.pronoun:
            pronoun = phrase.pronoun
            self.seen["pronoun"] = None
            en, de = self.word(pronoun.en[case != "nominative"], pronoun.forms[case])
            return [en], [de]
        noun, determiner = phrase.noun, phrase.determiner
        assert noun is not None
        assert determiner is not None
        keys = (self.key(),)
        form = PLURAL if phrase.plural else noun.gender
        english = [Token(determiner.en, keys)] if determiner.en else []
        if negation:
            keys = (*keys, negation) if english else (negation,)
            determiner = self.words.negative
            self.seen["negation with kein"] = None
        article = determiner.forms[case][form]
        german = [Token(article, keys)] if article else []
        for adjective in phrase.adjectives:
            ending = self.words.endings[determiner.endings][case][form]
            en, de = self.word(adjective.en, adjective.stem + ending)
            english.append(en)
            german.append(de)
            self.seen[f"adjective with {determiner.endings} ending"] = None
        en, de = self.word(noun.en[phrase.plural], noun.forms[case][phrase.plural])
        english.append(en)
        german.append(de)
        if phrase.other:
            and_en, and_de = self.word(*next(iter(self.words.conjunctions["phrase"].items())))
            other_en, other_de = self.phrase(phrase.other, case)
            english += [and_en, *other_en]
            german += [and_de, *other_de]
            self.seen["coordinated phrase"] = None
        return english, german

    def relative(self, phrase: Phrase) -> tuple[Tokens, Tokens]:
        """The relative clause of a phrase, with the German commas; nothing where it has none."""
        clause, noun = phrase.relative, phrase.noun
        if clause is None or noun is None:
            return [], []
        form = PLURAL if phrase.plural else noun.gender
        case = "nominative"
        front_en: Tokens = []
        front_de: Tokens = []
        if clause.gap == "object" and clause.verb:
            case = clause.verb.case
        if clause.gap == "place" and clause.preposition:
            case = clause.preposition.case
            front_en, front_de = self.preposition(clause.preposition)
        if noun.kind == "person":
            pronoun = "who" if clause.gap == "subject" else "whom"
        else:
            pronoun = "which"
        en, de = self.word(pronoun, self.words.relative_pronouns[case][form])
        person = MANY if phrase.plural else THIRD
        english, german = self.clause(
            clause, "subordinate", ([*front_en, en], [*front_de, de]), person
        )
        self.seen[f"relative clause, {clause.gap} ({case})"] = None
        return english, [Token(",", ()), *german, Token(CLOSING_COMMA, ())]

    def preposition(self, preposition: Preposition) -> tuple[Tokens, Tokens]:
        keys = (self.key(),)
        return [Token(word, keys) for word in preposition.en], [Token(preposition.de, keys)]

    def place(self, preposition: Preposition, phrase: Phrase) -> tuple[Tokens, Tokens]:
        """A preposition with its phrase; German contracts some of them with the article."""
        before_en, before_de = self.preposition(preposition)
        english, german = self.phrase(phrase, preposition.case)
        contracted = self.words.contractions.get(f"{before_de[0].text} {german[0].text}")
        if contracted:
            german[0] = Token(contracted, before_de[0].keys + german[0].keys)
            before_de = []
            self.seen["contraction"] = None
        self.seen[f"preposition with {preposition.case}"] = None
        return before_en + english, before_de + german

    def clause(
        self,
        clause: Clause,
        order: str,
        front: tuple[Tokens, Tokens] = ([], []),
        person: int | None = None,
    ) -> tuple[Tokens, Tokens]:
        """A clause in one of the orders of the grammar; `person` where its subject is not in it."""
        en: dict[str, Tokens] = {"front": front[0]}
        de: dict[str, Tokens] = {"front": front[1]}
        extra_en: Tokens = []
        extra_de: Tokens = []
        if clause.subject is not None:
            person = clause.subject.person
            relative_en, relative_de = self.relative(clause.subject)
            subject_en, subject_de = self.phrase(clause.subject, "nominative")
            en["subject"] = subject_en + relative_en
            de["subject"] = subject_de + relative_de
        assert person is not None
        negation = self._verb(clause, person, order, en, de)
        if clause.recipient is not None:
            part = "pronoun" if clause.recipient.pronoun else "recipient"
            en[part], de[part] = self.phrase(clause.recipient, "dative")
            self.seen["two objects"] = None
        if clause.obj is not None and clause.verb is not None:
            taken = negation if clause.obj.indefinite else 0
            tokens = self.phrase(clause.obj, clause.verb.case, taken)
            if clause.obj.pronoun:
                en["pronoun"], de["pronoun"] = tokens
            else:
                en["object"], de["new" if clause.obj.indefinite else "known"] = tokens
            negation = 0 if taken else negation
            extra_en, extra_de = self.relative(clause.obj)
            self.seen[f"{clause.verb.case} object"] = None
        if negation:
            de["not"] = [Token(self.words.negation, (negation,))]
            self.seen["negation with nicht"] = None
        if clause.predicate is not None:
            english, german = self.word(clause.predicate.en, clause.predicate.de)
            en["predicate"], de["predicate"] = [english], [german]
            self.seen["predicate adjective"] = None
        if clause.adverb is not None:
            en["adverb"], de["time"] = self.adverbial(clause.adverb)
        self._adverbials(clause, en, de)
        if clause.complement is not None:
            conjunction, inner = clause.complement
            inner_en, inner_de = self.subordinate("complement", conjunction, inner)
            extra_en, extra_de = extra_en + inner_en, extra_de + inner_de
        en["after"], de["after"] = extra_en, extra_de
        order_en, order_de = self.words.orders[order]
        english_words = [token for part in order_en if part in en for token in en[part]]
        german_words = [token for part in order_de if part in de for token in de[part]]
        if clause.second is not None:
            self._second(clause.second, order, person, english_words, german_words)
        return english_words, german_words

    def _second(self, clause: Clause, order: str, person: int, en: Tokens, de: Tokens) -> None:
        and_en, and_de = self.word(*next(iter(self.words.conjunctions["phrase"].items())))
        final = order == "subordinate"
        second_en, second_de = self.clause(clause, order if final else "behind", person=person)
        en += [and_en, *second_en]
        de += [and_de, *second_de]
        self.seen["two verbs, one subject"] = None

    def _adverbials(self, clause: Clause, en: dict[str, Tokens], de: dict[str, Tokens]) -> None:
        if clause.time is not None:
            part = "front" if clause.front in ("time", "linking") else "time"
            en[part], de[part] = self.adverbial(clause.time)
        if clause.preposition is not None and clause.place is not None:
            part = "front" if clause.front == "place" else "place"
            en[part], de[part] = self.place(clause.preposition, clause.place)
        if clause.front:
            self.seen[f"{clause.front} in front"] = None

    def _verb(
        self, clause: Clause, person: int, order: str, en: dict[str, Tokens], de: dict[str, Tokens]
    ) -> int:
        """Fills in the verb's parts; returns the key of a negation that is still to be placed."""
        verb, tense = clause.verb, clause.tense
        negation = self.key() if clause.negated else 0
        main = self.key()
        if negation:
            en["not"] = [Token("not", (negation,))]
        if verb is None:
            forms = self.words.auxiliaries["be"][tense]
            en["auxiliary"] = [Token(forms["en"][person], (main,))]
            de["finite"] = [Token(forms["de"][person], (main,))]
            return negation
        helper = self.key()
        prefix = verb.prefix
        particle = self.key() if verb.particle else main
        both = (main, particle) if prefix and verb.particle else (main,)
        if verb.particle:
            en["particle"] = [Token(verb.particle, (particle,))]
        elif verb.preposition:
            particle = self.key() if prefix else main
            both = (main, particle) if prefix else (main,)
            en["preposition"] = [Token(verb.preposition, (particle,))]
        if tense == "present":
            self._present(verb, person, order, en, de, (main, particle, both))
            return negation
        if tense in self.words.modals:
            modal = self.words.modals[tense]
            written = modal["negative"] if negation else [tense]
            de["finite"] = [Token(modal["de"][person], (helper,))]
            de["closing"] = [Token(prefix + verb.infinitive, both)]
            en["verb"] = [Token(verb.en[0], (main,))]
            if negation and len(written) == 1:
                en["auxiliary"] = [Token(written[0], (helper, negation))]
                en["not"] = []
            else:
                en["auxiliary"] = [Token(tense, (helper,))]
            self.seen["modal with infinitive"] = None
            return negation
        perfect = self.words.auxiliaries["have"]
        de["finite"] = [Token(perfect["de"][verb.auxiliary][person], (helper,))]
        de["closing"] = [Token(prefix + verb.participle, both)]
        self.seen[f"perfect with {verb.auxiliary}"] = None
        if prefix:
            self.seen["separable verb, participle"] = None
        if tense == "perfect":
            en["auxiliary"] = [Token(perfect["en"][person], (helper,))]
            en["verb"] = [Token(verb.en[3], (main,))]
        elif self.supported(clause, order):
            en["auxiliary"] = [Token(self.words.auxiliaries["do"]["past"], (helper,))]
            en["verb"] = [Token(verb.en[0], (main,))]
        else:
            en["verb"] = [Token(verb.en[2], (main, helper))]
        return negation

    @staticmethod
    def supported(clause: Clause, order: str) -> bool:
        """Whether English needs a form of `do`."""
        return clause.negated or order == "question"

    def _present(
        self,
        verb: Verb,
        person: int,
        order: str,
        en: dict[str, Tokens],
        de: dict[str, Tokens],
        keys: tuple[int, int, tuple[int, ...]],
    ) -> None:
        main, particle, both = keys
        if "not" in en or order == "question":
            en["auxiliary"] = [Token(self.words.auxiliaries["do"]["en"][person], ())]
            en["verb"] = [Token(verb.en[0], (main,))]
        else:
            en["verb"] = [Token(verb.en[person == THIRD], (main,))]
        finite = verb.present[person]
        if verb.prefix and order == "subordinate":
            de["finite"] = [Token(verb.prefix + finite, both)]
            self.seen["separable verb, joined"] = None
        else:
            de["finite"] = [Token(finite, (main,) if verb.prefix else both)]
            if verb.prefix:
                de["closing"] = [Token(verb.prefix, (particle,))]
                self.seen["separable verb, apart"] = None

    def subordinate(self, use: str, conjunction: str, clause: Clause) -> tuple[Tokens, Tokens]:
        """A clause with its conjunction, and German commas on both sides."""
        en, de = self.word(conjunction, self.words.conjunctions[use][conjunction])
        english, german = self.clause(clause, "subordinate", ([en], [de]))
        self.seen[f"subordinate clause, {conjunction}"] = None
        return english, [Token(",", ()), *german, Token(CLOSING_COMMA, ())]


def pair_of(english: Tokens, german: Tokens) -> Pair:
    """The finished pair: superfluous commas gone, links counted out."""
    written: Tokens = []
    for place, token in enumerate(german):
        if token.text == CLOSING_COMMA:
            follows = german[place + 1].text if place + 1 < len(german) else "."
            if follows in (",", ".", "?", CLOSING_COMMA):
                continue
            token = Token(",", token.keys)
        written.append(token)
    places: dict[int, list[int]] = {}
    for place, token in enumerate(english):
        for key in token.keys:
            places.setdefault(key, []).append(place)
    links = {
        (source, target)
        for target, token in enumerate(written)
        for key in token.keys
        for source in places.get(key, ())
    }
    return Pair(
        " ".join(token.text for token in english),
        " ".join(token.text for token in written),
        tuple(sorted(links)),
    )
