"""The heat map in the terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from attncli.attention_map import AttentionMap
from attncli.errors import UsageError
from attncli.visualize.heatmap import LONGEST_HEADING, heatmap, show
from attncli.visualize.printable import printable
from tests.visualize.drawing import drawn, exact

NASTY = ["[bold]x[/bold]", "\x1b[31mred", "<script>", "a\tb", "\u202egnirts", "&amp;", "$1", "\\"]


def text_of(entry: AttentionMap, width: int = 80, *, has_colour: bool = False) -> str:
    return "\n".join(line.plain for line in heatmap(entry, width=width, has_colour=has_colour))


def test_a_short_sentence_is_a_table_of_percentages() -> None:
    entry = exact(["the", "dog"], ["der", "Hund"], [[0.9, 0.1], [0.004, 0.996]])
    lines = text_of(replace(entry, links=[(1, 1)])).splitlines()
    assert lines[0] == "general · demo"
    assert lines[1].split() == ["the", "dog"]
    assert lines[2].startswith(" der ")
    assert lines[2].split()[1:] == ["%", "90", ".", "10"]
    assert lines[3].split() == ["Hund", "o100"]
    assert "o: gold link" in lines[-1]
    assert "' .:-=+*#%@'" in lines[-2]


@pytest.mark.parametrize("width", [24, 40, 80, 200])
@pytest.mark.parametrize("has_colour", [True, False])
@pytest.mark.parametrize("size", [(60, 60), (3, 60), (60, 3), (1, 1), (0, 2)])
def test_no_line_is_wider_than_the_terminal(
    width: int, has_colour: bool, size: tuple[int, int]
) -> None:
    words = [
        "the",
        "Donaudampfschifffahrtsgesellschaft",
        "漢字",
        "😀",
        "👨‍👩‍👧",
        "e\u0301té",
        "אב",
        *NASTY,
    ]
    src = [words[i % len(words)] for i in range(size[0])]
    tgt = [words[(i + 3) % len(words)] for i in range(size[1])]
    entry = replace(drawn(src, tgt), mechanism="general " * 20)
    for line in heatmap(entry, width=width, has_colour=has_colour):
        assert cell_len(line.plain) <= width


def test_a_long_sentence_wraps_into_panels_that_hold_every_word() -> None:
    src = [f"s{number}" for number in range(60)]
    tgt = [f"t{number}" for number in range(50)]
    text = text_of(drawn(src, tgt))
    panels = text.count("source words ")
    assert panels >= 2
    rows = [line.split()[0] for line in text.splitlines() if line.strip().startswith("t")]
    assert all(rows.count(word) == panels for word in tgt)
    # the headings run downwards: their last digits stand on the lines above the cells
    headings = [line for line in text.splitlines() if line.split() and set(line) <= set("s ")]
    assert sum(line.count("s") for line in headings) >= 10
    assert "source words 1-" in text
    assert "-60 of 60" in text


def test_headings_stand_over_their_cells() -> None:
    src = [*"abcdefghijklmnopqrstuvwxyz"]
    entry = exact(src, [f"t{n}" for n in range(26)], np.eye(26).tolist())
    lines = text_of(entry).splitlines()
    heading = lines[1]
    for number, letter in enumerate(src):
        row = lines[2 + number]
        assert row.index("@@") == heading.index(letter)
        assert row.split()[-2:] == [letter, "100"]


def test_wide_characters_keep_the_columns_straight() -> None:
    src = ["漢字", "😀", "the"] * 7
    entry = exact(src, ["我", "x"], [[0.0] * 20 + [1.0]] * 2)
    lines = [line for line in text_of(entry, 60).splitlines() if "@@" in line]
    starts = {cell_len(line[: line.index("@@")]) for line in lines}
    assert len(starts) == 1


def test_a_sentence_is_turned_where_only_that_fits() -> None:
    text = text_of(drawn([f"s{n}" for n in range(60)], ["a", "b", "c"]))
    assert "rows: source words, columns: target words" in text
    assert "of 60" not in text


def test_pieces_of_words_are_told_from_words() -> None:
    entry = replace(drawn(["a", "b", "c"], ["x", "y", "z"]), src_words=[0, 0, 1])
    assert "rows: target words, columns: source pieces" in text_of(entry)


def test_turned_gold_links_turn_too() -> None:
    entry = replace(drawn([f"s{n}" for n in range(60)], ["a", "b"]), links=[(7, 1)])
    row = next(line for line in text_of(entry).splitlines() if line.strip().startswith("s7 "))
    assert row.index("o") > row.index("s7") + 6


def test_shortened_words_are_told_in_full() -> None:
    long = "Donaudampfschifffahrtsgesellschaft"
    text = text_of(drawn([long, *["x"] * 25], [long, *["y"] * 30]))
    assert text.count(f"{long[: LONGEST_HEADING - 1]}… = {long}") == 1
    narrow = text_of(drawn([long, *["x"] * 25], [long, *["y"] * 30]), 40)
    assert narrow.splitlines()[-3:] == [long, f"{long[: LONGEST_HEADING - 1]}… =", long]


def test_markup_and_escapes_are_shown_not_obeyed() -> None:
    file = io.StringIO()
    show(drawn(NASTY[:4], NASTY), Console(file=file, width=80, color_system=None))
    text = file.getvalue()
    assert "\x1b" not in text
    assert "\u202e" not in text
    for shown in ("[bold]x[/bold]", "␛[31mred", "<script>", "a␉b", "\\u202egnirts"):
        assert shown in text


def test_colours_only_where_the_terminal_has_them() -> None:
    for colours, is_coloured in (("truecolor", True), ("256", True), ("standard", False)):
        file = io.StringIO()
        show(
            drawn(["a", "b"], ["c"]),
            Console(file=file, width=80, force_terminal=True, color_system=colours),
        )
        assert ("\x1b[" in file.getvalue()) == is_coloured
        assert ("' .:-=+*#%@'" in file.getvalue()) != is_coloured


def test_output_into_a_pipe_is_as_wide_as_was_asked() -> None:
    file = io.StringIO()
    show(drawn(["word"] * 40, ["wort"] * 40), Console(file=file, width=70))
    assert max(map(cell_len, file.getvalue().splitlines())) <= 70


def test_several_heads_do_not_fit_one_heat_map() -> None:
    entry = replace(drawn(["a"], ["b"]), weights=np.ones((2, 4, 1, 1)))
    with pytest.raises(UsageError, match="2 layers of 4 heads"):
        heatmap(entry, width=80, has_colour=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00\n\x7f", "a␀␊␡"),
        ("\x9b31m\u2028\ud800", "\\u009b31m\\u2028\\ud800"),
        ("👨‍👩‍👧 漢字 e\u0301", "👨‍👩‍👧 漢字 e\u0301"),
        ("\u200bx\ufeff", "\\u200bx\\ufeff"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown
