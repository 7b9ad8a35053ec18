"""The grammar: sentences as a teacher expects them, and their links."""

from __future__ import annotations

import pytest

from attncli.text.embedded.clause import THIRD, Clause, Phrase
from attncli.text.embedded.lexicon import Noun, Verb, lexicon, packaged_grammar
from attncli.text.embedded.realise import Realiser, pair_of

WORDS = lexicon(packaged_grammar())
NOUNS = {word: noun for kind in WORDS.nouns.values() for noun in kind for word in noun.en}
ADJECTIVES = {adjective.en: adjective for adjective in WORDS.adjectives}
PRONOUNS = {word: pronoun for pronoun in WORDS.pronouns for word in pronoun.en}
TIMES = {" ".join(a.en): a for a in (*WORDS.times, *WORDS.adverbs, *WORDS.linking["and"])}
PREPOSITIONS = {" ".join(p.en): p for use in WORDS.prepositions.values() for p in use}
VERBS = {" ".join(filter(None, (v.en[0], v.particle, v.preposition))): v for v in WORDS.verbs}


def np(text: str, relative: Clause | None = None) -> Phrase:
    """A phrase from English, such as `the old dog`, `dogs` or `him`."""
    *before, last = text.split()
    if last in PRONOUNS:
        return Phrase(pronoun=PRONOUNS[last])
    noun: Noun = NOUNS[last]
    first = "a" if before[:1] == ["an"] else "".join(before[:1])
    given = first if first in WORDS.determiners else "none"
    determiner = WORDS.determiners[given]
    attributes = [ADJECTIVES[word] for word in before if word in ADJECTIVES]
    return Phrase(
        noun=noun,
        determiner=determiner,
        plural=last != noun.en[0],
        adjectives=attributes,
        relative=relative,
    )


def verb(name: str) -> Verb:
    return VERBS[name]


def said(clause: Clause, order: str = "statement") -> tuple[str, str]:
    pair = pair_of(*Realiser(WORDS).clause(clause, order, person=THIRD))
    return pair.src, pair.tgt


def with_place(clause: Clause, preposition: str, place: str) -> Clause:
    clause.preposition, clause.place = PREPOSITIONS[preposition], np(place)
    return clause


