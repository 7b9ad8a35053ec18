"""One translation explained word by word: where it looked, and what else it could have written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from attncli.attention_map import AttentionMap
from attncli.errors import UsageError
from attncli.experiment import Loaded, source_of
from attncli.forced import force
from attncli.objective import shifted
from attncli.pieces import membership
from attncli.search import Search
from attncli.text.pair import Pair
from attncli.translate import Translator

SCORES = "scores"


@dataclass(frozen=True)
class Looked:
    """How much a target word looked at one source word, counted from 1."""

    number: int
    word: str
    weight: float
    score: float | None  # before normalization; None where the attention shows none


@dataclass(frozen=True)
class Step:
    """One piece: how likely it was, and the other pieces that were likely there."""

    piece: str
    probability: float
    instead: list[tuple[str, float]]


@dataclass(frozen=True)
class Word:
    """One target word, counted from 1: where it looked, and the pieces that it is written in."""

    number: int
    word: str
    looked: list[Looked]  # all source words, the most looked at first
    steps: list[Step]
    places: dict[str, float]  # of the window, in source words from 1
    gates: dict[str, float]


@dataclass(frozen=True)
class Explanation:
    """A translation with the reason for each of its words."""

    source: str
    text: str
    score: float
    title: str
    words: list[Word]
    seen: AttentionMap  # in pieces


def explain(
    loaded: Loaded,
    search: Search,
    sentence: str,
    *,
    reference: str | None = None,
    instead: int = 3,
    layer: int | None = None,
    head: int | None = None,
) -> Explanation:
    """Why the model writes what it writes, or would write the reference.

    Layer and head are counted from 0; without them it is the mean.

    Raises:
        UsageError: the model has no attention, or no such layer or head.
    """
    if reference is None:
        best = Translator([loaded], search).translate([sentence], look=True)[0].hypotheses[0]
        text, score, ids, seen = best.text, best.score, best.ids, best.attention
    else:
        one = force(loaded, [Pair(sentence, reference)], look=True)[0]
        _, (ids,) = loaded.codec.encode_pairs([(sentence, reference)])
        text, score, seen = reference, one.log_prob, one.attention
    if seen is None:
        raise UsageError(f"{loaded.run.path}: this model has no attention")
    chosen = _chosen(seen, layer, head)
    steps = _steps(loaded, sentence, ids, instead)
    return Explanation(sentence, text, score, chosen.title, _words(chosen, steps), seen)


def _chosen(seen: AttentionMap, layer: int | None, head: int | None) -> AttentionMap:
    if layer is None:
        return seen.mean() if (seen.layers, seen.heads) != (1, 1) else seen
    return seen.mean(layer) if head is None else seen.head(layer, head)


@torch.inference_mode()
def _steps(loaded: Loaded, sentence: str, ids: list[int], instead: int) -> list[Step]:
    """Each piece of a translation with what else was likely in its place."""
    codec, model = loaded.codec, loaded.model
    device = next(model.parameters()).device
    source = source_of(codec.encode_source([sentence]), device)
    target = source_of([ids], device).ids
    # with `look`, since only then are given weights in force
    decoded = model(source, shifted(target), True)
    own = model.output.score(decoded, source, target).exp()
    best = model.output.best(decoded, source, instead + 1)
    likelihoods = best.log_probs[0].exp()
    steps = []
    for place, written in enumerate(ids):
        likely = zip(best.ids[0, place].tolist(), likelihoods[place].tolist(), strict=True)
        rest = [(other, share) for other, share in likely if other != written][:instead]
        piece, *pieces = codec.pieces([written, *(other for other, _ in rest)], 1, sentence)
        shares = [share for _, share in rest]
        steps.append(Step(piece, float(own[0, place]), list(zip(pieces, shares, strict=True))))
    return steps


def _words(seen: AttentionMap, steps: list[Step]) -> list[Word]:
    words = seen.words()
    weights = words.weights[0, 0]
    scores = words.trace[SCORES].reshape(weights.shape) if SCORES in words.trace else None
    groups = membership(seen.tgt_words).T
    found = []
    for row, (word, pieces) in enumerate(zip(words.tgt, groups, strict=True)):
        looked = [
            Looked(
                column + 1,
                words.src[column],
                float(weights[row, column]),
                None if scores is None else float(scores[row, column]),
            )
            for column in np.argsort(-weights[row], kind="stable").tolist()
        ]
        places = {n: float(part.reshape(-1)[row]) + 1 for n, part in words.places().items()}
        gates = {n: float(part.reshape(-1)[row]) for n, part in words.gates().items()}
        own = [steps[int(place)] for place in np.flatnonzero(pieces)]
        found.append(Word(row + 1, word, looked, own, places, gates))
    return found
