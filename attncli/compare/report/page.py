"""report.html: the table, the figures, the attention side by side, and where systems differ."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from attncli.attention_map import AttentionMap
from attncli.compare.report.examples import examples
from attncli.compare.report.figures import FIGURES, svg
from attncli.compare.report.sample import sample, seen
from attncli.compare.result import Comparison, Row
from attncli.compare.table import table
from attncli.compare.words import above, below
from attncli.look import Look
from attncli.run import Run
from attncli.text.pair import Pair
from attncli.train.emergence import kept
from attncli.visualize.page import Part, document
from attncli.visualize.page_data import view
from attncli.visualize.printable import printable

Plain = dict[str, object]
MOST_STEPS = 12
"""Validations of which the page shows the alignment; of more, every so many."""

NOTES = {
    "learning-curves": "After every validation, one line for each seed.",
    "bleu-by-length": "Bands hold 95% of 1000 bootstrap resamples of a bucket's sentences.",
}


@dataclass(frozen=True)
class Material:
    """All that a page is made of. `looks` and `emergence` are by row, of its first seed."""

    found: Comparison
    alike: Comparison  # without the rows whose test set is another text
    pairs: list[Pair]  # of the test set
    looks: Mapping[str, Sequence[Look | None]]  # for each sentence of the sample
    emergence: Mapping[str, Sequence[tuple[int, Look]]]


def gather(found: Comparison, pairs: Sequence[Pair]) -> Material:
    """Reads what the runs of a comparison kept.

    Raises:
        DataError: a run kept nothing of what it looked at.
    """
    alike = comparable(found)
    runs = {row.name: Run.open(row.runs[0].path) for row in alike.rows}
    looks = {name: seen(run, found.test, pairs) for name, run in runs.items()}
    return Material(
        found, alike, list(pairs), looks, {name: kept(run) for name, run in runs.items()}
    )


def comparable(found: Comparison) -> Comparison:
    """The comparison without the rows that were tested on other text than the baseline."""
    texts = {row.name: row.runs[0].tests[found.test].text for row in found.rows}
    rows = [row for row in found.rows if texts[row.name] == texts[found.baseline]]
    return replace(found, rows=rows)


def page(material: Material) -> str:
    """The whole page as HTML."""
    found = material.found
    lead = f"{len(found.rows)} rows on {found.test}, baseline {found.baseline}, {_machines(found)}"
    parts = [
        Part("table", "Results", _table(found)),
        Part("figures", "Curves", _figures(found)),
        Part("side_by_side", "What each looked at", _side_by_side(material)),
        Part("emergence", "How the alignment comes about", _emergence(material)),
        Part("examples", "Where they differ most", _examples(material)),
    ]
    return document(found.name, lead, [part for part in parts if part.data])


def _machines(found: Comparison) -> str:
    machines = dict.fromkeys(run.machine for row in found.rows for run in row.runs)
    return f"trained on {', '.join(machines)}"


def _table(found: Comparison) -> dict[str, object]:
    cells = table(found)
    return {
        "headings": cells.headings,
        "lines": [[printable(cell) for cell in line] for line in cells.lines],
        "above": [printable(line) for line in above(found)],
        "below": [printable(line) for line in below(found)],
    }


def _figures(found: Comparison) -> list[dict[str, str]]:
    made = []
    for name, draw in FIGURES.items():
        drawn = base64.b64encode(svg(draw(found)).encode()).decode()
        made.append(
            {"name": name, "note": NOTES[name], "svg": f"data:image/svg+xml;base64,{drawn}"}
        )
    return made


def _side_by_side(material: Material) -> list[Plain]:
    made: list[Plain] = []
    for place, number in enumerate(sample(material.pairs)):
        pair = material.pairs[number]
        systems = [
            {
                "name": row.name,
                "text": printable(_first(row, material.found.test)[number]),
                "view": _view(material.looks[row.name][place]),
            }
            for row in material.alike.rows
        ]
        made.append(
            {"source": printable(pair.src), "reference": printable(pair.tgt), "systems": systems}
        )
    return made


def spread(steps: Sequence[tuple[int, Look]]) -> list[tuple[int, Look]]:
    """The first and the last step, and every so many between: MOST_STEPS at the most."""
    *before, last = steps
    every = max(1, -(-len(before) // (MOST_STEPS - 1)))
    return [*before[::every], last]


def _emergence(material: Material) -> list[Plain]:
    made: list[Plain] = []
    for name, steps in material.emergence.items():
        if steps:
            chosen = spread(steps)
            first = chosen[0][1].cross
            plain = view(_mean(first))
            shown = [view(_mean(look.cross))["weights"] for _, look in chosen]
            made.append(
                {
                    "name": name,
                    "steps": [step for step, _ in chosen],
                    "view": plain,
                    "weights": shown,
                }
            )
    return made


def _examples(material: Material) -> list[Plain]:
    return [
        {
            "source": printable(one.pair.src),
            "reference": printable(one.pair.tgt),
            "systems": [
                {"name": name, "text": printable(text), "score": round(one.scores[name], 1)}
                for name, text in one.translations.items()
            ],
        }
        for one in examples(material.alike, material.pairs)
    ]


def _first(row: Row, test: str) -> list[str]:
    return row.runs[0].tests[test].hypotheses


def _view(look: Look | None) -> dict[str, object] | None:
    return None if look is None else view(look.cross.words())


def _mean(seen_by_all: AttentionMap) -> AttentionMap:
    return seen_by_all.words().mean()
