"""A comparison as Markdown, CSV, JSON, LaTeX (booktabs), or text for a terminal."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from attncli.compare.columns import COLUMNS
from attncli.compare.result import Comparison, Row
from attncli.compare.table import table
from attncli.compare.words import above, below
from attncli.errors import UsageError, suggestion

WIDE = 10_000
GAP = 2
ENDINGS = {
    ".md": "markdown",
    ".csv": "csv",
    ".json": "json",
    ".tex": "latex",
    ".txt": "text",
    ".html": "html",
}


def text(found: Comparison, width: int = WIDE) -> str:
    """Aligned columns; what is wider than the terminal goes on below, with the names again."""
    cells = table(found)
    columns = [list(column) for column in zip(cells.headings, *cells.lines, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    blocks: list[list[int]] = [[0]]
    for place in range(1, len(columns)):
        used = sum(widths[p] + GAP for p in blocks[-1])
        if used + widths[place] > width and len(blocks[-1]) > 1:
            blocks.append([0])
        blocks[-1].append(place)
    drawn = []
    for block in blocks:
        for line in range(len(cells.lines) + 1):
            parts = [columns[0][line].ljust(widths[0])]
            parts += [columns[place][line].rjust(widths[place]) for place in block[1:]]
            drawn.append((" " * GAP).join(parts).rstrip())
        drawn.append("")
    return "\n".join([*above(found), "", *drawn, *below(found)])


def markdown(found: Comparison) -> str:
    """A table with its settings above and its notes below."""
    cells = table(found)
    lines = [cells.headings, ["---", *["---:"] * (len(cells.headings) - 1)], *cells.lines]
    drawn = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    before = [
        line.replace("  ", "- ", 1) if line.startswith("  ") else line for line in above(found)
    ]
    return "\n".join([*before, "", *drawn, "", *(f"- {line}" for line in below(found))])


def latex(found: Comparison) -> str:
    """A booktabs tabular; what stands around the table is in comments."""
    cells = table(found)
    lines = [" & ".join(map(_tex, line)) + r" \\" for line in cells.lines]
    return "\n".join(
        [
            *(f"% {line}" for line in above(found)),
            rf"\begin{{tabular}}{{l{'r' * (len(cells.headings) - 1)}}}",
            r"\toprule",
            " & ".join(map(_tex, cells.headings)) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            *(f"% {line}" for line in below(found)),
        ]
    )


def comma(found: Comparison) -> str:
    """CSV: a line for every row and test set, every figure unrounded with its deviation."""
    written = io.StringIO()
    lines = [fields for row in found.rows for fields in _records(row)]
    writer = csv.DictWriter(written, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return written.getvalue().rstrip("\n")


def whole(found: Comparison) -> str:
    """Everything as JSON."""
    return json.dumps(dataclasses.asdict(found), ensure_ascii=False, indent=1)


FORMATS: dict[str, Callable[[Comparison], str]] = {
    "text": text,
    "markdown": markdown,
    "csv": comma,
    "json": whole,
    "latex": latex,
}


def format_of(path: Path) -> str:
    """The format that a file's ending stands for.

    Raises:
        UsageError: it stands for none.
    """
    if path.suffix not in ENDINGS:
        known = ", ".join(ENDINGS)
        hint = suggestion(path.suffix, ENDINGS)
        raise UsageError(f"{path}: what is written goes by the ending{hint} (there is {known})")
    return ENDINGS[path.suffix]


def _records(row: Row) -> Iterator[dict[str, object]]:
    for test, figures in row.figures.items():
        gap = row.against.get(test)
        record: dict[str, object] = {
            "row": row.name,
            "test": test,
            "attention": row.mechanism,
            "marks": " ".join(row.marks),
            "seeds": len(row.runs),
        }
        for column in COLUMNS:
            spread = figures.get(column.key)
            record[column.key] = None if spread is None else spread.mean
            record[f"{column.key}_over_seeds"] = None if spread is None else spread.deviation
        for name in ("gap", "bootstrap_corrected", "randomisation_corrected", "verdict"):
            record[name] = None if gap is None else getattr(gap, name)
        record["paper"] = None if row.paper is None else row.paper.figure
        yield record


def _tex(cell: str) -> str:
    escaped = re.sub(r"([&%$#_{}])", r"\\\1", cell.replace("\\", r"\textbackslash "))
    replaced = {"±": r"$\pm$", "–": "--", "<": "$<$", "~": r"\textasciitilde ", "^": r"\^{}"}
    return "".join(replaced.get(sign, sign) for sign in escaped)
