"""How a row bears long sentences: Bahdanau et al. 2015, figure 2, in one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attncli.compare.assembly import spread
from attncli.compare.result import Row, Spread
from attncli.metrics import Scorer
from attncli.text.pair import Pair

LEAST = 1.0
SHORT, LONG = range(1, 21), range(40, 61)
"""Source words of the sentences that are held against each other."""


def endurance(row: Row, pairs: Mapping[str, Sequence[Pair]], scorer: Scorer) -> Spread | None:
    """BLEU of the long sentences as a share of that of the short ones, over the row's seeds.

    Sentences of all test sets count together; None where there are none of either kind, and where
    the short ones score less than LEAST.
    """
    shares = []
    for run in row.runs:
        hypotheses = [line for test in pairs for line in run.tests[test].hypotheses]
        both = [pair for test in pairs.values() for pair in test]
        if len(hypotheses) != len(both):
            return None
        short, long = (_bleu(hypotheses, both, words, scorer) for words in (SHORT, LONG))
        if short is None or short < LEAST or long is None:
            return None
        shares.append(long / short)
    return spread(shares)


def _bleu(
    hypotheses: Sequence[str], pairs: Sequence[Pair], words: range, scorer: Scorer
) -> float | None:
    chosen = [n for n, pair in enumerate(pairs) if len(pair.src.split()) in words]
    if not chosen:
        return None
    texts, references = [hypotheses[n] for n in chosen], [pairs[n].tgt for n in chosen]
    return scorer.value("BLEU", scorer.statistics("BLEU", texts, references))
