"""Sentences of the embedded corpus: clauses joined up to a wanted length."""

from __future__ import annotations

from typing import NamedTuple

from attncli.text.embedded.clause import THIRD, Clause, Token, Tokens
from attncli.text.embedded.derivation import Speaker
from attncli.text.embedded.lexicon import Lexicon
from attncli.text.embedded.realise import Realiser, pair_of
from attncli.text.pair import Pair

SHORTEST, LONGEST, LONG = 3, 60, 30
PAST = ("past", "perfect")
ATTEMPTS = 20


class Sentence(NamedTuple):
    pair: Pair
    phenomena: tuple[str, ...]


class Writer:
    """Writes sentences, one after the other, of what a speaker says."""

    def __init__(self, words: Lexicon, speaker: Speaker) -> None:
        self.words = words
        self.speaker = speaker
        self.realiser = Realiser(words)

    def short(self) -> Sentence | None:
        """A sentence of less than `LONG` words, or None where the attempt grew too long."""
        self.realiser.seen = {}
        if self.speaker.happens("question"):
            en, de = self.question()
            return self.finish(en, de, "?", SHORTEST, LONG - 1)
        en, de = self.unit(linking="")
        if self.speaker.happens("second part"):
            more_en, more_de = self.joined()
            en, de = en + more_en, de + more_de
        return self.finish(en, de, ".", SHORTEST, LONG - 1)

    def long(self, wanted: int) -> Sentence | None:
        """A sentence of about `wanted` words, or None where the attempt missed it."""
        self.realiser.seen = {}
        least, most = max(LONG, wanted - 3), min(LONGEST, wanted + 3)
        en, de = self.unit(linking="")
        for _ in range(ATTEMPTS):
            if len(en) >= least:
                break
            known = dict(self.realiser.seen)
            more_en, more_de = self.joined()
            if len(en) + len(more_en) < most:
                en, de = en + more_en, de + more_de
            else:
                self.realiser.seen = known
        return self.finish(en, de, ".", least, most)

    def finish(self, en: Tokens, de: Tokens, mark: str, least: int, most: int) -> Sentence | None:
        if self.speaker.happens("final punctuation"):
            keys = (self.realiser.key(),)
            en.append(Token(mark, keys))
            de.append(Token(mark, keys))
        if not least <= len(en) <= most:
            return None
        pair = pair_of(en, de)
        if not SHORTEST <= pair.tgt.count(" ") + 1 <= LONGEST:
            return None
        return Sentence(pair, tuple(self.realiser.seen))

    def joined(self) -> tuple[Tokens, Tokens]:
        """Another main clause behind a comma and a conjunction."""
        conjunction = self.speaker.pick(list(self.words.joining))
        comma_en, comma_de = self.realiser.word(",", ",")
        join_en, join_de = self.realiser.word(conjunction, self.words.joining[conjunction])
        linking = conjunction if self.speaker.happens("linking") else ""
        next_en, next_de = self.unit(linking=linking)
        self.realiser.seen[f"coordinated clauses, {conjunction}"] = None
        return [comma_en, join_en, *next_en], [comma_de, join_de, *next_de]

    def unit(self, *, linking: str) -> tuple[Tokens, Tokens]:
        """A main clause, perhaps with a subordinate clause before or behind it.

        `linking` is the conjunction before it where a word like `then` is to stand in front.
        """
        clause = self.main()
        speaker = self.speaker
        beside = speaker.happens("subordinate clause")
        if beside and not linking and speaker.happens("subordinate clause first"):
            before_en, before_de = self.beside(clause)
            comma_en, comma_de = self.realiser.word(",", ",")
            en, de = self.realiser.clause(clause, "behind")
            self.realiser.seen["subordinate clause in front"] = None
            return [*before_en, comma_en, *en], [*before_de[1:], comma_de, *de]
        if linking in self.words.linking and clause.time is None:
            clause.time, clause.front = speaker.pick(self.words.linking[linking]), "linking"
        elif clause.time and clause.second is None and speaker.happens("fronted"):
            clause.front = "time"
        elif clause.place and clause.second is None and speaker.rng.random() < 0.2:
            goal = clause.preposition in self.words.prepositions["goals"]
            clause.front = "" if goal else "place"
        en, de = self.realiser.clause(clause, "fronted" if clause.front else "statement")
        if beside and clause.complement is None:
            after_en, after_de = self.beside(clause)
            en, de = en + after_en, de + after_de
        return en, de

    def main(self) -> Clause:
        """A clause, perhaps with a second verb for the same subject."""
        speaker = self.speaker
        kind, subject = speaker.somebody(False)
        clause = speaker.clause(kind, subject)
        ends = clause.complement is None and not (clause.obj and clause.obj.relative)
        if ends and clause.tense in speaker.simple_tenses and speaker.happens("shared subject"):
            second = speaker.clause(kind, None, small=True)
            second.tense, second.time, second.adverb = clause.tense, None, None
            second.negated = False
            clause.second = second
        return clause

    def beside(self, main: Clause) -> tuple[Tokens, Tokens]:
        """A subordinate clause that suits the main clause's time, or two with `and`."""
        time = "past" if main.tense in PAST else "present"
        suiting = [word for word, entry in self.words.subordinating.items() if time in entry]
        conjunction = self.speaker.pick(suiting)
        en, de = self.one_beside(conjunction, time)
        if self.speaker.happens("subordinate coordination"):
            and_en, and_de = self.realiser.word(*self.words.and_words)
            second_en, second_de = self.one_beside(conjunction, time)
            en = [*en, and_en, *second_en]
            de = [*de[:-1], and_de, *second_de[1:]]
        return en, de

    def one_beside(self, conjunction: str, time: str) -> tuple[Tokens, Tokens]:
        entry = self.words.subordinating[conjunction]
        kind, subject = self.speaker.somebody(True)
        clause = self.speaker.clause(kind, subject, small=True, tenses=entry[time])
        return self.realiser.subordinate(conjunction, entry["de"], clause)

    def question(self) -> tuple[Tokens, Tokens]:
        """A question with or without a question word."""
        speaker, asks = self.speaker, self.words.question_words
        use = speaker.pick(("", "", "adverbs", "adverbs", "subject", "object"))
        self.realiser.seen[f"question, {use or 'yes or no'}"] = None
        if not use:
            clause = speaker.clause(*speaker.somebody(False))
            return self.ask(clause, ([], []))
        question = speaker.pick(list(asks[use]))
        en, de = self.realiser.word(question, asks[use][question])
        front = ([en], [de])
        if use == "subject":
            clause = speaker.clause("person", None, small=True)
            return self.realiser.clause(clause, "fronted", front, person=THIRD)
        subject = speaker.subject("person", False)
        if use == "object":
            verb = speaker.verb("what", "person", lambda v: "thing" in v.kinds)
            return self.ask(speaker.clause("person", subject, verb, gap="object"), front)
        verb = speaker.verb("where", "person", lambda v: not (v.goal or v.clause))
        clause = speaker.clause("person", subject, verb, small=True)
        if question == "where":
            clause.preposition = clause.place = None
        if question == "when":
            clause.time = clause.adverb = None
        return self.ask(clause, front)

    def ask(self, clause: Clause, front: tuple[Tokens, Tokens]) -> tuple[Tokens, Tokens]:
        """A clause in the order of questions; a negation in one word cannot stand first."""
        modal = self.words.modals.get(clause.tense, {})
        clause.negated = clause.negated and len(modal.get("negative", "two words")) > 1
        return self.realiser.clause(clause, "question", front)
