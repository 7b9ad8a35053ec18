"""The sentences on which the systems of a comparison differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.chrf import CHRF

from attncli.compare.result import Comparison
from attncli.text.pair import Pair

MOST = 12


@dataclass(frozen=True)
class Example:
    """A sentence, and each row's translation with its chrF, from 0 to 100."""

    pair: Pair
    translations: dict[str, str]
    scores: dict[str, float]

    @property
    def spread(self) -> float:
        """The best score less the worst."""
        return max(self.scores.values()) - min(self.scores.values())


def examples(found: Comparison, pairs: Sequence[Pair]) -> list[Example]:
    """Those with the largest spread, the largest first; a row's first seed stands for it.

    Sentences whose translations are equal under all rows are left out.
    """
    written = {row.name: row.runs[0].tests[found.test].hypotheses for row in found.rows}
    chrf = CHRF()
    made = []
    for number, pair in enumerate(pairs):
        translations = {name: lines[number] for name, lines in written.items()}
        texts = set(translations.values())
        if len(texts) > 1:
            scores = {text: float(chrf.sentence_score(text, [pair.tgt]).score) for text in texts}
            of_rows = {name: scores[text] for name, text in translations.items()}
            made.append(Example(pair, translations, of_rows))
    return sorted(made, key=lambda one: -one.spread)[:MOST]
