"""Learning curves and BLEU by source length, as Altair charts.

Colours are Okabe and Ito's, which all kinds of colour vision tell apart; beyond eight rows the
dashes of the lines differ too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import altair as alt

from attncli.compare.result import Comparison
from attncli.visualize.chart import FONTS
from attncli.visualize.pictures import FORMATS, written

COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
    "#8c6d31",
)
DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])
WIDTH, HEIGHT = 560, 340

Chart = alt.TopLevelMixin
Rows = list[dict[str, object]]


def learning(found: Comparison) -> Chart:
    """BLEU of the validation set over epochs, or its loss where nothing was decoded.

    Over steps where several validations fell into one epoch.
    """
    points: Rows = []
    is_decoded = all(point.bleu is not None for row in found.rows for point in row.runs[0].curve)
    curves = [run.curve for row in found.rows for run in row.runs]
    is_by_epoch = all(len({point.epoch for point in curve}) == len(curve) for curve in curves)
    when = "epoch" if is_by_epoch else "step"
    what = "validation BLEU" if is_decoded else "validation loss, nats a piece"
    for row in found.rows:
        for run in row.runs:
            points += [
                {
                    "row": row.name,
                    "seed": run.seed,
                    when: point.epoch if is_by_epoch else point.step,
                    what: point.bleu if is_decoded else point.loss,
                }
                for point in run.curve
            ]
    drawn: Chart = (
        alt.Chart(alt.InlineData(values=points))
        .mark_line(point={"size": 24})
        .encode(
            x=alt.X(f"{when}:Q", title=when, axis=alt.Axis(tickMinStep=1)),
            y=alt.Y(f"{what}:Q", title=what, scale=alt.Scale(zero=False)),
            color=_colour(found),
            strokeDash=_dash(found),
            detail="seed:N",
        )
        .properties(width=WIDTH, height=HEIGHT)
    )
    return drawn


def by_length(found: Comparison) -> Chart:
    """BLEU of the sentences of some source lengths, with bands that hold 95% of the resamples.

    Bahdanau et al. 2015, figure 2; Luong et al. 2015, figure 6. A row's first seed stands for it.
    """
    points: Rows = []
    labels: list[str] = []
    for row in found.rows:
        for bucket in row.runs[0].tests[found.test].by_length:
            if bucket.label not in labels:
                labels.append(bucket.label)
            if bucket.bleu is not None:
                points.append(
                    {
                        "row": row.name,
                        "words": bucket.label,
                        "bleu": bucket.bleu,
                        "low": bucket.low,
                        "high": bucket.high,
                    }
                )
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("words:O", title="source words", sort=labels, axis=alt.Axis(labelAngle=0)),
        color=_colour(found),
    )
    line = base.mark_line(point={"size": 30}).encode(
        y=alt.Y("bleu:Q", title=f"BLEU on {found.test}", scale=alt.Scale(zero=False)),
        strokeDash=_dash(found),
    )
    band = base.mark_area(opacity=0.13).encode(y="low:Q", y2="high:Q")
    return alt.layer(band, line, width=WIDTH, height=HEIGHT)


def _colour(found: Comparison) -> alt.Color:
    names = [row.name for row in found.rows]
    shades = [COLOURS[place % len(COLOURS)] for place in range(len(names))]
    legend = alt.Legend(
        title=None, symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=2, labelLimit=240
    )
    return alt.Color("row:N", scale=alt.Scale(domain=names, range=shades), legend=legend)


def _dash(found: Comparison) -> alt.StrokeDash:
    names = [row.name for row in found.rows]
    kinds = [DASHES[place // len(COLOURS) % len(DASHES)] for place in range(len(names))]
    legend = alt.Legend(title=None, labelLimit=240)
    return alt.StrokeDash("row:N", scale=alt.Scale(domain=names, range=kinds), legend=legend)


FIGURES: dict[str, Callable[[Comparison], Chart]] = {
    "learning-curves": learning,
    "bleu-by-length": by_length,
}


def dressed(chart: Chart) -> Chart:
    """The chart with the program's fonts, on white."""
    made: Chart = chart.properties(background="white").configure(font=FONTS)
    return made


def svg(chart: Chart) -> str:
    """The chart as SVG."""
    return written(dressed(chart), ".svg").decode()


def save(found: Comparison, folder: Path) -> list[Path]:
    """Writes every figure as PNG, SVG and PDF, and says which files these are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, draw in FIGURES.items():
        chart = dressed(draw(found))
        for ending in FORMATS:
            paths.append(folder / f"{name}{ending}")
            paths[-1].write_bytes(written(chart, ending))
    return paths
