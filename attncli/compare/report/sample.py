"""Sentences of a test set of which a report shows the attention, and what each run saw there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from attncli import attention_file
from attncli.compare.evaluation import FOLDER
from attncli.errors import DataError
from attncli.experiment import Loaded
from attncli.look import CROSS, Look, forced
from attncli.run import Run
from attncli.text.documents import behind_its_past
from attncli.text.pair import Pair

SHARES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.99)
"""Where the sentences stand in the order of source lengths, from the shortest to the longest."""


def sample(pairs: Sequence[Pair]) -> list[int]:
    """The numbers of some pairs from short to long, one for each of SHARES where there are enough.

    Raises:
        DataError: no pair has words on both sides.
    """
    filled = [number for number, pair in enumerate(pairs) if pair.src.strip() and pair.tgt.strip()]
    if not filled:
        raise DataError("test set: no pair has words on both sides")
    by_length = sorted(filled, key=lambda number: len(pairs[number].src.split()))
    places = dict.fromkeys(int(share * len(by_length)) for share in SHARES)
    return [by_length[place] for place in places]


def see(loaded: Loaded, test: str, pairs: Sequence[Pair]) -> list[Look | None]:
    """What a run looks at while it writes the references of the sample; kept in its folder.

    The reference is the same for all runs, so that their rows can be held against each other.
    None for a model without attention.
    """
    chosen = [pairs[number] for number in sample(pairs)]
    path = _file(loaded.run, test, chosen)
    if not path.is_file():
        looks = [
            [Look(one.source, one.text, one.how, one.score, {CROSS: one.cross}) for one in each]
            for each in (forced(loaded, behind)[-1] for behind in _behind(loaded, pairs))
        ]
        path.parent.mkdir(exist_ok=True)
        attention_file.save(looks, path)
    return seen(loaded.run, test, pairs)


def _behind(loaded: Loaded, pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Each pair of the sample behind what the model reads before it."""
    previous = loaded.model.previous
    return [behind_its_past(pairs, number, previous) for number in sample(pairs)]


def is_seen(run: Run, test: str, pairs: Sequence[Pair]) -> bool:
    """Whether `see` kept something of this model on these pairs."""
    return _file(run, test, [pairs[number] for number in sample(pairs)]).is_file()


def seen(run: Run, test: str, pairs: Sequence[Pair]) -> list[Look | None]:
    """What `see` kept for a run.

    Raises:
        DataError: nothing was kept.
    """
    path = _file(run, test, [pairs[number] for number in sample(pairs)])
    return [each[0] if each else None for each in attention_file.load(path)]


def _file(run: Run, test: str, chosen: Sequence[Pair]) -> Path:
    facts = repr([run.digest(), [tuple(pair) for pair in chosen]])
    digest = hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return run.path / FOLDER / f"looks-{test}-{digest}.npz"
