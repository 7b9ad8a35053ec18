"""`attncli data`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attncli.cli.models import say
from attncli.cli.options import DataName, Src, Tgt, refuse

if TYPE_CHECKING:
    from attncli.text.embedded.grammar_summary import Summary
    from attncli.text.pair import Pair
    from attncli.text.sources import Corpus

SHOWN = 5
STEP = 10


def data(
    name: DataName = None,
    src: Src = None,
    tgt: Tgt = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the embedded corpus.")] = 1,
    write: Annotated[
        Path | None,
        typer.Option("--write", help="Write an embedded corpus into this folder as text files."),
    ] = None,
) -> None:
    """Show a corpus: the embedded one, or any that --data names."""
    from attncli.errors import UsageError
    from attncli.text.corpus import Data
    from attncli.text.embedded import documents, grammar

    writers = {"embedded": grammar.write, "embedded-documents": documents.write}
    chosen = name or "embedded"
    if write is not None and chosen not in writers:
        raise UsageError(f"--write writes an embedded corpus: --data {' or '.join(writers)}")
    corpus = Data(name=chosen, src=src or "en", tgt=tgt or "de", seed=seed).load()
    if write is not None or chosen == "embedded":
        both = "an embedded corpus is shown and written in both languages"
        refuse(both, {"--src": src, "--tgt": tgt})
    if write is not None:
        for path in writers[chosen](write, seed):
            print(path)
        return
    if chosen == "embedded":
        _embedded(grammar.summary(seed))
    else:
        _other(corpus)


def _embedded(found: Summary) -> None:
    nouns = ", ".join(f"{count} {gender}" for gender, count in found.nouns.items())
    print(f"embedded: {found.src_words} English words, {found.tgt_words} German words")
    print(f"  {sum(found.nouns.values())} nouns ({nouns}), {found.verbs} verbs")
    print(f"  separable verbs: {', '.join(found.separable_verbs)}")
    for split, size in found.sizes.items():
        crossing = f"{100 * found.crossing[split]:.0f}% with crossing links"
        print(f"{split}: {size:,} pairs, {crossing}")
        _histogram(found.lengths[split])
    print("an example of everything")
    for phenomenon, pair in found.examples.items():
        print(f"  {phenomenon}")
        _pair(pair)


def _other(corpus: Corpus) -> None:
    for file in corpus.left_out:
        say(f"left out: {file}")
    for split, pairs in (("train", corpus.train), ("valid", corpus.valid), *corpus.tests.items()):
        if pairs is None:
            continue
        lengths: Counter[int] = Counter()
        shown: list[Pair] = []
        documents, last = 0, None
        for pair in pairs:
            documents += pair.document is not None and pair.document != last
            last = pair.document
            lengths[len(pair.src.split()) // STEP * STEP] += 1
            if len(shown) < SHOWN:
                shown.append(pair)
        within = f" in {documents:,} documents" if documents else ""
        print(f"{split}: {sum(lengths.values()):,} pairs{within} from {pairs.origin}")
        _histogram(dict(sorted(lengths.items())))
        for number, pair in enumerate(shown):
            if number and pair.document != shown[number - 1].document:
                print()
            _pair(pair)


def _histogram(lengths: dict[int, int]) -> None:
    most = max(lengths.values(), default=1)
    for start, count in lengths.items():
        bar = "#" * round(40 * count / most)
        print(f"  {start:>3} to {start + STEP - 1:>3} words {count:>7,}  {bar}")


def _pair(pair: Pair) -> None:
    from attncli.text.alignment import pharaoh

    print(f"    {pair.src}")
    print(f"    {pair.tgt}")
    if pair.links:
        print(f"    {pharaoh(pair.links)}")
