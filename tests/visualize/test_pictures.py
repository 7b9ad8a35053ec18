"""Pictures in files."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attncli.attention_map import AttentionMap
from attncli.errors import UsageError
from attncli.visualize.pictures import save
from attncli.visualize.printable import printable
from tests.visualize.drawing import KURZ, SHORT, drawn, exact

NASTY = ["[bold]x[/bold]", "\x1b[31mred", "<script>", "a\tb", "\u202egnirts", "&amp;", "$1", "\\"]


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
