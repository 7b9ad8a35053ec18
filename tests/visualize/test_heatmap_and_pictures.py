"""Heat maps: nothing wider than the terminal, no markup interpreted; pictures that hold words."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.cells import cell_len
from rich.console import Console

from attncli.attention_map import AttentionMap
from attncli.errors import UsageError
from attncli.visualize.heatmap import LONGEST_HEADING, heatmap, show
from attncli.visualize.pictures import save
from attncli.visualize.printable import printable

NASTY = ["[bold]x[/bold]", "\x1b[31mred", "<script>", "a\tb", "\u202egnirts", "&amp;", "$1", "\\"]


def drawn(src: list[str], tgt: list[str], seed: int = 0) -> AttentionMap:
    weights = np.random.default_rng(seed).dirichlet(np.full(len(src), 0.1), len(tgt))
    return AttentionMap(
        src=src,
        tgt=tgt,
        weights=weights[None, None],
        src_words=list(range(len(src))),
        tgt_words=list(range(len(tgt))),
        mechanism="general",
        run="demo",
    )


def text_of(entry: AttentionMap, width: int = 80, *, has_colour: bool = False) -> str:
    return "\n".join(line.plain for line in heatmap(entry, width=width, has_colour=has_colour))


def exact(src: list[str], tgt: list[str], rows: list[list[float]]) -> AttentionMap:
    return replace(drawn(src, tgt), weights=np.array(rows)[None, None])


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


SHORT = ["the", "small", "dog", "sleeps", "."]
KURZ = ["der", "kleine", "Hund", "schläft", "."]


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_a_png_is_drawn_on_white(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    save([drawn(SHORT, KURZ)], path)
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    image = pixels(path)
    assert (image[0, 0] == 255).all()
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 10


def test_a_darker_square_is_a_larger_weight(tmp_path: Path) -> None:
    def ink(weight: float) -> float:
        path = tmp_path / "map.png"
        save([exact(["a"], ["b"], [[weight]])], path)
        return float((255 - pixels(path).astype(float)).sum())

    assert ink(0.1) < ink(0.4) < ink(1.0)


def texts(path: Path) -> list[str]:
    tree = ElementTree.parse(path)
    return [node.text or "" for node in tree.iter("{http://www.w3.org/2000/svg}text")]


def test_an_svg_holds_the_words_as_text(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    words = ["漢字", "أحب", "😀", "the", "the"]
    save([drawn(words, NASTY)], path)
    found = texts(path)
    for word in ("漢字", "أحب", "😀", "general · demo", "source", "target", "weight"):
        assert word in found
    assert found.count("the") == 2
    for word in NASTY:
        assert printable(word) in found


def test_sixty_words_keep_all_their_labels(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    src = [f"source-word-{number}" for number in range(60)]
    tgt = [f"target-word-{number}" for number in range(60)]
    save([drawn(src, tgt)], path)
    assert set(src) | set(tgt) <= set(texts(path))


def test_heads_are_small_multiples_that_share_their_words(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    weights = np.random.default_rng(0).dirichlet(np.ones(5), (2, 3, 5))
    save([replace(drawn(SHORT, KURZ), weights=weights)], path)
    found = texts(path)
    assert {f"layer {i}, head {j}" for i in (1, 2) for j in (1, 2, 3)} <= set(found)
    assert found.count("Hund") == 2
    assert found.count("dog") == 3


def test_several_mechanisms_stand_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    other = replace(drawn(SHORT, KURZ[:3]), mechanism="additive")
    save([drawn(SHORT, KURZ), other], path)
    found = texts(path)
    assert {"general · demo", "additive · demo"} <= set(found)
    assert found.count("dog") == 2


def test_gold_links_and_centres_are_drawn_and_explained(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    entry = drawn(SHORT, KURZ)
    save([entry], path)
    plain = path.read_text(encoding="utf-8")
    trace = {"centre": np.array([0.0, 1.5, np.nan, 3.0, 4.0])}
    save([replace(entry, links=[(0, 0), (3, 3)], trace=trace)], path)
    marked = path.read_text(encoding="utf-8")
    assert marked.count('stroke="#d95f02"') == plain.count('stroke="#d95f02"') + 2
    assert marked.count("#7a3e9d") == plain.count("#7a3e9d") + 4
    assert "outlined: gold links, point: centre of the window, line: its reach" in texts(path)


def test_a_pdf_is_a_pdf(tmp_path: Path) -> None:
    path = tmp_path / "map.PDF"
    save([drawn(SHORT, KURZ)], path)
    assert path.read_bytes().startswith(b"%PDF-")


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\.pgn'; did you mean '\.png'\? .*\.png, \.svg, \.pdf"):
        save([drawn(SHORT, KURZ)], tmp_path / "map.pgn")
    with pytest.raises(UsageError, match="no format ''"):
        save([drawn(SHORT, KURZ)], tmp_path / "map")
    assert not list(tmp_path.iterdir())


def test_nothing_to_draw_and_nowhere_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no attention to draw"):
        save([], tmp_path / "map.png")
    with pytest.raises(UsageError, match="no attention to draw"):
        save([AttentionMap([], ["a"], np.zeros((1, 1, 1, 0)), [], [0])], tmp_path / "map.png")
    with pytest.raises(UsageError, match="there is no folder"):
        save([drawn(SHORT, KURZ)], tmp_path / "none" / "map.png")


def test_words_of_the_drawing_language_stay_words(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    words = ["if", "datum", "null", "data", "slice"]
    save([drawn(words, words)], path)
    assert all(texts(path).count(word) == 2 for word in words)
