"""A comparison as cells of text: the one table that every form of output writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attncli.compare.columns import BLEU, COLUMNS, DEVIATION, Column
from attncli.compare.result import Against, Comparison, Row, Spread
from attncli.compare.significance import BASELINE

NOTHING = "–"
ENDURANCE = "40-60 : 1-20"
Named = tuple[str, list[str]]  # a heading and the cell of every row


@dataclass(frozen=True)
class Table:
    """Headings, and a line of cells for every row; the first cell is the row's name."""

    headings: list[str]
    lines: list[list[str]]


def table(found: Comparison) -> Table:
    """The comparison's table; a column in which no row has a figure is left out."""
    columns = [
        ("", [title(row) for row in found.rows]),
        *_bleu(found),
        *_elsewhere(found),
        _endurance(found),
        *_others(found),
        *_paper(found),
    ]
    kept = [column for column in columns if any(cell != NOTHING for cell in column[1])]
    lines = [list(cells) for cells in zip(*(cells for _, cells in kept), strict=True)]
    return Table([heading for heading, _ in kept], lines)


def title(row: Row) -> str:
    """The row's name, and in brackets why its figures do not simply compare."""
    return f"{row.name} [{', '.join(row.marks)}]" if row.marks else row.name


def _bleu(found: Comparison) -> list[Named]:
    spreads = [row.figures[found.test].get(BLEU.key) for row in found.rows]
    seeds = [NOTHING if one is None else BLEU.text(one.deviation) for one in spreads]
    others = [row.against.get(found.test) for row in found.rows]
    words = [
        BASELINE if row.name == found.baseline else gap.verdict if gap else NOTHING
        for row, gap in zip(found.rows, others, strict=True)
    ]
    return [
        (BLEU.heading, [BLEU.text(one.mean if one else None) for one in spreads]),
        ("± seeds", seeds),
        _named(DEVIATION, found.rows, found.test),
        ("gap", [f"{gap.gap:+z.1f}" if gap else NOTHING for gap in others]),
        ("p boot", [_p(gap, "bootstrap_corrected") for gap in others]),
        ("p rand", [_p(gap, "randomisation_corrected") for gap in others]),
        (f"against {found.baseline}", words),
    ]


def _elsewhere(found: Comparison) -> list[Named]:
    """BLEU on the other test sets."""
    tests = [test for test in found.tests if test != found.test]
    return [(f"BLEU {test}", _named(BLEU, found.rows, test)[1]) for test in tests]


def _endurance(found: Comparison) -> Named:
    shares = [row.endurance for row in found.rows]
    return ENDURANCE, [NOTHING if one is None else f"{one.mean:.0%}" for one in shares]


def _others(found: Comparison) -> list[Named]:
    rest = [column for column in COLUMNS if column not in (BLEU, DEVIATION)]
    return [_named(column, found.rows, found.test) for column in rest]


def _paper(found: Comparison) -> list[Named]:
    figures = [row.paper.figure if row.paper else None for row in found.rows]
    return [("paper", [NOTHING if one is None else f"{one:g}" for one in figures])]


def _named(column: Column, rows: Sequence[Row], test: str) -> Named:
    spreads = [row.figures[test].get(column.key) for row in rows]
    return column.heading, [_cell(column, one) for one in spreads]


def _cell(column: Column, spread: Spread | None) -> str:
    if spread is None:
        return NOTHING
    written = column.text(spread.mean)
    varies = column.varies and spread.deviation is not None
    return f"{written} ±{column.text(spread.deviation)}" if varies else written


def _p(gap: Against | None, kind: str) -> str:
    if gap is None:
        return NOTHING
    value: float = getattr(gap, kind)
    return "<.001" if value < 0.001 else f"{value:.3f}"