HAND_CHECKED = [
    (
        Clause(subject=np("the dog"), verb=verb("sleep")),
        "statement",
        "the dog sleeps",
        "der Hund schläft",
    ),
    (
        Clause(subject=np("the cat"), verb=verb("see"), obj=np("the dog")),
        "statement",
        "the cat sees the dog",
        "die Katze sieht den Hund",
    ),
    (
        Clause(subject=np("an old aunt"), verb=verb("buy"), obj=np("an expensive lamp")),
        "statement",
        "an old aunt buys an expensive lamp",
        "eine alte Tante kauft eine teure Lampe",
    ),
    (
        Clause(subject=np("a small boy"), verb=verb("open"), obj=np("the window")),
        "statement",
        "a small boy opens the window",
        "ein kleiner Junge macht das Fenster auf",
    ),
    (
        Clause(subject=np("she"), verb=verb("pick up"), obj=np("the boy"), tense="past"),
        "subordinate",
        "she picked up the boy",
        "sie den Jungen abgeholt hat",
    ),
    (
        Clause(subject=np("we"), verb=verb("pick up"), obj=np("him")),
        "subordinate",
        "we pick him up",
        "wir ihn abholen",
    ),
    (
        Clause(subject=np("the dogs"), verb=verb("get up"), tense="perfect"),
        "statement",
        "the dogs have got up",
        "die Hunde sind aufgestanden",
    ),
    (
        Clause(subject=np("my friend"), verb=verb("drink"), obj=np("cold coffee"), negated=True),
        "statement",
        "my friend does not drink cold coffee",
        "mein Freund trinkt keinen kalten Kaffee",
    ),
    (
        Clause(
            subject=np("the teacher"),
            verb=verb("see"),
            obj=np("the child"),
            negated=True,
            tense="past",
            time=TIMES["yesterday"],
        ),
        "statement",
        "the teacher did not see the child yesterday",
        "der Lehrer hat das Kind gestern nicht gesehen",
    ),
    (
        with_place(
            Clause(subject=np("two students"), verb=verb("work"), tense="can", negated=True),
            "in",
            "the garden",
        ),
        "subordinate",
        "two students cannot work in the garden",
        "zwei Studenten nicht im Garten arbeiten können",
    ),
    (
        Clause(subject=np("the man"), verb=verb("help"), obj=np("the old women"), tense="will"),
        "question",
        "will the man help the old women",
        "wird der Mann den alten Frauen helfen",
    ),
    (
        Clause(
            subject=np("the mother"),
            verb=verb("give"),
            recipient=np("the children"),
            obj=np("two red bags"),
            time=TIMES["today"],
            front="time",
        ),
        "fronted",
        "today the mother gives the children two red bags",
        "heute gibt die Mutter den Kindern zwei rote Taschen",
    ),
    (
        Clause(
            subject=np("the dog"),
            verb=verb("look for"),
            obj=np("the woman", Clause(subject=np("we"), verb=verb("thank"), gap="object")),
            tense="past",
        ),
        "statement",
        "the dog looked for the woman whom we thank",
        "der Hund hat die Frau gesucht , der wir danken",
    ),
    (
        Clause(
            subject=np("the child", Clause(subject=None, verb=verb("fall asleep"), gap="subject")),
            verb=None,
            predicate=ADJECTIVES["tired"],
        ),
        "statement",
        "the child who falls asleep is tired",
        "das Kind , das einschläft , ist müde",
    ),
    (
        Clause(
            subject=np("every student"),
            verb=verb("visit"),
            obj=np(
                "the city",
                Clause(
                    subject=np("she"),
                    verb=verb("arrive"),
                    tense="must",
                    gap="place",
                    preposition=PREPOSITIONS["in"],
                ),
            ),
        ),
        "statement",
        "every student visits the city in which she must arrive",
        "jeder Student besucht die Stadt , in der sie ankommen muss",
    ),
    (
        Clause(
            subject=np("they"),
            verb=verb("know"),
            tense="past",
            complement=(
                "that",
                with_place(
                    Clause(subject=np("many young birds"), verb=verb("swim"), tense="past"),
                    "with",
                    "our small dogs",
                ),
            ),
        ),
        "statement",
        "they knew that many young birds swam with our small dogs",
        "sie haben gewusst , dass viele junge Vögel mit unseren kleinen Hunden geschwommen sind",
    ),
    (
        with_place(
            Clause(subject=np("the girl"), verb=verb("go"), second=None, tense="past"),
            "to",
            "the school",
        ),
        "statement",
        "the girl went to the school",
        "das Mädchen ist zur Schule gegangen",
    ),
    (
        Clause(
            subject=np("no horse"),
            verb=verb("wait"),
            adverb=TIMES["always"],
            second=Clause(subject=None, verb=verb("eat"), obj=np("the good apple")),
        ),
        "statement",
        "no horse always waits and eats the good apple",
        "kein Pferd wartet immer und isst den guten Apfel",
    ),
]


@pytest.mark.parametrize(("clause", "order", "english", "german"), HAND_CHECKED)
def test_german_is_what_a_teacher_expects(
    clause: Clause, order: str, english: str, german: str
) -> None:
    assert said(clause, order) == (english, german)


def test_commas_close_a_subordinate_clause_only_where_something_follows() -> None:
    realiser = Realiser(WORDS)
    inner = Clause(subject=np("the cow"), verb=verb("wake up"))
    en, de = realiser.subordinate("because", "weil", inner)
    assert pair_of(en, de).tgt == ", weil die Kuh aufwacht"
    main_en, main_de = realiser.clause(Clause(subject=np("he"), verb=verb("laugh")), "behind")
    assert pair_of(en + main_en, de + main_de).tgt == ", weil die Kuh aufwacht , lacht er"


def test_links_follow_the_words() -> None:
    clause = Clause(subject=np("the man"), verb=verb("pick up"), obj=np("a boy"), negated=True)
    apart = pair_of(*Realiser(WORDS).clause(clause, "statement"))
    assert apart.src == "the man does not pick up a boy"
    assert apart.tgt == "der Mann holt keinen Jungen ab"
    assert apart.links == ((0, 0), (1, 1), (3, 3), (4, 2), (5, 5), (6, 3), (7, 4))
    past = Clause(subject=np("the man"), verb=verb("sleep"), tense="past")
    assert pair_of(*Realiser(WORDS).clause(past, "statement")).links == (
        (0, 0),
        (1, 1),
        (2, 2),
        (2, 3),
    )
