"""From a recipe's text to ids on disk, once for each run, with a report of what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from attncli.errors import DataError
from attncli.progress import Reporter
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.text.codec import Codec
from attncli.text.corpus import Data
from attncli.text.fingerprint import Fingerprint, fingerprint
from attncli.text.pair import Pair
from attncli.text.report import DataReport
from attncli.text.sampled import SampledStore
from attncli.text.sources import Corpus, Split
from attncli.text.store import Store, write_store
from attncli.text.subword import LINES, Subword
from attncli.text.tokenise import Kept
from attncli.text.workers import apart

MUCH = 50_000  # pairs


class Prepared(NamedTuple):
    """What training reads."""

    codec: Codec
    train: Store
    valid: Store
    pairs: list[Pair]  # the text of the validation pairs


def prepare(recipe: Recipe, run: Run, say: Callable[[str], None], workers: int = 1) -> Prepared:
    """Trains the codec and tokenises; what a run already has is taken as it is.

    Much text is prepared in processes of their own, of which `workers` tokenise: the result is the
    same, and what they needed of memory is free again before training.

    Raises:
        DataError: there is no training or validation text, or none of it can train.
    """
    data: Data = recipe.build("data")
    corpus = data.load()
    train, valid = _needed(corpus, data)
    for file in corpus.left_out:
        say(f"left out: {file}")
    folder = run.path / "data"
    folder.mkdir(exist_ok=True)
    size = train.size()
    is_much = size > MUCH
    subword: Subword = recipe.build("subword")
    if not (run.codec / "codec.json").is_file():
        learn = partial(
            subword.train, preprocess=recipe.build("preprocess"), languages=(data.src, data.tgt)
        )
        if is_much:
            say(f"{subword.kind} pieces: learning them from {min(size, LINES):,} pairs")
        codec = apart(learn, train) if is_much else learn(train)
        codec.save(run.codec)
        sides = f"{codec.src.size:,}" + ("" if subword.joint else f" and {codec.tgt.size:,}")
        say(f"{subword.kind} pieces: {sides}{', shared' if subword.joint else ''}")
    codec = Codec.load(run.codec)
    if not (folder / "train" / "store.json").is_file():
        report = DataReport(data.max_length, folder)
        for split in (valid, *corpus.tests.values()):
            report.hold_out(split)
        prints = {"train": Fingerprint(), "valid": Fingerprint()}
        with Reporter("preparing text", size and size + valid.size()) as reporter:
            # training text comes last: where it stands, the other stands too
            stores = [
                write_store(
                    folder / "valid", _all(prints["valid"].watch(valid)), codec, reporter.advance
                ),
                write_store(
                    folder / "train",
                    report.watch(prints["train"].watch(train)),
                    codec,
                    reporter.advance,
                    workers if is_much else 1,
                ),
            ]
        run.note({"data": {part: found.digest() for part, found in prints.items()}})
        for line in [*report.lines(), *_losses(reversed(stores))]:
            say(line)
    trains = _training_store(folder / "train", codec, subword)
    if not len(trains.kept):
        raise DataError(f"{train.origin}: no pair can train; see data.max_length")
    validates, pairs = Store(folder / "valid"), list(valid)
    known = run.facts().get("data")
    if isinstance(known, dict) and fingerprint(pairs) != known["valid"]:
        raise DataError(
            f"{valid.origin}: other text than when this run was prepared ({len(pairs):,} pairs "
            f"now, {len(validates):,} then); put the old text back, or start a new run"
        )
    return Prepared(codec, trains, validates, pairs)


def _training_store(folder: Path, codec: Codec, subword: Subword) -> Store:
    return (
        SampledStore(folder, codec, subword.samplers(codec)) if subword.sampling else Store(folder)
    )


def _losses(stores: Iterable[Store]) -> Iterator[str]:
    """What of the text the ids cannot tell."""
    for store in stores:
        name, facts = store.folder.name, store.facts
        share = facts["unknown"] / max(1, facts["pieces"])
        yield f"  unknown pieces in {name}: {facts['unknown']:,} ({share:.2%})"
        if facts["unlinked"]:
            yield (
                f"  gold links left out in {name}: of {facts['unlinked']:,} pairs, whose words "
                "cannot be followed through preprocessing"
            )


def _needed(corpus: Corpus, data: Data) -> tuple[Split, Split]:
    parts = []
    for name, split in (("train", corpus.train), ("valid", corpus.valid)):
        if split is None:
            raise DataError(f"{data.name}: no {name} pairs (add {name}.*, or set data.{name})")
        if next(iter(split), None) is None:
            raise DataError(f"{split.origin}: no pairs in it")
        parts.append(split)
    return parts[0], parts[1]


def _all(pairs: Iterable[Pair]) -> Iterator[Kept]:
    for pair in pairs:
        yield Kept(pair, bool(pair.src.strip() and pair.tgt.strip()))


def first(pairs: Split, count: int) -> list[Pair]:
    """The first pairs of a split; 0 takes all."""
    return list(islice(pairs, count or None))
