"""BLEU, chrF and TER with signatures and confidence intervals.

Scores are computed by sacreBLEU (Post 2018); intervals are its bootstrap (Koehn 2004) with the
draws it makes itself, taken in parts so that memory does not grow with the test set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from attncli.errors import DataError, UsageError, suggestion

SEED = 12345
METRICS = ("BLEU", "chrF", "TER")
TOKENIZERS = ("13a", "none", "intl", "char", "zh", "ja-mecab", "ko-mecab")
LENGTH_EDGES = (10, 20, 30, 40, 50)

_ASIAN = ("char", "zh", "ja-mecab", "ko-mecab")
_DRAWS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Score:
    """One figure of a whole test set: `low` and `high` bound 95% of the bootstrap resamples.

    They are None where no interval was asked for. BLEU and chrF: more is better; TER: less is.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    signature: str


@dataclass(frozen=True)
class Bucket:
    """The sentences of some source lengths: how many, and their BLEU, None where none are."""

    label: str
    count: int
    score: Score | None


class Scorer:
    """Scores hypotheses against one reference each.

    TER ignores case in any case, as sacreBLEU's does unless told otherwise; with a tokenizer for
    Chinese, Japanese or Korean, or by characters, it splits such text too, which has no spaces.

    Options:
        lowercase: compare without regard to case, in BLEU and chrF as well
        tokenize: how BLEU splits words: 13a, none, intl, char, zh, ja-mecab, ko-mecab
        resamples: bootstrap resamples behind an interval; 0 leaves intervals out

    Raises:
        UsageError: an unknown tokenizer, or one whose library is not installed.
    """

    def __init__(
        self, *, lowercase: bool = False, tokenize: str = "13a", resamples: int = 1000
    ) -> None:
        if tokenize not in TOKENIZERS:
            raise UsageError(
                f"unknown tokenizer '{tokenize}'{suggestion(tokenize, TOKENIZERS)} "
                f"(there is {', '.join(TOKENIZERS)})"
            )
        self.resamples = resamples
        is_asian = tokenize in _ASIAN
        try:
            bleu = BLEU(lowercase=lowercase, tokenize=tokenize, force=True)
        except (ImportError, RuntimeError) as error:
            language = tokenize.partition("-")[0]
            raise UsageError(
                f"tokenizer '{tokenize}' needs a library: pip install 'sacrebleu[{language}]'"
            ) from error
        self._metrics: dict[str, Metric] = {
            "BLEU": bleu,
            "chrF": CHRF(lowercase=lowercase),
            "TER": TER(normalized=is_asian, asian_support=is_asian),
        }

    def require(self, names: Iterable[str]) -> None:
        """Asks for metrics before there is anything to score.

        Raises:
            UsageError: no such metric, with those that there are.
        """
        for name in names:
            self._metric(name)

    def score(
        self, hypotheses: Sequence[str], references: Sequence[str], names: Sequence[str] = METRICS
    ) -> list[Score]:
        """The figures of `names`, in their order.

        Raises:
            DataError: not one reference a hypothesis, or none at all.
            UsageError: an unknown name.
        """
        return [self._score(name, self.statistics(name, hypotheses, references)) for name in names]

    def by_length(
        self,
        hypotheses: Sequence[str],
        references: Sequence[str],
        lengths: Sequence[int],
        edges: Sequence[int] = LENGTH_EDGES,
    ) -> list[Bucket]:
        """BLEU by source length, as in figure 2 of Bahdanau 2015.

        `lengths` holds the source words of each sentence, `edges` the largest length of each
        bucket; one more bucket takes what is longer.

        Raises:
            DataError: not one length a sentence.
            UsageError: edges that do not rise.
        """
        if not edges or list(edges) != sorted(set(edges)) or edges[0] < 1:
            raise UsageError(f"lengths {list(edges)}: give whole numbers that rise, such as 10 20")
        if len(lengths) != len(hypotheses):
            raise DataError(f"{len(hypotheses)} hypotheses, {len(lengths)} source lengths")
        counts = self.statistics("BLEU", hypotheses, references)
        place = np.searchsorted(edges, lengths)
        first = min(1, *lengths)
        starts = [first, *(edge + 1 for edge in edges)]
        labels = [f"{low}-{high}" for low, high in zip(starts, edges, strict=False)]
        labels.append(f"{starts[-1]}+")
        buckets = []
        for number, label in enumerate(labels):
            chosen = counts[place == number]
            score = self._score("BLEU", chosen) if len(chosen) else None
            buckets.append(Bucket(label, len(chosen), score))
        return buckets

    def statistics(
        self, name: str, hypotheses: Sequence[str], references: Sequence[str]
    ) -> np.ndarray:
        """(sentences, counts): what a metric counts in each sentence; sums of rows make scores."""
        if len(hypotheses) != len(references):
            raise DataError(
                f"{len(hypotheses)} hypotheses, {len(references)} references: "
                "each hypothesis needs its reference, on the same line"
            )
        if not hypotheses:
            raise DataError("0 hypotheses, 0 references: there is nothing to score")
        counts = self._metric(name)._extract_corpus_statistics(hypotheses, [references])
        return np.array(counts, dtype=float)

    def value(self, name: str, statistics: np.ndarray) -> float:
        """The score of the sentences of these statistics."""
        return float(self._metric(name)._compute_score_from_stats(statistics.sum(0)).score)

    def resampled(self, name: str, statistics: np.ndarray) -> np.ndarray:
        """(resamples,): the score of each bootstrap resample.

        Every call draws the same sentences, so that two systems' resamples pair up.
        """
        metric = self._metric(name)
        generator = np.random.default_rng(SEED)
        count = len(statistics)
        scores: list[float] = []
        while len(scores) < self.resamples:
            at_once = min(max(1, _DRAWS_AT_ONCE // count), self.resamples - len(scores))
            for drawn in generator.choice(count, size=(at_once, count), replace=True):
                sums = np.bincount(drawn, minlength=count) @ statistics
                scores.append(float(metric._compute_score_from_stats(sums).score))
        return np.array(scores)

    def _metric(self, name: str) -> Metric:
        if name not in self._metrics:
            raise UsageError(
                f"unknown metric '{name}'{suggestion(name, METRICS)} "
                f"(there is {', '.join(METRICS)})"
            )
        return self._metrics[name]

    def _score(self, name: str, statistics: np.ndarray) -> Score:
        metric = self._metric(name)
        low = high = None
        if self.resamples:
            metric.n_bootstrap, metric.seed = self.resamples, SEED
            ranked = np.sort(self.resampled(name, statistics))
            cut = self.resamples // 40
            low, high = float(ranked[cut]), float(ranked[-cut - 1])
        signature = str(metric.get_signature())
        return Score(name, self.value(name, statistics), low, high, signature)


def tokenized_note(lines: Sequence[str], tokenize: str) -> str:
    """A warning where text looks tokenised although BLEU will tokenise it again; else ''."""
    if tokenize not in ("13a", "intl"):
        return ""
    ends = [line.rstrip()[-2:] for line in lines if line.rstrip().endswith((".", "!", "?"))]
    apart = sum(end[:1].isspace() for end in ends)
    if apart * 2 <= len(ends):
        return ""
    return (
        f"{apart} of {len(lines)} lines end in ' .' or the like: this text seems tokenised; "
        "--tokenize none scores it as it is, detokenised text compares with other systems"
    )
