"""What a sentence of the embedded corpus says, before it is put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from attncli.text.embedded.lexicon import (
    Adjective,
    Adverbial,
    Determiner,
    Noun,
    Preposition,
    Pronoun,
    Verb,
)

# The comma that ends a German clause; it goes where another comma or the end follows.
CLOSING_COMMA = "(,"
THIRD, MANY = range(2)


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
