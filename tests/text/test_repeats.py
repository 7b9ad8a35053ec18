"""Lines that repeat an earlier one: all are found, in however many parts they are looked for."""

from __future__ import annotations

import pytest

from attncli.text import repeats
from attncli.text.repeats import Repeated, Repeats, code


@pytest.mark.parametrize("part", [3, 10, 1000])
def test_all_are_found(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "PART", part)
    texts = [str(number * number % 37) for number in range(200)]
    expected = [line for line, text in enumerate(texts, 1) if text in texts[: line - 1]]
    with Repeats() as seen:
        for text in texts:
            seen.add(code(text))
        assert seen.find(4) == Repeated(len(expected), expected[:4])
        assert seen.find(0) == Repeated(len(expected), [])


def test_nothing_repeats_in_nothing() -> None:
    with Repeats() as seen:
        assert seen.find(5) == Repeated(0, [])
