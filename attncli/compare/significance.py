"""Whether a gap in BLEU is more than noise: sacreBLEU's paired tests, corrected by Holm.

Paired bootstrap: Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation".
Approximate randomisation: Riezler and Maxwell 2005, "On Some Pitfalls in Automatic Evaluation and
Significance Testing for MT". Correction: Holm 1979, "A Simple Sequentially Rejective Multiple Test
Procedure".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.significance import PairedTest, Result

from attncli.compare.evaluation import Measuring
from attncli.compare.result import Against, Row, Spread, Tested

ALPHA = 0.05
SEEDS = 3  # below this many no order is claimed

BASELINE = "baseline"
NOISE = "inside the noise"
SEED_NOISE = "inside the noise of seeds"
BETTER, WORSE = "better", "worse"
HIGHER, LOWER = "higher here", "lower here"


@dataclass(frozen=True)
class PValues:
    """Of a gap between two systems on one test set."""

    bootstrap: float
    randomisation: float


def paired(
    baseline: Sequence[str], system: Sequence[str], references: Sequence[str], how: Measuring
) -> PValues:
    """The p-values of the difference in BLEU, by sacreBLEU's 1000 resamples and 10,000 trials.

    They are 1 where the translations are equal; sacreBLEU's would be the smallest there are.
    """
    if list(baseline) == list(system):
        return PValues(1.0, 1.0)
    found = []
    for kind in ("bs", "ar"):
        metric = BLEU(lowercase=how.lowercase, tokenize=how.tokenize, force=True)
        systems: list[tuple[str, Sequence[str]]] = [("baseline", baseline), ("system", system)]
        test = PairedTest(systems, {"BLEU": metric}, [references], test_type=kind)
        _, scores = test()
        result = cast(Result, scores["BLEU"][1])
        found.append(cast(float, result.p_value))
    return PValues(*found)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's corrected p-values, in the order given.

    p'_(i) = max over j <= i of min(1, (m - j + 1) p_(j)),      p_(1) <= ... <= p_(m)
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    corrected = [0.0] * len(p_values)
    least = 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = least
    return corrected


def verdict(row: Spread, baseline: Spread, bootstrap: float, randomisation: float) -> str:
    """A row's gap in a word, from corrected p-values and from the deviation over seeds.

    With three seeds or more the gap must also be over two standard errors of the difference of
    the means.
    """
    gap = row.mean - baseline.mean
    if max(bootstrap, randomisation) >= ALPHA or gap == 0:
        return NOISE
    count = min(len(row.values), len(baseline.values))
    if count < SEEDS:
        return HIGHER if gap > 0 else LOWER
    if abs(gap) <= 2 * standard_error(row, baseline):
        return SEED_NOISE
    return BETTER if gap > 0 else WORSE


def standard_error(one: Spread, other: Spread) -> float:
    """Of the difference of two means over seeds."""
    parts = [(each.deviation or 0.0) ** 2 / len(each.values) for each in (one, other)]
    return math.sqrt(sum(parts))


def against(
    rows: Sequence[Row], baseline: Row, test: str, p_values: Mapping[str, Sequence[PValues]]
) -> dict[str, Against]:
    """Every row that was tested against the baseline; `p_values` are by row, one for each seed."""
    chosen = [row for row in rows if p_values.get(row.name)]
    names = [row.name for row in chosen]
    worst = [worst_of(p_values[row.name], one_way(partners(row, baseline, test))) for row in chosen]
    bootstrap = [one.bootstrap for one in worst]
    randomisation = [one.randomisation for one in worst]
    own = baseline.figures[test]["bleu"]
    figures = {row.name: row.figures[test]["bleu"] for row in rows}
    return {
        name: Against(
            figures[name].mean - own.mean,
            p,
            q,
            p_fixed,
            q_fixed,
            verdict(figures[name], own, p_fixed, q_fixed),
        )
        for name, p, q, p_fixed, q_fixed in zip(
            names, bootstrap, randomisation, holm(bootstrap), holm(randomisation), strict=True
        )
    }


def worst_of(p_values: Sequence[PValues], agree: bool) -> PValues:
    """The largest over the seeds: the gap must be there every time, and the same way round."""
    if not agree:
        return PValues(1.0, 1.0)
    return PValues(
        max(one.bootstrap for one in p_values), max(one.randomisation for one in p_values)
    )


def one_way(pairs: Sequence[tuple[Tested, Tested]]) -> bool:
    """Whether no two of the gaps contradict each other."""
    gaps = [theirs.bleu.value - mine.bleu.value for mine, theirs in pairs]
    return min(gaps) >= 0 or max(gaps) <= 0


def partners(row: Row, baseline: Row, test: str) -> list[tuple[Tested, Tested]]:
    """The baseline's and the row's runs of one seed, where the text is one.

    Rows that have no seed in common, such as runs that were named, go by place.
    """
    by_seed = {run.seed: run for run in baseline.runs}
    together = [(by_seed[run.seed], run) for run in row.runs if run.seed in by_seed]
    pairs = [
        (mine.tests[test], theirs.tests[test])
        for mine, theirs in together or zip(baseline.runs, row.runs, strict=False)
    ]
    return [pair for pair in pairs if pair[0].text == pair[1].text]
