"""An attention map as a heat map in the terminal: one row a target word, one column a source word.

Where the words fit side by side, they head wide columns that hold percentages. Where they do not,
columns are two cells wide, headed by words written downwards, and wrap into panels; each row then
ends with the word of its largest weight. Without colour, a darker character is a larger weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from attncli.attention_map import AttentionMap
from attncli.errors import UsageError
from attncli.visualize.fitting import centred, graphemes, left, shortened, wrapped
from attncli.visualize.printable import printable
from attncli.visualize.traces import PLACE, centre_cells, trace_lines

SHADES = " .:-=+*#%@"
LONGEST_HEADING = 16
NARROWEST = 24
LARGEST = 15
GOLD = "o"

# cividis (Nuñez, Anderton and Renslow 2018): looks the same with every kind of colour vision
_CIVIDIS = np.array(
    [(0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 183, 100), (254, 232, 56)]
)


@dataclass(frozen=True)
class _Sheet:
    """What is drawn: weights (rows, columns), a label for each, marked cells, colour or not."""

    weights: np.ndarray
    rows: list[str]
    columns: list[str]
    gold: set[tuple[int, int]]
    places: set[tuple[int, int]]
    has_colour: bool

    def turned(self) -> _Sheet:
        gold, places = (
            {(column, row) for row, column in cells} for cells in (self.gold, self.places)
        )
        return _Sheet(self.weights.T, self.columns, self.rows, gold, places, self.has_colour)

    def cell(self, row: int, column: int, width: int) -> Text:
        """One cell: its percentage where there is room, a mark where gold has a link."""
        weight = float(np.clip(np.nan_to_num(self.weights[row, column]), 0, 1))
        mark = GOLD if (row, column) in self.gold else ""
        mark += PLACE if (row, column) in self.places else ""
        percent = f"{100 * weight:.0f}" if width > 3 and weight >= 0.005 else ""
        content = mark + percent.rjust(width - len(mark)) if width > 3 else mark.rjust(width)
        if self.has_colour:
            return Text(content, _style(weight))
        shade = SHADES[round(weight * (len(SHADES) - 1))]
        return Text(content.replace(" ", shade) if width <= 3 else _shaded(content, shade))


def show(entry: AttentionMap, console: Console) -> None:
    """Prints the heat map to the width of the console, in colour where it has at least 256.

    Raises:
        UsageError: several layers or heads.
    """
    has_colour = console.color_system in ("256", "truecolor") and not console.no_color
    for line in heatmap(entry, width=console.width, has_colour=has_colour):
        console.print(line, soft_wrap=True)


def heatmap(entry: AttentionMap, *, width: int, has_colour: bool) -> list[Text]:
    """The lines of the heat map, none wider than `width` (taken as 24 where it is less).

    Rows are target words, unless only the other way round fits beside each other.

    Raises:
        UsageError: several layers or heads.
    """
    if (entry.layers, entry.heads) != (1, 1):
        raise UsageError(
            f"{entry.layers} layers of {entry.heads} heads do not fit one heat map: "
            "choose a layer and a head, or the mean"
        )
    width = max(width, NARROWEST)
    sheet = _Sheet(
        entry.weights[0, 0],
        [printable(word) for word in entry.tgt],
        [printable(word) for word in entry.src],
        entry.gold_cells(),
        centre_cells(entry),
        has_colour,
    )
    sides = entry.named_sides
    if _panels(sheet, width) > 1 == _panels(sheet.turned(), width):
        sheet, sides = sheet.turned(), sides[::-1]
    lines = [*wrapped(printable(entry.title), width)]
    if _fits_wide(sheet, width):
        lines += _wide(sheet, width)
    else:
        lines += _narrow(sheet, width, sides[1])
    return [*lines, *_legend(sheet, width, sides), *trace_lines(entry, width)]


def _wide(sheet: _Sheet, width: int) -> Iterator[Text]:
    label = _label_width(sheet, width)
    sizes = [_wide_column(sheet, word) for word in sheet.columns]
    heading = Text(" " * label)
    for word, size in zip(sheet.columns, sizes, strict=True):
        heading.append(" " + centred(word, size))
    yield heading
    for row in range(len(sheet.rows)):
        line = _row_label(sheet, row, label)
        for column, size in enumerate(sizes):
            line.append(" ").append(sheet.cell(row, column, size))
        yield line


def _narrow(sheet: _Sheet, width: int, side: str) -> Iterator[Text]:
    label = _label_width(sheet, width)
    count = len(sheet.columns)
    panels = _panels(sheet, width)
    size = -(-count // max(panels, 1))
    for start in range(0, count, max(size, 1)):
        columns = range(start, min(start + size, count))
        if panels > 1:
            yield Text(f"{side} {start + 1}-{columns[-1] + 1} of {count}", "bold")
        yield from _headings([sheet.columns[column] for column in columns], label + 1)
        for row in range(len(sheet.rows)):
            line = _row_label(sheet, row, label).append(" ")
            for column in columns:
                line.append(sheet.cell(row, column, 2))
            yield line.append(_largest(sheet, row, columns, width))


def _largest(sheet: _Sheet, row: int, columns: range, width: int) -> str:
    """The word and percentage of the row's largest weight, in the panel that holds it."""
    weights = np.nan_to_num(sheet.weights[row])
    best = int(weights.argmax())
    if not _room(width) or best not in columns or weights[best] <= 0:
        return ""
    percent = f" {100 * weights[best]:.0f}"
    return f" {shortened(sheet.columns[best], _room(width) - 1 - len(percent))}{percent}"


