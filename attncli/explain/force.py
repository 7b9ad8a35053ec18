"""What if: a sentence decoded again while some target words are made to look elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from attncli.errors import UsageError, suggestion
from attncli.experiment import Loaded
from attncli.explain.explanation import Explanation, explain
from attncli.explain.steering import steered
from attncli.pieces import membership
from attncli.search import Search


@dataclass(frozen=True)
class Force:
    """A target word, and the source word that it is made to look at; None: at nothing.

    Both are counted from 1.
    """

    target: int
    source: int | None


def explain_forced(
    loaded: Loaded,
    search: Search,
    before: Explanation,
    forces: Sequence[Force],
    *,
    instead: int = 3,
    layer: int | None = None,
    head: int | None = None,
) -> Explanation:
    """The sentence decoded again, with attention forced where `before` wrote the words named.

    A word of several source pieces is looked at evenly; every layer and head is forced.
    """
    src, tgt = membership(before.seen.src_words), membership(before.seen.tgt_words)
    given = {}
    for one in forces:
        weights = np.zeros(len(src))
        if one.source is not None:
            weights = src[:, one.source - 1] / src[:, one.source - 1].sum()
        for position in np.flatnonzero(tgt[:, one.target - 1]):
            given[int(position)] = torch.from_numpy(weights)
    with steered(loaded.model, given):
        return explain(loaded, search, before.source, instead=instead, layer=layer, head=head)


def read_force(text: str, before: Explanation) -> Force:
    """Reads `3=dog`, `3=2` or `3=` (nothing): target word 3 looks at that source word.

    Raises:
        UsageError: another form, or no such word, with those that exist.
    """
    number, equals, word = text.partition("=")
    words = before.seen.words()
    if not equals or not number.strip().isdecimal():
        raise UsageError(f"--force {text}: write 3=dog, 3=2, or 3= for nothing")
    if not 1 <= int(number) <= len(words.tgt):
        raise UsageError(
            f"--force {text}: there is no target word {number}; there are {_numbered(words.tgt)}"
        )
    word = word.strip()
    if not word:
        return Force(int(number), None)
    places = [at for at, known in enumerate(words.src, 1) if known == word]
    if len(places) > 1:
        at = " and ".join(map(str, places))
        raise UsageError(f"--force {text}: '{word}' stands at {at}; give the number instead")
    if places:
        return Force(int(number), places[0])
    if word.isdecimal() and 1 <= int(word) <= len(words.src):
        return Force(int(number), int(word))
    hint = suggestion(word, words.src)
    raise UsageError(
        f"--force {text}: no source word '{word}'{hint}; there are {_numbered(words.src)}"
    )


def _numbered(words: Sequence[str]) -> str:
    return ", ".join(f"{number} {word}" for number, word in enumerate(words, 1))
