"""How an alignment comes about: what the model looks at in one sentence, after every validation."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from attncli import attention_file
from attncli.errors import DataError
from attncli.experiment import Loaded
from attncli.look import CROSS, Look, forced
from attncli.run import Run
from attncli.text.documents import Past
from attncli.text.pair import Pair

FOLDER = "emergence"
FEWEST, MOST = 8, 14
"""Source words of the sentence: enough for words to change places, few enough to see it."""


class Emergence:
    """Keeps, under the number of its step, what the model looks at in a validation pair."""

    def __init__(self, loaded: Loaded, pairs: Iterable[Pair]) -> None:
        self.loaded = loaded
        self.pairs = chosen(pairs, loaded.model.previous)

    def keep(self, step: int) -> None:
        """Writes the map of the model as it is now; a model without attention leaves nothing."""
        model = self.loaded.model
        was_training = model.training
        model.eval()
        *_, looks = forced(self.loaded, self.pairs)
        model.train(was_training)
        if looks:
            folder = self.loaded.run.path / FOLDER
            folder.mkdir(exist_ok=True)
            cross = [
                Look(one.source, one.text, one.how, one.score, {CROSS: one.cross}) for one in looks
            ]
            attention_file.save([cross], folder / f"{step:09d}.npz")


def chosen(pairs: Iterable[Pair], previous: int) -> list[Pair]:
    """The first pair of middling length; where there is none, the first with words.

    It stands behind up to `previous` of those before it in its document.

    Raises:
        DataError: no pair has words on both sides.
    """
    first = None
    past: Past[Pair] = Past(previous)
    for pair in pairs:
        before = past.hear(pair, pair.document, bool(pair.src.strip()))
        if pair.src.strip() and pair.tgt.strip():
            found = [*reversed(before), pair]
            first = first or found
            if FEWEST <= len(pair.src.split()) <= MOST:
                return found
    if first is None:
        raise DataError("validation text: no pair has words on both sides")
    return first


def kept(run: Run) -> list[tuple[int, Look]]:
    """The steps of a run at which something was kept, in order, and what."""
    files: list[Path] = sorted((run.path / FOLDER).glob("*.npz"))
    return [(int(path.stem), attention_file.load(path)[0][0]) for path in files]
