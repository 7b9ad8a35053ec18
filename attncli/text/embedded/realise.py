"""A derivation of the grammar made into an English and a German sentence with word links.

A derivation (Clause, Phrase) says what is meant; `Realiser` puts it into words twice, in the order
of parts that the grammar file gives for each language. Words made from one thing share a key, and
words that share a key are linked.
"""

from __future__ import annotations

from attncli.text.embedded.clause import CLOSING_COMMA, MANY, THIRD, Clause, Phrase, Token, Tokens
from attncli.text.embedded.lexicon import PLURAL, Adverbial, Lexicon, Preposition
from attncli.text.embedded.verb_phrase import verb_phrase
from attncli.text.pair import Pair

VOWELS = "aeiou"


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
        keys: tuple[int, ...] = (self.key(),)
        form = PLURAL if phrase.plural else noun.gender
        first = phrase.adjectives[0].en if phrase.adjectives else noun.en[phrase.plural]
        written = determiner.before_vowel if first[0] in VOWELS else ""
        english = [Token(written or determiner.en, keys)] if determiner.en else []
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
            and_en, and_de = self.word(*self.words.and_words)
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
        words = self.words.relative_words
        pronoun = words.get(noun.kind, words["other"])[clause.gap != "subject"]
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
        negation = self.key() if clause.negated else 0
        verb_en, verb_de, seen = verb_phrase(self.words, clause, person, order, negation, self.key)
        en.update(verb_en)
        de.update(verb_de)
        self.seen.update(dict.fromkeys(seen))
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
            inner_en, inner_de = self.subordinate(
                conjunction, self.words.complementing[conjunction], inner
            )
            extra_en, extra_de = extra_en + inner_en, extra_de + inner_de
        en["after"], de["after"] = extra_en, extra_de
        order_en, order_de = self.words.orders[order]
        english_words = [token for part in order_en if part in en for token in en[part]]
        german_words = [token for part in order_de if part in de for token in de[part]]
        if clause.second is not None:
            self._second(clause.second, order, person, english_words, german_words)
        return english_words, german_words

    def _second(self, clause: Clause, order: str, person: int, en: Tokens, de: Tokens) -> None:
        and_en, and_de = self.word(*self.words.and_words)
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

    def subordinate(self, conjunction: str, meaning: str, clause: Clause) -> tuple[Tokens, Tokens]:
        """A clause with its conjunction, and German commas on both sides."""
        en, de = self.word(conjunction, meaning)
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
