"""`attncli explain`."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncli.cli.models import open_models, search_of
from attncli.cli.options import Beam, Device, OneRun, Root, Sets, State, Threads, refuse
from attncli.cli.sentences import Reference, one_sentence

if TYPE_CHECKING:
    from attncli.explain import Explanation, Step, Word

INDENT = "     "


def explain(
    sentence: Annotated[str, typer.Argument(help="A source sentence.")],
    reference: Reference = None,
    force: Annotated[
        list[str] | None,
        typer.Option(
            "--force",
            metavar="N=WORD",
            help="What if target word N looked at this source word (3=dog, 3=2) or none (3=)?",
        ),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", min=1, help="How many positions and alternatives.")
    ] = 3,
    layer: Annotated[
        int | None, typer.Option("--layer", min=1, help="A layer; without it the mean of all.")
    ] = None,
    head: Annotated[int | None, typer.Option("--head", min=1, help="A head of that layer.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
    run: OneRun = None,
    runs: Root = Path("runs"),
    checkpoint: State = "",
    beam: Beam = None,
    device: Device = "cpu",
    threads: Threads = 0,
    sets: Sets = None,
) -> None:
    """Explain a translation word by word; ask what it were had it looked elsewhere."""
    from attncli.errors import UsageError
    from attncli.explain import explain as explained
    from attncli.explain import explain_forced, read_force

    one_sentence(sentence)
    if head is not None and layer is None:
        raise UsageError("--head chooses within a layer; give --layer too")
    if force and reference is not None:
        raise UsageError("--force decodes again: leave out --reference")
    if reference is not None:
        refuse("a forced translation is not searched", {"--beam": beam, "--set": sets})
    (model,) = open_models([run] if run else None, runs, checkpoint, device, threads)
    search = search_of(model, sets, {"beam": beam})
    at = (None if layer is None else layer - 1, None if head is None else head - 1)
    before = explained(
        model, search, sentence, reference=reference, instead=top, layer=at[0], head=at[1]
    )
    forces = [read_force(text, before) for text in force or []]
    twice = [one for one, count in Counter(one.target for one in forces).items() if count > 1]
    if twice:
        raise UsageError(f"--force: target word {twice[0]} is forced twice; give one place")
    after = None
    if forces:
        after = explain_forced(model, search, before, forces, instead=top, layer=at[0], head=at[1])
    if as_json:
        facts = _plain(before) | ({"forced": force, "after": _plain(after)} if after else {})
        print(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    _print(_lines(before, top))
    if after is not None:
        _print(["", f"what if {', '.join(force or [])}"])
        _print(_changed(before, after, {one.target for one in forces}, top))


def _print(lines: Iterable[str]) -> None:
    """Lines as they are into a pipe, and wrapped to the width of a terminal."""
    from attncli.visualize.fitting import hanging

    width = shutil.get_terminal_size().columns
    for line in lines:
        print("\n".join(hanging(line, width) if sys.stdout.isatty() else [line]))


def _lines(one: Explanation, top: int) -> Iterator[str]:
    from attncli.visualize.printable import printable

    yield printable(one.title)
    yield printable(one.source)
    yield f"{printable(one.text)}  ({one.score:.2f})"
    for word in one.words:
        yield ""
        yield from _word_lines(word, top)


def _word_lines(word: Word, top: int) -> Iterator[str]:
    from attncli.visualize.printable import printable

    share = math.prod(step.probability for step in word.steps)
    yield f"{word.number:>3}  {printable(word.word)}  {_percent(share)}"
    looked = [
        f"{one.number} {printable(one.word)} {_percent(one.weight)}"
        + ("" if one.score is None else f" (score {one.score:.2f})")
        for one in word.looked[:top]
    ]
    is_blind = all(one.weight == 0 for one in word.looked)
    yield f"{INDENT}looked at  {'nothing' if is_blind else ', '.join(looked)}"
    for step in word.steps:
        of = f" of {printable(step.piece)}" if len(word.steps) > 1 else ""
        yield f"{INDENT}instead{of}  {_instead(step)}"
    for title, numbers in (("window", word.places), ("shown", word.gates)):
        if numbers:
            said = ", ".join(f"{name} {value:.2f}" for name, value in numbers.items())
            yield f"{INDENT}{title}  {said}"


def _instead(step: Step) -> str:
    from attncli.visualize.printable import printable

    return ", ".join(f"{printable(piece)} {_percent(share)}" for piece, share in step.instead)


def _changed(before: Explanation, after: Explanation, at: set[int], top: int) -> Iterator[str]:
    from attncli.visualize.printable import printable

    yield f"  before  {printable(before.text)}  ({before.score:.2f})"
    yield f"  after   {printable(after.text)}  ({after.score:.2f})"
    if before.text == after.text:
        yield "  the translation stays the same"
    for word in after.words:
        if word.number in at:
            yield ""
            yield from _word_lines(word, top)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _plain(one: Explanation | None) -> dict[str, object]:
    from dataclasses import asdict

    if one is None:
        return {}
    words = [asdict(word) for word in one.words]
    facts = {"title": one.title, "source": one.source, "text": one.text, "score": one.score}
    return {**facts, "words": words}