def _room(width: int) -> int:
    return LARGEST if width >= 4 * LARGEST else 0


def _headings(words: Sequence[str], indent: int) -> Iterator[Text]:
    """Words written downwards, their ends on the line above the cells."""
    columns = [graphemes(shortened(word, LONGEST_HEADING)) for word in words]
    height = max(map(len, columns), default=0)
    for level in range(height):
        line = " " * indent
        for signs in columns:
            place = level - height + len(signs)
            line += left(signs[place] if place >= 0 else "", 2)
        yield Text(line.rstrip())


def _legend(sheet: _Sheet, width: int, sides: tuple[str, str]) -> Iterator[Text]:
    if sheet.has_colour:
        scale = Text("0 ")
        for step in range(10):
            scale.append("  ", _style(step / 9))
        scale.append(" 1")
    else:
        scale = Text(f"0 '{SHADES}' 1")
    yield Text()
    yield scale
    words = f"rows: {sides[0]}, columns: {sides[1]}"
    if _fits_wide(sheet, width):
        words += ", numbers: percent"
    elif _room(width):
        words += ", at the right: the largest weight of the row, in percent"
    words += f", {GOLD}: gold link" if sheet.gold else ""
    words += f", {PLACE}: centre of the window" if sheet.places else ""
    yield from wrapped(words, width)
    label = _label_width(sheet, width)
    longest = width if _fits_wide(sheet, width) else LONGEST_HEADING
    cut = [(word, shortened(word, label)) for word in sheet.rows]
    cut += [(word, shortened(word, longest)) for word in sheet.columns]
    for word, short in dict.fromkeys(pair for pair in cut if pair[0] != pair[1]):
        yield from wrapped(f"{short} = {word}", width)


def _fits_wide(sheet: _Sheet, width: int) -> bool:
    needed = sum(_wide_column(sheet, word) + 1 for word in sheet.columns)
    return _label_width(sheet, width) + needed <= width


def _wide_column(sheet: _Sheet, word: str) -> int:
    return max(cell_len(word), 5 if sheet.places else 4)


def _panels(sheet: _Sheet, width: int) -> int:
    fitting = (width - _label_width(sheet, width) - 1 - _room(width)) // 2
    return 1 if _fits_wide(sheet, width) else -(-len(sheet.columns) // fitting)


def _label_width(sheet: _Sheet, width: int) -> int:
    return min(max(map(cell_len, sheet.rows), default=0), max(8, width // 5))


def _row_label(sheet: _Sheet, row: int, size: int) -> Text:
    word = shortened(sheet.rows[row], size)
    return Text(" " * (size - cell_len(word)) + word)


def _shaded(content: str, shade: str) -> str:
    filled = len(content) - len(content.lstrip(" "))
    return shade * max(filled - 1, 0) + content[max(filled - 1, 0) :] if filled else content


def _style(weight: float) -> Style:
    colour = [float(np.interp(weight, np.linspace(0, 1, 6), part)) for part in _CIVIDIS.T]
    is_light = np.dot(colour, (0.299, 0.587, 0.114)) > 128
    background = Color.from_rgb(*colour)
    return Style(color="black" if is_light else "white", bgcolor=background)
