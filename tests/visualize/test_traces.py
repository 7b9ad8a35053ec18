"""Windows and gates beside the weights, in the terminal and in pictures; and reading directions."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attncli.attention_map import AttentionMap
from attncli.visualize.direction import is_right_to_left
from attncli.visualize.fitting import hanging
from attncli.visualize.heatmap import heatmap
from attncli.visualize.pictures import save

SEEN = AttentionMap(
    src=["the", "dog", "barks"],
    tgt=["der", "Hund"],
    weights=np.array([[[[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]]]]),
    src_words=[0, 1, 2],
    tgt_words=[0, 1],
    links=[(1, 1)],
    trace={
        "centre": np.array([[[0.2, 1.4]]]),
        "begin": np.array([[[-0.8, 0.4]]]),
        "end": np.array([[[1.2, 2.4]]]),
        "gate": np.array([0.25, 0.75]),
    },
)


def lines(entry: AttentionMap, width: int) -> list[str]:
    return [line.plain for line in heatmap(entry, width=width, has_colour=False)]


def test_the_terminal_marks_centres_and_tells_windows_and_gates() -> None:
    drawn = lines(SEEN, 80)
    assert [line.count("^") for line in drawn[1:3]] == [1, 1]
    assert drawn[1].index("^") < drawn[2].index("^")
    assert "o^" in drawn[2]
    assert drawn[-2].endswith("from 1: der 1.2 (0.2 to 2.2), Hund 2.4 (1.4 to 3.4)")
    assert drawn[-1] == "gate: der 0.25, Hund 0.75"
    assert "^: centre of the window" in " ".join(drawn)


@pytest.mark.parametrize("width", [24, 40])
def test_narrow_terminals_wrap_what_is_told(width: int) -> None:
    drawn = lines(replace(SEEN, tgt=["der", "Hund" * 9]), width)
    assert max(map(len, drawn)) <= width
    assert "0.75" in drawn[-1]


def test_without_traces_nothing_is_told() -> None:
    drawn = lines(replace(SEEN, trace={}), 80)
    assert "window" not in "".join(drawn)
    assert drawn[-1].startswith("rows: ")


def places(path: Path, words: list[str]) -> list[float]:
    """Where labels stand from left to right."""
    text = path.read_text(encoding="utf-8")
    found = [re.search(rf"translate\(([\d.]+),[^>]*>{word}<", text) for word in words]
    return [float(match[1]) for match in found if match]


def test_a_picture_has_a_column_for_each_gate(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    save([SEEN], path)
    assert "gate" in path.read_text(encoding="utf-8")
    x = places(path, ["the", "barks", "gate"])
    assert x == sorted(x)
    assert len(x) == 3


def test_a_picture_of_a_source_from_right_to_left_is_turned(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    save([replace(SEEN, src=["القطة", "تنام", "."])], path)
    first, second = places(path, ["القطة", "تنام"])
    assert first > second


@pytest.mark.parametrize(
    ("text", "is_backward"),
    [
        ("dog", False),
        ("", False),
        ("12 .", False),
        ("القطة", True),
        ("«שלום»", True),
        ("<s> ▁שלום", True),
        ("<unk> שלום </s>", True),
        ("猫", False),
    ],
)
def test_the_first_letter_gives_the_direction(text: str, is_backward: bool) -> None:
    assert is_right_to_left(text) == is_backward


def test_what_follows_a_broken_line_hangs() -> None:
    assert hanging("   looked at  1 the, 2 dog", 40) == ["   looked at  1 the, 2 dog"]
    assert hanging("   looked at  1 the, 2 dog", 20) == ["   looked at  1", "     the, 2 dog"]
    assert max(map(len, hanging("  " + "word " * 30, 30))) <= 30
