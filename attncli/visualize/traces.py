"""What an attention shows besides its weights, below its heat map in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.text import Text

from attncli.attention_map import BEGIN, CENTRE, END, AttentionMap
from attncli.visualize.fitting import wrapped
from attncli.visualize.printable import printable

PLACE = "^"


def centre_cells(entry: AttentionMap) -> set[tuple[int, int]]:
    """(target, source) of the cell in which each row's window has its centre."""
    centres = entry.trace.get(CENTRE, np.array([])).reshape(-1)
    return {(row, round(float(place))) for row, place in enumerate(centres) if np.isfinite(place)}


def trace_lines(entry: AttentionMap, width: int) -> Iterator[Text]:
    """The window and the gates of every target word of a map of one head, a paragraph each."""
    places = {name: part.reshape(-1) for name, part in entry.places().items()}
    rows = range(len(entry.tgt))
    if places.keys() >= {CENTRE, BEGIN, END}:
        # counted from 1, as a reader counts words
        reach = [
            f"{places[CENTRE][row] + 1:.1f} ({places[BEGIN][row] + 1:.1f} to "
            f"{places[END][row] + 1:.1f})"
            for row in rows
        ]
        yield from _paragraph(entry, "window, in source words from 1", reach, width)
    for name, part in entry.gates().items():
        values = [f"{value:.2f}" for value in part.reshape(-1)]
        yield from _paragraph(entry, name, values, width)


def _paragraph(entry: AttentionMap, name: str, values: list[str], width: int) -> list[Text]:
    said = [f"{printable(word)} {value}" for word, value in zip(entry.tgt, values, strict=True)]
    return wrapped(f"{printable(name)}: {', '.join(said)}", width)
