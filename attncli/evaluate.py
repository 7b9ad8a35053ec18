"""How good a model is on a test set: translations scored, references forced, links compared."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from attncli.attention_map import CENTRE, AttentionMap
from attncli.diagnostics import Diagnosis, Look, Tally
from attncli.experiment import Loaded
from attncli.forced import force, perplexity
from attncli.kept_words import KeptWords, kept_words
from attncli.metrics import Bucket, Score, Scorer
from attncli.pieces import NO_WORD, Reading
from attncli.text.alignment import AlignmentScore, alignment_score, best_links
from attncli.text.gold import Gold
from attncli.text.pair import Pair
from attncli.translate import Translation, Translator

READINGS: tuple[Reading, Reading] = ("output", "input")


@dataclass(frozen=True)
class Head:
    """Which attention of a model aligns: one layer and head, or the mean of all (None)."""

    layer: int | None
    head: int | None

    def __str__(self) -> str:
        if self.layer is None:
            return "mean of all heads"
        return f"layer {self.layer + 1} head {(self.head or 0) + 1}"

    def of(self, entry: AttentionMap) -> AttentionMap:
        """That part of a map, as a map of one head."""
        if self.layer is None or self.head is None:
            return entry.mean()
        return entry.head(self.layer, self.head)


@dataclass(frozen=True)
class Aligned:
    """Alignment error under both readings of a row of weights."""

    head: str
    output: AlignmentScore
    input: AlignmentScore
    left_out: int = 0  # sentences whose words cannot be followed through preprocessing


@dataclass(frozen=True)
class Evaluation:
    """All figures of one test set."""

    test: str
    sentences: int
    scores: list[Score]
    by_length: list[Bucket]
    perplexity: float | None = None  # of a piece
    word_perplexity: float | None = None
    alignment: Aligned | None = None
    attention: Diagnosis | None = None  # None where the model has none
    seconds: float | None = None  # of decoding
    cut: int = 0  # translations as long as the length limit allows
    exact: int = 0  # translations that are the reference, word for word
    kept: KeptWords | None = None  # None where the vocabulary lacks nothing that is to be kept

    @property
    def entropy(self) -> float | None:
        """Of the attention, in nats, mean over layers and heads."""
        return self.attention.means()["entropy"] if self.attention else None

    @property
    def entropy_share(self) -> float | None:
        """The same as a share of an even spread's."""
        return self.attention.means()["entropy_share"] if self.attention else None

    def plain(self) -> dict[str, object]:
        """The figures as JSON holds them."""
        found = asdict(replace(self, attention=None))
        return found | {"attention": self.attention.plain() if self.attention else None}


def score_texts(
    test: str, hypotheses: Sequence[str], pairs: Sequence[Pair], scorer: Scorer, metrics: list[str]
) -> Evaluation:
    """The figures that need no model; blank pairs between documents are no sentences."""
    blank = {number for number, pair in enumerate(pairs) if pair.blank}
    texts = [text for number, text in enumerate(hypotheses) if number not in blank]
    sentences = [pair for pair in pairs if not pair.blank]
    references = [pair.tgt for pair in sentences]
    scores = scorer.score(texts, references, metrics)
    lengths = [len(pair.src.split()) for pair in sentences]
    exact = sum(a.split() == b.split() for a, b in zip(texts, references, strict=True))
    by_length = scorer.by_length(texts, references, lengths)
    return Evaluation(test, len(sentences), scores, by_length, exact=exact)


def evaluate(
    translator: Translator,
    loaded: Loaded,
    test: str,
    pairs: Sequence[Pair],
    scorer: Scorer,
    metrics: list[str],
    head: Head,
) -> tuple[Evaluation, list[Translation]]:
    """Translates a test set and measures everything that can be measured on it."""
    begun = time.monotonic()
    documents = [pair.document for pair in pairs]
    translations = translator.translate([pair.src for pair in pairs], documents=documents)
    seconds = time.monotonic() - begun
    found = score_texts(test, [one.text for one in translations], pairs, scorer, metrics)
    sentences = [pair for pair in pairs if not pair.blank]
    forced = force(loaded, sentences, look=True)
    per_piece, per_word = perplexity(forced)
    maps = [one.attention for one in forced if one.attention is not None]
    return (
        Evaluation(
            test,
            len(sentences),
            found.scores,
            found.by_length,
            per_piece,
            per_word,
            aligned(maps, sentences, head),
            diagnose(maps),
            seconds,
            sum(one.hypotheses[0].cut for one in translations),
            found.exact,
            kept_words(loaded.codec, pairs, [one.text for one in translations]),
        ),
        translations,
    )


def diagnose(maps: Sequence[AttentionMap]) -> Diagnosis | None:
    """How the attention of these maps looks, whatever head aligns."""
    tally = Tally()
    for entry in maps:
        written = np.asarray(entry.tgt_words, int) != NO_WORD
        end = np.asarray(entry.src_words, int) == NO_WORD
        centre = entry.trace.get(CENTRE)
        moves = None if centre is None else centre[..., written]
        tally.add(Look(entry.weights[:, :, written], end, moves))
    return tally.diagnosis()


def aligned(maps: Sequence[AttentionMap], pairs: Sequence[Pair], head: Head) -> Aligned | None:
    """Alignment error of one head against gold links; None without weights or without gold."""
    if not maps or any(pair.links is None for pair in pairs):
        return None
    gold, chosen = [], []
    for entry, pair in zip(maps, pairs, strict=True):
        if entry.links is not None and pair.links is not None:
            gold.append(Gold.of(pair.links, pair.possible))
            chosen.append(head.of(entry))
    if not gold:
        return None
    output, read = (
        alignment_score([best_links(one.word_matrix(reading)[0, 0]) for one in chosen], gold)
        for reading in READINGS
    )
    return Aligned(str(head), output, read, len(pairs) - len(gold))


def choose_head(loaded: Loaded, pairs: Sequence[Pair]) -> Head:
    """The layer and head with the least alignment error on these (validation) pairs.

    Where they have no gold links, or the model has one head only, nothing is to be chosen.
    """
    mean = Head(None, None)
    if not pairs or any(pair.links is None for pair in pairs):
        return mean
    forced = force(loaded, pairs, look=True)
    maps = [one.attention for one in forced if one.attention is not None]
    if not maps or maps[0].weights.shape[:2] == (1, 1):
        return mean
    layers, heads = maps[0].weights.shape[:2]
    each = [Head(layer, head) for layer in range(layers) for head in range(heads)]
    errors = {}
    for head in (mean, *each):
        found = aligned(maps, pairs, head)
        if found is None:
            return mean
        errors[head] = min(found.output.aer, found.input.aer)
    return min(errors, key=lambda head: errors[head])
