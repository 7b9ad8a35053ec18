"""What stands on the squares of a chart: outlines, numbers, gold links, windows and gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np

from attncli.attention_map import BEGIN, CENTRE, END, AttentionMap

PLACE = "#7a3e9d"
WINDOW_HEIGHT = 0.93  # how far down in its row a window is drawn

Rows = list[dict[str, float]]


def squares(rows: Rows, x: alt.X, y: alt.Y) -> alt.Chart:
    squares: alt.Chart = (
        alt.Chart(inline(rows))
        .transform_calculate(right="datum.source + 1", below="datum.target + 1")
        .encode(x=x, y=y, x2="right:Q", y2="below:Q")
    )
    return squares


def frame(entry: AttentionMap, x: alt.X, y: alt.Y) -> alt.Chart:
    """An outline around all cells, over them so that pale ones do not break it."""
    corners = {"source": 0, "target": 0, "right": len(entry.src), "below": len(entry.tgt)}
    frame: alt.Chart = alt.Chart(inline([corners])).mark_rect(filled=False, stroke="#bbbbbb")
    return frame.encode(x=x, y=y, x2="right:Q", y2="below:Q")


def numbers(rows: Rows, x: alt.X, y: alt.Y) -> alt.Chart:
    """Percentages in the middle of the cells."""
    shown = [
        {
            "source": row["source"] + 0.5,
            "target": row["target"] + 0.5,
            "percent": f"{100 * row['weight']:.0f}",
            "ink": "white" if row["weight"] > 0.55 else "#333333",
        }
        for row in rows
    ]
    numbers: alt.Chart = alt.Chart(inline(shown)).mark_text(fontSize=11)
    return numbers.encode(x=x, y=y, text="percent:N", color=alt.Color("ink:N", scale=None))


def window(entry: AttentionMap, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Each row's window: a bar where it reaches, a point at its centre."""
    places = {name: part.reshape(-1) for name, part in entry.places().items()}
    centres = [
        {"source": float(place) + 0.5, "target": row + WINDOW_HEIGHT}
        for row, place in enumerate(places.get(CENTRE, []))
        if np.isfinite(place)
    ]
    last = len(entry.src)
    reaches = [
        {
            "source": min(max(float(begin) + 0.5, 0), last),
            "right": min(max(float(end) + 0.5, 0), last),
            "target": row + WINDOW_HEIGHT,
        }
        for row, (begin, end) in enumerate(
            zip(places.get(BEGIN, []), places.get(END, []), strict=True)
        )
    ]
    bars: alt.Chart = alt.Chart(inline(reaches)).mark_rule(
        color=PLACE, strokeWidth=1.5, opacity=0.5
    )
    points: alt.Chart = alt.Chart(inline(centres)).mark_circle(
        color=PLACE, opacity=1, size=50, stroke="white", strokeWidth=1
    )
    return [bars.encode(x=x, y=y, x2="right:Q"), points.encode(x=x, y=y)]


def gates(entry: AttentionMap, x: alt.X, y: alt.Y) -> alt.Chart:
    """A column for each gate behind the source, one empty column away: a bar for each row."""
    rows = []
    for number, part in enumerate(entry.gates().values()):
        values = np.nan_to_num(part.reshape(-1))
        most = max(1.0, float(values.max(initial=0)))
        begin = len(entry.src) + 1 + number
        rows += [
            {
                "source": begin + 0.1,
                "right": begin + 0.1 + 0.8 * max(float(value), 0) / most,
                "target": row + 0.25,
                "below": row + 0.75,
            }
            for row, value in enumerate(values)
        ]
    bars: alt.Chart = alt.Chart(inline(rows)).mark_rect(color=PLACE)
    return bars.encode(x=x, y=y, x2="right:Q", y2="below:Q")


def inline(rows: Sequence[Mapping[str, object]]) -> alt.InlineData:
    return alt.InlineData(values=list(rows))
