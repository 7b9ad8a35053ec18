"""Words made to fit the columns of a terminal."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells, split_graphemes
from rich.text import Text


def shortened(word: str, size: int) -> str:
    """The word, or its beginning and an ellipsis, in at most `size` columns."""
    if cell_len(word) <= size:
        return word
    kept = ""
    for sign in graphemes(word):
        if cell_len(kept + sign) > size - 1:
            break
        kept += sign
    return kept + "…"


def graphemes(word: str) -> list[str]:
    """The signs of a word as a reader counts them."""
    return [word[start:end] for start, end, _ in split_graphemes(word)[0]]


def left(word: str, size: int) -> str:
    """The word with spaces behind it, `size` columns in all."""
    return word + " " * (size - cell_len(word))


def centred(word: str, size: int) -> str:
    """The word with spaces around it, `size` columns in all."""
    return left(" " * ((size - cell_len(word)) // 2) + word, size)


def wrapped(text: str, width: int) -> list[Text]:
    """The text in lines of at most `width` columns, broken at spaces where it can be."""
    lines: list[str] = []
    for word in text.split(" ") if text else []:
        if lines and cell_len(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines += chop_cells(word, width)
    return [Text(line) for line in lines]


def hanging(line: str, width: int) -> list[str]:
    """A line in lines of at most `width` columns, those after the first indented deeper."""
    text = line.lstrip(" ")
    indent = " " * (len(line) - len(text))
    if cell_len(line) <= width:
        return [line]
    first, *rest = [part.plain for part in wrapped(text, width - len(indent) - 2)]
    return [indent + first, *(f"{indent}  {part}" for part in rest)]
