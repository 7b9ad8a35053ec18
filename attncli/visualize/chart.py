"""The picture of attention maps as an Altair chart: squares, words, gold links, window centres.

Weights are drawn from 0 to 1 always, so that pictures compare; an even spread looks pale.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

import altair as alt
import numpy as np

from attncli.attention_map import CENTRE, AttentionMap
from attncli.errors import UsageError
from attncli.visualize.chart_marks import Rows, frame, gates, numbers, squares, window
from attncli.visualize.direction import is_right_to_left
from attncli.visualize.printable import printable

FONTS = "DejaVu Sans, Noto Sans, Noto Sans CJK SC, Noto Naskh Arabic, Noto Color Emoji, sans-serif"
# ColorBrewer's Blues: one hue from light to dark reads with every kind of colour vision and in grey
COLOURS = ("#ffffff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594")
MARK = "#d95f02"
# a cell paler than this cannot be told from white
FAINT = 0.005

# pixels: a panel is about PANEL long, or SMALL_PANEL where there are many
PANEL, SMALL_PANEL = 640, 240
LARGEST_CELL, SMALLEST_CELL, SMALLEST_SMALL_CELL = 44, 14, 9
CELL_WITH_NUMBER = 30
MANY = 4


def chart(maps: Sequence[AttentionMap]) -> alt.ConcatChart:
    """The picture as an Altair chart: every head of every map in a panel of its own.

    Raises:
        UsageError: nothing to draw.
    """
    panels = [panel for entry in maps for panel in _heads(entry)]
    if not panels or not all(len(entry.src) and len(entry.tgt) for entry in maps):
        raise UsageError("no attention to draw: a map with words on both sides is needed")
    cell = _cell(panels)
    is_one_map = len(maps) == 1
    # the heads of one layer stand in one row, and share the words at the left and at the top
    across = maps[0].heads if is_one_map else int(np.ceil(np.sqrt(len(panels))))
    drawn = []
    for place, entry in enumerate(panels):
        sides = {"source": place < across, "target": place % across == 0}
        named = {side for side, is_outer in sides.items() if is_outer or not is_one_map}
        title = entry.part if is_one_map and len(panels) > 1 else entry.title
        drawn.append(_panel(entry, cell, title, named))
    align: Literal["each"] = "each"
    picture = alt.concat(*drawn, columns=across, spacing=16, align=align, background="white")
    if is_one_map and len(panels) > 1:
        picture = picture.properties(title=alt.TitleParams(printable(maps[0].title), fontSize=16))
    dressed: alt.ConcatChart = picture.configure(font=FONTS).configure_view(stroke=None)
    return dressed


def _heads(entry: AttentionMap) -> list[AttentionMap]:
    if (entry.layers, entry.heads) == (1, 1):
        return [entry]
    return [entry.head(i, j) for i in range(entry.layers) for j in range(entry.heads)]


def _cell(panels: Sequence[AttentionMap]) -> int:
    """The side of a cell in pixels: the same in all panels, smaller for longer sentences."""
    longest = max(max(len(entry.src), len(entry.tgt)) for entry in panels)
    is_many = len(panels) >= MANY
    size = (SMALL_PANEL if is_many else PANEL) // longest
    return min(max(size, SMALLEST_SMALL_CELL if is_many else SMALLEST_CELL), LARGEST_CELL)


def _panel(entry: AttentionMap, cell: int, title: str, named: set[str]) -> alt.LayerChart:
    """One head as squares of `cell` pixels, with words on the `named` sides."""
    behind = ["", *entry.gates()] if entry.gates() else []
    columns = [*entry.src, *behind]
    down, over = entry.sides
    across = _axis(over, columns, cell, is_top=True) if "source" in named else None
    along = _axis(down, entry.tgt, cell, is_top=False) if "target" in named else None
    x = alt.X(
        "source:Q", axis=across, scale=_span(columns, turned=is_right_to_left(" ".join(entry.src)))
    )
    y = alt.Y("target:Q", axis=along, scale=_span(entry.tgt, turned=True))
    weights = np.nan_to_num(entry.weights[0, 0])
    rows = [
        {"source": int(s), "target": int(t), "weight": round(float(weights[t, s]), 4)}
        for t, s in np.argwhere(weights > FAINT)
    ]
    stops = [place / (len(COLOURS) - 1) for place in range(len(COLOURS))]
    scale = alt.Scale(domain=stops, range=list(COLOURS), interpolate="rgb", clamp=True)
    legend = alt.Legend(
        title="weight", values=[0, 0.5, 1], gradientLength=min(120, cell * len(entry.tgt))
    )
    cells = squares(rows, x, y).mark_rect()
    layers: list[alt.Chart] = [
        cells.encode(color=alt.Color("weight:Q", scale=scale, legend=legend))
    ]
    layers.append(frame(entry, x, y))
    if cell >= CELL_WITH_NUMBER:
        layers.append(numbers(rows, x, y))
    marks = []
    gold: Rows = [{"source": s, "target": t} for t, s in sorted(entry.gold_cells())]
    if gold:
        marks.append("outlined: gold links")
        outline = min(2, cell / 6)
        layers.append(squares(gold, x, y).mark_rect(filled=False, stroke=MARK, strokeWidth=outline))
    if CENTRE in entry.trace:
        marks.append("point: centre of the window, line: its reach")
        layers += window(entry, x, y)
    if behind:
        marks.append("bars: from 0 to 1, or to the largest")
        layers.append(gates(entry, x, y))
    panel: alt.LayerChart = alt.LayerChart(layer=layers).properties(
        width=cell * len(columns),
        height=cell * len(entry.tgt),
        title=alt.TitleParams(
            printable(title),
            subtitle=[", ".join(marks)] if marks else alt.Undefined,
            subtitleColor=MARK,
            fontSize=14 if cell > 12 else 11,
        ),
    )
    return panel


def _axis(title: str, words: Sequence[str], cell: int, *, is_top: bool) -> alt.Axis:
    # Vega takes a string "if" for its function of that name, hence a sign before each word
    labels = json.dumps([f"|{printable(word)}" for word in words])
    return alt.Axis(
        title=title,
        orient="top" if is_top else "left",
        values=[place + 0.5 for place in range(len(words))],
        labelExpr=f"slice({labels}[floor(datum.value)], 1)",
        labelAngle=-60 if is_top else 0,
        labelAlign="left" if is_top else "right",
        labelFontSize=min(13, cell - 1),
        labelPadding=5,
        labelLimit=0,
        labelOverlap=False,
        grid=False,
        ticks=False,
        domain=False,
    )


def _span(words: Sequence[str], *, turned: bool) -> alt.Scale:
    return alt.Scale(domain=[0, len(words)], nice=False, zero=False, reverse=turned)
