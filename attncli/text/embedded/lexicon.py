"""The grammar of the embedded corpus, read from its YAML file into words with their forms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from attncli.errors import DataError

Entry = dict[str, Any]
GENDERS = ("m", "f", "n")
CASES = ("nominative", "accusative", "dative")
PERSONS = ("er", "wir")
PLURAL = 3


@dataclass(frozen=True, eq=False, slots=True)
class Noun:
    kind: str
    en: tuple[str, ...]
    gender: int
    forms: dict[str, tuple[str, ...]]

    @property
    def mass(self) -> bool:
        return len(self.en) == 1


@dataclass(frozen=True, eq=False, slots=True)
class Determiner:
    en: str
    before_vowel: str
    weight: int
    endings: str
    numbers: tuple[str, ...]
    indefinite: bool
    subject_only: bool
    deniable: bool
    forms: dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False, slots=True)
class Adjective:
    en: str
    de: str
    stem: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Pronoun:
    en: tuple[str, str]
    forms: dict[str, str]
    person: int


@dataclass(frozen=True, eq=False, slots=True)
class Verb:
    en: tuple[str, ...]
    particle: str
    preposition: str
    infinitive: str
    present: tuple[str, ...]
    participle: str
    prefix: str
    auxiliary: str
    case: str
    kinds: tuple[str, ...]
    subjects: tuple[str, ...]
    recipients: tuple[str, ...]
    clause: str
    goal: str


@dataclass(frozen=True, eq=False, slots=True)
class Adverbial:
    en: tuple[str, ...]
    de: tuple[str, ...]
    links: tuple[tuple[int, int], ...]
    tenses: tuple[str, ...]
    denies: bool


@dataclass(frozen=True, eq=False, slots=True)
class Preposition:
    en: tuple[str, ...]
    de: str
    case: str
    kinds: tuple[str, ...]


class Lexicon:
    """All words and rules of one grammar file.

    Raises:
        DataError: the file cannot be read, is no YAML, or a part of it is missing or misshaped.
    """

    def __init__(self, path: Path) -> None:
        try:
            entries: Entry = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}; give the path of a grammar") from None
        except yaml.YAMLError as error:
            raise DataError(f"{path}: no YAML ({' '.join(str(error).split())})") from None
        try:
            self._read(entries)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise DataError(
                f"{path}: not the shape of a grammar ({type(error).__name__}: {error}); "
                "compare it with the grammar that comes with attncli"
            ) from None

    def _read(self, entries: Entry) -> None:
        self.nouns = {
            kind: tuple(_noun(kind, entry) for entry in listed)
            for kind, listed in entries["nouns"].items()
        }
        self.pronouns = tuple(
            Pronoun(
                (entry["en"][0], entry["en"][1]),
                dict(zip(CASES, entry["de"], strict=True)),
                PERSONS.index(entry["person"]),
            )
            for entry in entries["pronouns"]
        )
        self.determiners = {
            en: _determiner(en, entry) for en, entry in entries["determiners"].items()
        }
        self.negative = self.determiners[entries["negative_determiner"]]
        self.endings: dict[str, dict[str, list[str]]] = entries["endings"]
        relative = entries["relative_pronouns"]
        self.relative_words: dict[str, list[str]] = relative["en"]
        self.relative_pronouns: dict[str, list[str]] = {case: relative[case] for case in CASES}
        self.adjectives = tuple(
            Adjective(e["en"], e["de"], e.get("stem", e["de"]), tuple(e["kinds"]))
            for e in entries["adjectives"]
        )
        self.verbs = tuple(_verb(entry) for entry in entries["verbs"])
        self.auxiliaries: Entry = entries["auxiliaries"]
        self.modals: dict[str, Entry] = entries["modals"]
        self.negation: str = entries["not"]
        self.tenses: dict[str, int] = entries["tenses"]
        self.times = tuple(_adverbial(entry) for entry in entries["times"])
        self.adverbs = tuple(_adverbial(entry) for entry in entries["adverbs"])
        self.linking = {
            conjunction: tuple(_adverbial(entry) for entry in listed)
            for conjunction, listed in entries["linking"].items()
        }
        self.prepositions = {
            use: tuple(
                Preposition(tuple(e["en"].split()), e["de"], e["case"], tuple(e["kinds"]))
                for e in listed
            )
            for use, listed in entries["prepositions"].items()
        }
        self.contractions: dict[str, str] = entries["contractions"]
        conjunctions = entries["conjunctions"]
        self.subordinating: dict[str, Entry] = conjunctions["subordinate"]
        self.complementing: dict[str, str] = conjunctions["complement"]
        self.joining: dict[str, str] = conjunctions["main"]
        self.and_words: tuple[str, str] = next(iter(conjunctions["phrase"].items()))
        self.question_words: dict[str, dict[str, str]] = entries["question_words"]
        self.orders = {
            name: (tuple(order["en"].split()), tuple(order["de"].split()))
            for name, order in entries["orders"].items()
        }
        self.chances: dict[str, float] = entries["chances"]
        self.documents: Entry = entries["documents"]
        self.names: Entry = entries["names"]


def _noun(kind: str, entry: Entry) -> Noun:
    singular, plural = entry["de"] if len(entry["de"]) == 2 else (entry["de"][0], "")
    oblique = entry.get("oblique", singular)
    dative = plural if not plural or plural[-1] in "ns" else plural + "n"
    forms: dict[str, tuple[str, ...]] = {
        "nominative": (singular, plural),
        "accusative": (oblique, plural),
        "dative": (oblique, dative),
    }
    if len(entry["en"]) != len(entry["de"]):
        raise ValueError(f"{entry['en']} and {entry['de']} differ in number of forms")
    return Noun(kind, tuple(entry["en"]), GENDERS.index(entry["gender"]), forms)


def _determiner(en: str, entry: Entry) -> Determiner:
    return Determiner(
        "" if en == "none" else en,
        entry.get("before_vowel", ""),
        entry["weight"],
        entry["endings"],
        tuple(entry["number"]),
        entry.get("indefinite", False),
        entry.get("subject_only", False),
        entry.get("deniable", True),
        {case: tuple(entry[case]) for case in CASES},
    )


def _verb(entry: Entry) -> Verb:
    infinitive, er, participle = entry["de"]
    return Verb(
        en=tuple(entry["en"]),
        particle=entry.get("particle", ""),
        preposition=entry.get("preposition", ""),
        infinitive=infinitive,
        present=(er, infinitive),
        participle=participle,
        prefix=entry.get("prefix", ""),
        auxiliary=entry.get("auxiliary", "haben"),
        case=entry.get("object", ""),
        kinds=tuple(entry.get("kinds", ())),
        subjects=tuple(entry.get("subjects", ("person", "animal"))),
        recipients=tuple(entry.get("recipients", ())),
        clause=entry.get("clause", ""),
        goal=entry.get("goal", ""),
    )


def _adverbial(entry: Entry) -> Adverbial:
    en, de = tuple(entry["en"].split()), tuple(entry["de"].split())
    links = entry.get("links") or [[place, place] for place in range(len(en))]
    return Adverbial(
        en,
        de,
        tuple((first, second) for first, second in links),
        tuple(entry.get("tenses", ())),
        entry.get("denies", False),
    )


def packaged_grammar() -> Path:
    """The grammar file that comes with attncli: in the wheel, or else in the checkout."""
    package = Path(__file__).parents[2]
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "grammar.yaml").is_file():
            return folder / "grammar.yaml"
    raise DataError("the embedded corpus' grammar.yaml is missing; install attncli again")


@lru_cache(maxsize=4)
def lexicon(path: Path) -> Lexicon:
    """The grammar in a file, read once."""
    return Lexicon(path)
