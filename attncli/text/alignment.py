"""Word alignments: links out of attention weights, their error rate, Pharaoh lines.

Alignment error rate: Och and Ney 2003, "A Systematic Comparison of Various Statistical Alignment
Models", equation 18. One link for each target word: Luong, Pham and Manning 2015, section 5.4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from attncli.errors import DataError
from attncli.text.gold import Gold, Link


@dataclass(frozen=True)
class AlignmentScore:
    """How well predicted links agree with gold ones, over a whole corpus; rates from 0 to 1.

    `predicted`, `sure` and `possible` count links; `possible` includes the sure ones.
    """

    aer: float
    precision: float
    recall: float
    predicted: int
    sure: int
    possible: int
    sentences: int


def alignment_score(predicted: Sequence[Collection[Link]], gold: Sequence[Gold]) -> AlignmentScore:
    """Alignment error rate, precision and recall of links A against gold S ⊆ P.

        AER = 1 - (|A∩S| + |A∩P|) / (|A| + |S|),  precision = |A∩P| / |A|,  recall = |A∩S| / |S|

    Counts are summed over all sentences before dividing. No predicted link at all gives
    precision 0, no sure link gives recall 0.

    Raises:
        DataError: the two have different numbers of sentences, or neither has any link.
    """
    if len(predicted) != len(gold):
        raise DataError(
            f"{len(predicted)} sentences with predicted links, {len(gold)} with gold links; "
            "give one gold alignment for each sentence"
        )
    links = sure = possible = hits_sure = hits_possible = 0
    for found, truth in zip(predicted, gold, strict=True):
        distinct = set(found)
        links += len(distinct)
        sure += len(truth.sure)
        possible += len(truth.possible)
        hits_sure += len(distinct & truth.sure)
        hits_possible += len(distinct & truth.possible)
    if links + sure == 0:
        raise DataError("no predicted and no sure gold link: there is no alignment to score")
    return AlignmentScore(
        aer=1 - (hits_sure + hits_possible) / (links + sure),
        precision=hits_possible / links if links else 0.0,
        recall=hits_sure / sure if sure else 0.0,
        predicted=links,
        sure=sure,
        possible=possible,
        sentences=len(gold),
    )


def best_links(weights: np.ndarray) -> list[Link]:
    """One link for each target word: to the source word it looked at most, the first of equals.

    `weights` is (tgt words, src words), without `</s>` on either side (AttentionMap.word_matrix).
    A target word that looked at no source word at all, or has no row (NaN), gets no link.
    """
    if weights.shape[1] == 0:
        return []
    finite = np.where(np.isnan(weights), 0.0, weights)
    best = finite.argmax(axis=1)
    return [(int(src), tgt) for tgt, src in enumerate(best) if finite[tgt, src] > 0]


def pharaoh(links: Iterable[Link]) -> str:
    """The links as one Pharaoh line, `source-target` counted from 0, by source then target."""
    return " ".join(f"{src}-{tgt}" for src, tgt in sorted(set(links)))
