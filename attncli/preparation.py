"""From a recipe's text to ids on disk, once for each run, with a report of what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from attncli.errors import DataError
from attncli.progress import Reporter
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.text.codec import Codec
from attncli.text.corpus import Corpus, Data
from attncli.text.pair import Pair
from attncli.text.report import DataReport
from attncli.text.sources import Split
from attncli.text.store import Kept, Store, write_store
from attncli.text.subword import Subword


class Prepared(NamedTuple):
    """What training reads."""

    codec: Codec
    train: Store
    valid: Store
    references: list[str]  # the targets of the validation pairs


def prepare(recipe: Recipe, run: Run, say: Callable[[str], None]) -> Prepared:
    """Trains the codec and tokenises; what a run already has is taken as it is.

    Raises:
        DataError: there is no training or validation text, or none of it can train.
    """
    data: Data = recipe.build("data")
    corpus = data.load()
    train, valid = _needed(corpus, data)
    folder = run.path / "data"
    if not (run.codec / "codec.json").is_file():
        subword: Subword = recipe.build("subword")
        codec = subword.train(train, recipe.build("preprocess"), (data.src, data.tgt))
        codec.save(run.codec)
        sides = f"{codec.src.size:,}" + ("" if subword.joint else f" and {codec.tgt.size:,}")
        say(f"{subword.kind} pieces: {sides}{', shared' if subword.joint else ''}")
    codec = Codec.load(run.codec)
    if not (folder / "train" / "store.json").is_file():
        report = DataReport(data.max_length)
        for split in (valid, *corpus.tests.values()):
            report.hold_out(split)
        with Reporter("preparing text", 0) as reporter:
            write_store(folder / "train", report.watch(train), codec, reporter.advance)
            write_store(folder / "valid", _all(valid), codec, reporter.advance)
        for line in report.lines():
            say(line)
    stores = Store(folder / "train"), Store(folder / "valid")
    if not len(stores[0].kept):
        raise DataError(f"{train.origin}: no pair can train; see data.max_length")
    references = [pair.tgt for pair in valid]
    return Prepared(codec, *stores, references)


def _needed(corpus: Corpus, data: Data) -> tuple[Split, Split]:
    parts = []
    for name, split in (("train", corpus.train), ("valid", corpus.valid)):
        if split is None or next(iter(split), None) is None:
            raise DataError(f"{data.name}: no {name} pairs (set data.{name} to a file)")
        parts.append(split)
    return parts[0], parts[1]


def _all(pairs: Split) -> Iterator[Kept]:
    for pair in pairs:
        yield Kept(pair, bool(pair.src.strip() and pair.tgt.strip()))


def first(pairs: Split, count: int) -> list[Pair]:
    """The first pairs of a split; 0 takes all."""
    return list(islice(pairs, count or None))
