"""From the flags of a verb that looks to the sentences it looks at."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncli.cli.models import say

if TYPE_CHECKING:
    from attncli.experiment import Loaded
    from attncli.text.pair import Pair

File = Annotated[
    Path | None, typer.Option("--file", help="Every line of this file, instead of a sentence.")
]
Test = Annotated[str | None, typer.Option("--test", help="A test set, of which --line is taken.")]
Line = Annotated[int | None, typer.Option("--line", min=1, help="Which line of it, from 1.")]
Reference = Annotated[
    str | None, typer.Option("--reference", help="Look while this translation is forced.")
]
Forced = Annotated[
    bool, typer.Option("--forced", help="Force the reference of the test line, gold links and all.")
]


def one_sentence(text: str) -> str:
    """What was given as a sentence.

    Raises:
        UsageError: it is blank, or several lines.
    """
    from attncli.errors import UsageError

    if not text.strip():
        raise UsageError("an empty sentence has nothing to look at; give one in quotes")
    if len(text.splitlines()) > 1:
        raise UsageError("a sentence is one line; `attncli visualize --file FILE` takes several")
    return text


def read_sentences(
    loaded: Loaded,
    sentence: str | None,
    file: Path | None,
    test: str | None,
    line: int | None,
) -> list[Pair]:
    """The one sentence, the file's lines that are not empty, or the line of a test set.

    Before the line of a test set come those before it in its document: only the last was asked for.
    A pair's target is empty where no reference is known.

    Raises:
        UsageError: none of them is given, or more than one, or it has no words.
    """
    from attncli.errors import UsageError
    from attncli.text.corpus import Data
    from attncli.text.lines import read_lines
    from attncli.text.pair import Pair

    if [sentence, file, test].count(None) != 2:
        raise UsageError("give one: a sentence in quotes, --file FILE, or --test NAME --line N")
    if (test is None) != (line is None):
        raise UsageError("--test and --line go together: --test test --line 17")
    if test is not None and line is not None:
        return _until_line_of_test(loaded, test, line)
    lines = [one_sentence(sentence)] if sentence is not None else list(read_lines(file or Path()))
    data: Data = loaded.recipe.build("data")
    numbered = next(data.lines([lines]))
    pairs = [Pair(text, "", document=document) for text, document in numbered if text.strip()]
    if not pairs:
        raise UsageError(f"{file}: no line has words, so there is nothing to look at")
    if len(pairs) < len(lines):
        say(f"{len(lines) - len(pairs)} empty lines are left out")
    return pairs


def _until_line_of_test(loaded: Loaded, name: str, line: int) -> list[Pair]:
    from attncli.errors import UsageError, suggestion
    from attncli.text.corpus import Data

    data: Data = loaded.recipe.build("data")
    tests = data.load().tests
    if name not in tests:
        known = ", ".join(tests) or "none"
        hint = suggestion(name, tests)
        raise UsageError(f"{data.name}: no test set '{name}'{hint} (there is {known})")
    pairs = list(tests[name])
    if line > len(pairs):
        raise UsageError(f"--line {line}: {name} has {len(pairs)} lines")
    chosen = pairs[line - 1]
    if not chosen.src.strip():
        raise UsageError(f"--line {line}: that line of {name} is blank; name another")
    before = list(takewhile(lambda one: one.document == chosen.document, pairs[line - 2 :: -1]))
    return [*reversed(before if chosen.document is not None and line > 1 else []), chosen]
