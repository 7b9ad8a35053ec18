"""Whether rows stand in the paper's order: Kendall's tau-b, with an interval.

Kendall 1945, "The Treatment of Ties in Ranking Problems". With n rows and n (n - 1) / 2 pairs,

    tau_b = (C - D) / sqrt((P - T_x) (P - T_y))

C pairs stand the same way round, D the other way, T_x and T_y are tied on one side. The interval
takes our side from bootstrap resamples of the test set, the same sentences for all rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from attncli.compare.result import Agreement, Row
from attncli.metrics import Scorer


def tau_b(paper: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """(rows,) and (..., rows) to (...,): NaN where either side is tied throughout."""
    first, second = np.triu_indices(len(paper), 1)
    x = np.sign(paper[first] - paper[second])
    y = np.sign(ours[..., first] - ours[..., second])
    untied = np.sqrt((x != 0).sum() * (y != 0).sum(-1).astype(float))
    with np.errstate(invalid="ignore"):
        tau: np.ndarray = (x * y).sum(-1) / untied
    return tau


def comparable(rows: Sequence[Row]) -> list[Row]:
    """The rows with a figure of one table: the table that most of them are from."""
    tables = Counter(_table(row) for row in rows if _is_bleu(row))
    if not tables:
        return []
    most = max(tables, key=lambda table: tables[table])
    return [row for row in rows if _is_bleu(row) and _table(row) == most]


def _is_bleu(row: Row) -> bool:
    return row.paper is not None and "BLEU" in row.paper.metric


def agreement(
    rows: Sequence[Row], test: str, references: Sequence[str], scorer: Scorer
) -> Agreement | None:
    """How the rows of one table agree with it; None where there are not three of them."""
    chosen = comparable(rows)
    if len(chosen) < 3:
        return None
    paper = np.array([row.paper.figure for row in chosen if row.paper is not None])
    ours = np.array([row.figures[test]["bleu"].mean for row in chosen])
    tau = float(tau_b(paper, ours))
    resampled = np.stack([_resampled(row, test, references, scorer) for row in chosen], -1)
    each = tau_b(paper, resampled)
    taus = np.sort(each[~np.isnan(each)])
    cut = len(taus) // 40
    known = len(taus) > 0 and not np.isnan(tau)
    return Agreement(
        tau=None if np.isnan(tau) else tau,
        low=float(taus[cut]) if known else None,
        high=float(taus[-cut - 1]) if known else None,
        rows=[row.name for row in chosen],
        reversed=[
            [chosen[a].name, chosen[b].name]
            for a, b in zip(*np.triu_indices(len(chosen), 1), strict=True)
            if (paper[a] - paper[b]) * (ours[a] - ours[b]) < 0
        ],
    )


def _resampled(row: Row, test: str, references: Sequence[str], scorer: Scorer) -> np.ndarray:
    """(resamples,): a row's mean BLEU over its seeds on each resample."""
    scores = [
        scorer.resampled("BLEU", scorer.statistics("BLEU", one.tests[test].hypotheses, references))
        for one in row.runs
    ]
    mean: np.ndarray = np.mean(scores, 0)
    return mean


def _table(row: Row) -> tuple[str | None, str | None]:
    return (row.paper.source, row.paper.table) if row.paper is not None else (None, None)
