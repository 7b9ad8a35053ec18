"""Moses' steps, and the way back."""

from __future__ import annotations

import pytest

from attncli.text.preprocess import Preprocess


@pytest.mark.parametrize(
    ("preprocess", "line"),
    [
        (Preprocess(), "Hallo, „Welt“!"),
        (Preprocess(lowercase=True), "hallo, „welt“!"),
        (Preprocess(normalize=True), 'Hallo, "Welt"!'),
        (Preprocess(tokenize=True), "Hallo , „ Welt “ !"),
        (Preprocess(normalize=True, tokenize=True, lowercase=True), 'hallo , " welt " !'),
    ],
)
def test_each_step(preprocess: Preprocess, line: str) -> None:
    assert preprocess.apply(["Hallo, „Welt“!"], "de") == [line]


def test_signs_of_markup_are_left_as_they_are() -> None:
    assert Preprocess(tokenize=True).apply(["a & b < c"], "en") == ["a & b < c"]


def test_an_empty_line_stays_a_line() -> None:
    assert Preprocess(normalize=True, tokenize=True, lowercase=True).apply(["", "a"], "en") == [
        "",
        "a",
    ]


@pytest.mark.parametrize("line", ["Hallo, Welt!", "Das ist z.B. gut."])
def test_what_was_tokenised_is_put_together(line: str) -> None:
    preprocess = Preprocess(tokenize=True)
    assert preprocess.undo(preprocess.apply([line], "de")[0], "de") == line


def test_without_tokenising_a_translation_is_left_alone() -> None:
    assert Preprocess(lowercase=True).undo("a , b", "de") == "a , b"


@pytest.mark.parametrize("language", ["en", "de", "xx"])
def test_nothing_put_together_is_nothing(language: str) -> None:
    assert Preprocess(tokenize=True).undo("", language) == ""
    assert Preprocess(tokenize=True).apply(["", " "], language) == ["", ""]
