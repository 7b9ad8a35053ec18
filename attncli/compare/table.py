"""A comparison as cells of text: the one table that every form of output writes."""

from __future__ import annotations

from dataclasses import dataclass

from attncli.compare.columns import COLUMNS
from attncli.compare.result import Comparison, Row


@dataclass(frozen=True)
class Table:
    """Headings, and a line of cells for every row; the first cell is the row's name."""

    headings: list[str]
    lines: list[list[str]]


def table(found: Comparison) -> Table:
    """The comparison's table for its test set; columns without figures are left out."""
    wanted = [
        column
        for column in COLUMNS
        if any(column.key in row.figures.get(found.test, {}) for row in found.rows)
    ]
    headings = ["", *(column.heading for column in wanted)]
    lines = []
    for row in found.rows:
        figures = row.figures.get(found.test, {})
        means = {key: spread.mean for key, spread in figures.items()}
        lines.append([title(row), *(column.text(means.get(column.key)) for column in wanted)])
    return Table(headings, lines)


def title(row: Row) -> str:
    """The row's name."""
    return row.name
